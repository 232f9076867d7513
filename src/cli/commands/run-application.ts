/** The application of `configmapfs run`, from its flags to its end. */

import { isatty } from 'node:tty';
import { readGivenVariables } from '../../inputs/given-variables.js';
import { openPodSources } from '../../inputs/pod-sources.js';
import type { RunCaller } from '../../run/application/credentials.js';
import type { EarlySignals } from '../../run/application/early-signals.js';
import type { Inheritance } from '../../run/application/inheritance.js';
import { localSurroundings } from '../../run/container/surroundings.js';
import { OnceLogger } from '../../run/once-logger.js';
import type { Placement } from '../../run/placement/placement.js';
import type { RunDriver } from '../../run/run-driver.js';
import { RunSession } from '../../run/run-session.js';
import { type CliContext, inputEnvironment } from '../context.js';
import type { RunLine } from '../flags/run-flags.js';
import { eventLog } from '../print/event-log.js';
import { makeLogger, openLogSink } from '../print/logger.js';

/** The parts of a run that are prepared before its sources are read. */
export interface PreparedRun {
	readonly inheritance: Inheritance;
	readonly earlySignals: EarlySignals;
	readonly placement: Placement;
	readonly caller: RunCaller;
	readonly driver: RunDriver;
}

/** Returns the exit status. Errors: ConfigMapFsError if it was never started. */
export async function runApplication(line: RunLine, context: CliContext, prepared: PreparedRun): Promise<number> {
	const { inheritance, earlySignals, placement, caller, driver } = prepared;
	const isTerminal = isatty(2);
	const log = await makeLogger(
		{ level: line.logLevel, format: line.logFormat, file: line.logFile, isTerminal, env: context.env },
		openLogSink(line.logFile),
	);
	if (driver.fallbackReason !== undefined) {
		const reason = driver.fallbackReason;
		log.info({ reason }, `FUSE is not available, so volumes are written to a tmpfs, as kubelet does: ${reason}`);
	}
	const onEvent = eventLog(log);
	const { readsStdin, ...sources } = await openPodSources(line.pod, { ...inputEnvironment(context, log), onEvent });
	const session = new RunSession({
		...sources,
		workload: line.pod.workload,
		flagPod: line.pod.flagPod,
		container: line.pod.container,
		namespace: line.pod.namespace,
		waitTimeoutMs: line.waitTimeoutMs,
		syncRange: line.pod.kubeletDelay,
		stdin: readsStdin ? 'ignore' : 'inherit',
		inheritance,
		earlySignals,
		placement,
		onChange: line.onChange,
		log,
		onEvent,
		setup: {
			command: line.command,
			keepArgs: line.keepArgs,
			envInherit: line.envInherit,
			given: readGivenVariables(line.given, context),
			strictEnvNames: line.strictEnvNames,
			allowHostPath: line.allowHostPath,
			localVolumes: line.localVolumes,
			liveSubPaths: line.liveSubPaths,
			retention: { snapshotGraceMs: line.snapshotGraceMs, history: 1 },
			caller,
			callerEnvironment: context.env,
			cwd: context.cwd,
			surroundings: localSurroundings(),
			takeDriver: (group) => driver.take(group),
			now: () => new Date(),
			log,
			warnings: new OnceLogger(log),
		},
	});
	return await session.run();
}
