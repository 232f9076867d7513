/**
 * `configmapfs run`: flags in, one application until it ends, its exit status out.
 */

import { isatty } from 'node:tty';
import { makeDriver } from '../mount/driver-choice.js';
import { setProcessName } from '../native/libc.js';
import { withFsGroup } from '../pod/fs-group.js';
import type { Inheritance } from '../run/application/inheritance.js';
import { takeInheritance } from '../run/application/inheritance.js';
import { readCaller } from '../run/caller.js';
import { enterBaseNamespace } from '../run/namespace/base-namespace.js';
import { needsUserNamespace, reexecInUserNamespace } from '../run/namespace/user-namespace.js';
import type { Placement } from '../run/placement.js';
import { RootDirectory } from '../run/root-directory.js';
import { RunSession } from '../run/run-session.js';
import { SaidOnce } from '../run/said-once.js';
import { localSurroundings } from '../run/surroundings.js';
import { type CliContext, runtimeEnvironment } from './context.js';
import { makeLogger, openLogSink } from './logger.js';
import { podSources } from './pod-sources.js';
import { type RunLine, readRunLine } from './run-flags.js';

/** Runs the command; returns the application's exit status. Errors: ConfigMapFsError when it was never started. */
export async function runCommand(context: CliContext): Promise<number> {
	const line = readRunLine(context.args, context.cwd);
	if (line.rootDir === undefined && needsUserNamespace()) reexecInUserNamespace({ mapRoot: line.mapRoot });
	// Before anything is opened: what is open now is for the application.
	const inheritance = takeInheritance();
	setProcessName('configmapfs');
	const environment = runtimeEnvironment(context.env);
	const placement =
		line.rootDir === undefined ? enterBaseNamespace(environment) : new RootDirectory(line.rootDir, environment);
	try {
		return await runApplication(line, context, { inheritance, placement });
	} finally {
		placement.close();
	}
}

async function runApplication(
	line: RunLine,
	context: CliContext,
	own: { readonly inheritance: Inheritance; readonly placement: Placement },
): Promise<number> {
	const { inheritance, placement } = own;
	const isTerminal = isatty(2);
	const noColor = (context.env.NO_COLOR ?? '') !== '';
	const log = await makeLogger(
		{ level: line.logLevel, format: line.logFormat, file: line.logFile, isTerminal, noColor },
		openLogSink(line.logFile),
	);
	const caller = readCaller();
	const now = () => new Date();
	const { readsStdin, ...sources } = await podSources(line.pod, context, log);
	const session = new RunSession({
		...sources,
		workload: line.pod.workload,
		container: line.pod.container,
		namespace: line.pod.namespace,
		waitTimeoutMs: line.waitTimeoutMs,
		stdin: readsStdin ? 'ignore' : 'inherit',
		inheritance,
		makeListener: () => ({ volumeChanged() {}, environmentChanged() {}, started() {}, close() {} }),
		log,
		setup: {
			command: line.command,
			keepArgs: line.keepArgs,
			envInherit: line.envInherit,
			strictEnvNames: line.strictEnvNames,
			allowHostPath: line.allowHostPath,
			localVolumes: line.localVolumes,
			liveSubPaths: line.liveSubPaths,
			retention: { snapshotGraceMs: line.snapshotGraceMs, history: 1 },
			caller,
			callerEnvironment: context.env,
			cwd: context.cwd,
			surroundings: localSurroundings(),
			placement,
			makeDriver: (mountPoint, group) =>
				makeDriver({
					choice: line.driver,
					mountPoint,
					allowOther: false,
					owner: {},
					rootMode: 0o755,
					caller,
					runtime: placement.environment,
					// Through fusermount3 the group decides who may read, and is chosen for that.
					adapt: withFsGroup(line.rootDir === undefined || caller.uid === 0 ? group : undefined),
					now,
					trace: line.logLevel === 'trace',
				}),
			now,
			log,
			said: new SaidOnce(log),
		},
	});
	return await session.run();
}
