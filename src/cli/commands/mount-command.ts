/**
 * `configmapfs mount DIR`: flags in, one mount until it ends, exit status out.
 */

import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { ConfigMapFsError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { EventListener } from '../../control/events.js';
import { makeLocalSource } from '../../inputs/local-sources.js';
import { delayLikeKubelet, type OpenedCluster, openCluster } from '../../inputs/mount-cluster.js';
import { makeDriver } from '../../mount/driver-choice.js';
import { prepareMountPoint, warnIfNotEmpty } from '../../mount/mount-point.js';
import { MountSession } from '../../mount/mount-session.js';
import { setInheritable, setProcessName } from '../../native/libc.js';
import { SafeOutput } from '../../native/safe-output.js';
import type { Source } from '../../store/source.js';
import { VOLUME_MODE } from '../../volume/content.js';
import { type CliContext, inputEnvironment, runtimeEnvironment } from '../context.js';
import { type CommandLine, readCommandLine } from '../flags/mount-flags.js';
import { eventLog } from '../print/event-log.js';
import { makeLogger, openLogSink } from '../print/logger.js';
import { describeMount } from '../print/mount-summary.js';
import { type BackgroundRole, startInBackground, takeBackgroundRole } from './background.js';
import { announceReady, announceStopping } from './readiness.js';

/** Runs the command; returns the exit status. Errors: ConfigMapFsError before and during the start. */
export async function mountCommand(context: CliContext): Promise<number> {
	const line = readCommandLine(context.args);
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

/** `/dev/fd/63`, which is how a shell names the other end of `<(command)`. */
function descriptorOf(path: string): readonly number[] {
	const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
	return number === undefined ? [] : [Number(number)];
}

/** Node does so for the first descriptors only; the server would keep a shell's pipes open for as long as it lives. */
function closeOnExec(): void {
	for (const name of readdirSync('/proc/self/fd')) if (Number(name) > 2) setInheritable(Number(name), false);
}

async function mountUntilEnd(
	line: CommandLine,
	context: CliContext,
	process_: { readonly stop: StopRequest; readonly role: BackgroundRole | undefined },
): Promise<number> {
	const { stop, role } = process_;
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
			sources: await makeSources(line, context, { cluster, log, mountPoint: mountPoint.path }),
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
				if (isTerminal && role === undefined && isForPeople(line))
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

function isForPeople({ logLevel, logFormat }: CommandLine): boolean {
	return logLevel !== 'error' && logLevel !== 'warn' && logFormat !== 'json';
}

/** What a timer can hold. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal that asks for the end. Later ones change nothing: the end is on its way, and takes a second at most. */
class StopRequest {
	readonly signal: Promise<NodeJS.Signals>;
	readonly #listener: (signal: NodeJS.Signals) => void;
	/** Node ends when only a signal can come: with sources that are read once and no server there is nothing else. */
	readonly #patience = setInterval(() => {}, LONGEST_INTERVAL_MS);

	constructor() {
		let resolve: (signal: NodeJS.Signals) => void = () => {};
		this.signal = new Promise((done) => {
			resolve = done;
		});
		this.#listener = (signal) => resolve(signal);
		for (const signal of SIGNALS) process.on(signal, this.#listener);
	}

	close(): void {
		clearInterval(this.#patience);
		for (const signal of SIGNALS) process.removeListener(signal, this.#listener);
	}
}

/** Starts, waits for a signal or the end of the mount, and takes everything down. */
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

/** The cluster is the lowest layer: what is typed here wins over what it says, and is never written to it. */
async function makeSources(
	line: CommandLine,
	context: CliContext,
	made: { readonly cluster: OpenedCluster | undefined; readonly log: Logger; readonly mountPoint: string },
): Promise<readonly Source[]> {
	const { cluster, log, mountPoint } = made;
	const namespace = line.namespaces[0] ?? cluster?.namespace ?? 'default';
	// "-f . -R" must not read what it shows.
	const ignore = new Set([mountPoint]);
	const options = { ...inputEnvironment(context, log), recursive: line.recursive, namespace, ignore };
	const local = line.sources.map((flag) => makeLocalSource(flag, options));
	const sources = cluster === undefined ? local : [cluster.source, ...local];
	return line.kubeletDelay === undefined ? sources : await delayLikeKubelet(sources, line.kubeletDelay);
}
