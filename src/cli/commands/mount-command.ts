/** `configmapfs mount DIR`: makes one mount, and serves it until it ends. */

import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { ConfigMapFsError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { EventListener } from '../../control/events.js';
import { makeMountSources, openCluster } from '../../inputs/mount-sources.js';
import { makeDriver } from '../../mount/driver-choice.js';
import { prepareMountPoint, warnIfNotEmpty } from '../../mount/mount-point.js';
import { MountSession } from '../../mount/mount-session.js';
import { setInheritable, setProcessName } from '../../native/libc.js';
import { SafeOutput } from '../../native/safe-output.js';
import { VOLUME_MODE } from '../../volume/content.js';
import { type CliContext, inputEnvironment, runtimeEnvironment } from '../context.js';
import { type MountLine, readMountLine } from '../flags/mount-flags.js';
import { eventLog } from '../print/event-log.js';
import { makeLogger, openLogSink } from '../print/logger.js';
import { describeMount } from '../print/mount-summary.js';
import { type BackgroundRole, startInBackground, takeBackgroundRole } from './background.js';
import { announceReady, announceStopping } from './readiness.js';
import { StopRequest } from './stop-request.js';

/** Returns the exit status. Errors: ConfigMapFsError before and during the start. */
export async function mountCommand(context: CliContext): Promise<number> {
	const line = readMountLine(context.args);
	const role = takeBackgroundRole(context.env);
	const paths = line.sources.flatMap((source) => (source.kind === 'filename' ? [source.path] : []));
	if (line.background && role === undefined) {
		return await startInBackground({
			...context,
			readsStdin: paths.includes('-'),
			inherited: paths.flatMap(descriptorOf),
			readyFd: line.readyFd,
		});
	}
	const stop = new StopRequest();
	try {
		closeOnExec();
		setProcessName('configmapfs');
		return await mountUntilEnd(line, context, { stop, role });
	} finally {
		stop.close();
	}
}

/** The descriptor of a path such as `/dev/fd/63`, which a shell passes for `<(command)`. */
function descriptorOf(path: string): readonly number[] {
	const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
	return number === undefined ? [] : [Number(number)];
}

/** Keeps inherited descriptors from the server process, which would hold a shell's pipes open. Node does so for few. */
function closeOnExec(): void {
	for (const name of readdirSync('/proc/self/fd')) if (Number(name) > 2) setInheritable(Number(name), false);
}

async function mountUntilEnd(
	line: MountLine,
	context: CliContext,
	{ stop, role }: { readonly stop: StopRequest; readonly role: BackgroundRole | undefined },
): Promise<number> {
	const isTerminal = role?.isTerminal ?? isatty(2);
	const sink = openLogSink(line.logFile);
	const log = await makeLogger(
		{ level: line.logLevel, format: line.logFormat, file: line.logFile, isTerminal, env: context.env },
		sink,
	);
	const onEvent = eventLog(log);
	const readiness = { readyFd: role?.readyFd ?? line.readyFd, notifySocket: context.env.NOTIFY_SOCKET };
	const now = () => new Date();
	const cluster =
		line.cluster === undefined ? undefined : await openCluster(line.cluster, { env: context.env, log, onEvent });
	const mountPoint = await prepareMountPoint(line.directory, { make: line.mkdir, log });
	try {
		if (line.driver !== 'directory') warnIfNotEmpty(mountPoint.path, log);
		const session = new MountSession({
			sources: await makeMountSources(line.sources, {
				...inputEnvironment(context, log),
				cluster,
				kubeletDelay: line.kubeletDelay,
				recursive: line.recursive,
				fieldValidation: line.fieldValidation,
				namespace: line.namespaces[0] ?? cluster?.namespace ?? 'default',
				// With `-f . -R` the mount must not be a source of itself.
				ignore: new Set([mountPoint.path]),
			}),
			filter: line.filter,
			layout: line.layout,
			driver: makeDriver({
				choice: line.driver,
				mountPoint: mountPoint.path,
				allowOther: line.allowOther,
				owner: line.owner,
				rootMode: line.layout.kind === 'volume' ? VOLUME_MODE : 0o755,
				caller: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: process.getgroups?.() ?? [] },
				runtime: runtimeEnvironment(context.env),
				now,
				trace: line.logLevel === 'trace',
			}),
			retention: line.retention,
			now,
			log,
			onEvent,
		});
		return await runUntilEnd(session, {
			log,
			onEvent,
			stop,
			onReady() {
				const { volumeCount: volumes, driverName: driver } = session;
				onEvent({ type: 'mounted', mountPoint: mountPoint.path, volumes, driver });
				if (isTerminal && role === undefined && showsSummary(line))
					new SafeOutput(2).write(describeMount(line.directory, session.volumePaths, line.sources));
				if (role !== undefined) sink.stop();
				announceReady(readiness);
			},
			onStopping: () => announceStopping(readiness),
		});
	} finally {
		mountPoint.removeIfMade();
	}
}

function showsSummary({ logLevel, logFormat }: MountLine): boolean {
	return logLevel !== 'error' && logLevel !== 'warn' && logFormat !== 'json';
}

/** Starts the mount, waits for a signal or its end, and closes it. */
async function runUntilEnd(
	session: MountSession,
	hooks: {
		readonly log: Logger;
		readonly onEvent: EventListener;
		readonly stop: StopRequest;
		readonly onReady: () => void;
		readonly onStopping: () => void;
	},
): Promise<number> {
	const { log, onEvent, stop } = hooks;
	const interrupted = await Promise.race([session.start(), stop.signal]);
	if (interrupted !== undefined) {
		await session.close();
		log.info({ signal: interrupted }, `stopped by ${interrupted} before the mount was made`);
		return 128 + constants.signals[interrupted];
	}
	hooks.onReady();
	const outcome = await Promise.race([stop.signal, session.ended]);
	hooks.onStopping();
	const upcalls = await session.upcalls();
	const { wasBusy } = await session.close();
	if (wasBusy) log.warn('the mount was in use and was detached; its open files are lost');
	if (typeof outcome === 'string') onEvent({ type: 'unmounted', signal: outcome, upcalls });
	else if (outcome.reason === 'unmounted') onEvent({ type: 'unmounted', upcalls });
	else throw new ConfigMapFsError('DRIVER_DIED', `the server process ended (${outcome.detail}); mount again`);
	return 0;
}
