/** `configmapfs run`: prepares the namespace and starts the driver first, because they take longest; then the rest. */

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
 * Ends this process with the application's exit status, and leaves the terminal as the application left it.
 * Errors: ConfigMapFsError if the application was never started.
 */
export async function runCommand(context: CliContext): Promise<number> {
	exitImmediately(await runToStatus(context));
}

async function runToStatus(context: CliContext): Promise<number> {
	const line = readRunLine(context.args, context.cwd);
	refuseLostBytes();
	if (line.rootDir === undefined && needsUserNamespace()) reexecInUserNamespace({ mapRoot: line.mapRoot });
	// Descriptors that are open now belong to the application, so this comes before any other is opened.
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

/** Node decodes arguments as UTF-8, so other bytes would be changed silently on their way to the application. */
function refuseLostBytes(): void {
	const lost = ownCommandLine().find((word) => !isUtf8(word));
	if (lost === undefined) return;
	const text = `the argument "${lost}" is not UTF-8 and cannot be passed on; put it into a script`;
	throw new ConfigMapFsError('USAGE', text);
}
