/**
 * `configmapfs run`: the place and the driver first, because they take their time; then everything else.
 */

import { isUtf8 } from 'node:buffer';
import { ConfigMapFsError } from '../../base/errors.js';
import { setProcessName } from '../../native/libc.js';
import { exitImmediately } from '../../native/process.js';
import { ownCommandLine } from '../../native/replace-process.js';
import { readCaller } from '../../run/application/credentials.js';
import { EarlySignals } from '../../run/application/early-signals.js';
import { takeInheritance } from '../../run/application/inheritance.js';
import { enterBaseNamespace } from '../../run/placement/namespace/base-namespace.js';
import { needsUserNamespace, reexecInUserNamespace } from '../../run/placement/namespace/user-namespace.js';
import { RootDirectory } from '../../run/placement/root-directory.js';
import { RunDriver } from '../../run/run-driver.js';
import { type CliContext, runtimeEnvironment } from '../context.js';
import { readRunLine } from '../flags/run-flags.js';

/**
 * Runs the command; ends this process with the application's exit status, and leaves the terminal as the application did.
 * Errors: ConfigMapFsError when it was never started.
 */
export async function runCommand(context: CliContext): Promise<number> {
	exitImmediately(await runToStatus(context));
}

async function runToStatus(context: CliContext): Promise<number> {
	const line = readRunLine(context.args, context.cwd);
	refuseLostBytes();
	if (line.rootDir === undefined && needsUserNamespace()) reexecInUserNamespace({ mapRoot: line.mapRoot });
	// Before anything is opened: what is open now is for the application.
	const inheritance = takeInheritance();
	const earlySignals = new EarlySignals();
	setProcessName('configmapfs');
	const environment = runtimeEnvironment(context.env);
	const placement =
		line.rootDir === undefined ? enterBaseNamespace(environment) : new RootDirectory(line.rootDir, environment);
	let driver: RunDriver | undefined;
	try {
		const caller = readCaller();
		driver = new RunDriver({
			choice: line.driver,
			placement,
			caller,
			choosesGroup: line.rootDir !== undefined && caller.uid !== 0,
			trace: line.logLevel === 'trace',
		});
		const { runApplication } = await import('./run-application.js');
		return await runApplication(line, context, { inheritance, earlySignals, placement, caller, driver });
	} finally {
		await driver?.close();
		placement.close();
		earlySignals.take();
	}
}

/** Node reads arguments as UTF-8 and hands them on as UTF-8, so that other bytes would silently become others. */
function refuseLostBytes(): void {
	const lost = ownCommandLine().find((word) => !isUtf8(word));
	if (lost === undefined) return;
	const text = `the argument "${lost}" is not UTF-8, so it cannot be handed on; put it into a script`;
	throw new ConfigMapFsError('USAGE', text);
}
