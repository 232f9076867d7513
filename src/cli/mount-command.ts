/**
 * `configmapfs mount DIR`: flags in, one mount until it ends, exit status out.
 */

import { fstatSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { CommandModule } from 'yargs';
import { ConfigMapFsError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { LabelSelector } from '../model/label-selector.js';
import { DRIVER_CHOICES, type DriverChoice, makeDriver } from '../mount/driver-choice.js';
import { prepareMountPoint, warnIfNotEmpty } from '../mount/mount-point.js';
import { type Layout, MountSession } from '../mount/mount-session.js';
import { isFileOpenForWriting, setInheritable, setProcessName } from '../native/libc.js';
import { SafeOutput } from '../native/safe-output.js';
import { GeneratedSource } from '../sources/generators/generated-source.js';
import { ManifestSource } from '../sources/manifests/manifest-source.js';
import type { ConfigMapSource } from '../sources/source.js';
import type { StoreFilter } from '../store/layered-store.js';
import { VOLUME_MODE } from '../volume/content.js';
import { DEFAULT_MODE, type Projection } from '../volume/projection.js';
import { type BackgroundRole, startInBackground, takeBackgroundRole } from './background.js';
import {
	CLUSTER_OPTIONS,
	delayLikeKubelet,
	type OpenedCluster,
	openCluster,
	readClusterFlags,
	readKubeletDelay,
} from './cluster-flags.js';
import { type CliContext, runtimeEnvironment } from './context.js';
import { type FlagOption, type ParsedFlags, parseFlags } from './flag-parser.js';
import { parseCount, parseDuration, parseId, parseItem, parseMode } from './flag-values.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, makeLogger, openLogSink } from './logger.js';
import { describeMount } from './mount-summary.js';
import { announceReady, announceStopping } from './readiness.js';
import { readSourceFlags } from './source-flags.js';

const VALUE = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const SOURCES = { group: 'Sources (repeatable, layered in this order, the last one wins key by key):' } as const;
const SHOWN = { group: 'What is shown:' } as const;
const MOUNT = { group: 'The mount:' } as const;
const OPERATION = { group: 'Operation:' } as const;

/** Flags of `mount`, in the order of its help. */
export const MOUNT_OPTIONS = {
	filename: { ...VALUE, ...SOURCES, alias: 'f', describe: 'Manifest file or directory, watched; - is standard input' },
	recursive: { ...SWITCH, ...SOURCES, alias: 'R', describe: 'Read the directories of -f recursively' },
	create: { ...VALUE, ...SOURCES, describe: 'A ConfigMap NAME of the --from-* flags that follow' },
	'from-literal': { ...VALUE, ...SOURCES, describe: 'KEY=VALUE' },
	'from-file': { ...VALUE, ...SOURCES, describe: '[KEY=]PATH of a file, or of a directory of files, watched' },
	'from-env-file': { ...VALUE, ...SOURCES, describe: 'PATH of a file of KEY=VALUE lines, watched' },
	...CLUSTER_OPTIONS,
	namespace: { ...VALUE, ...SHOWN, alias: 'n', describe: 'Only this namespace; several: DIR/NAMESPACE/NAME' },
	'all-namespaces': { ...SWITCH, ...SHOWN, alias: 'A', describe: 'All namespaces, as DIR/NAMESPACE/NAME' },
	selector: { ...VALUE, ...SHOWN, alias: 'l', describe: 'Only these labels, such as app=web,tier!=db' },
	volume: { ...VALUE, ...SHOWN, describe: 'DIR itself is this ConfigMap, [NAMESPACE/]NAME' },
	item: { ...VALUE, ...SHOWN, describe: 'With --volume: only KEY=PATH[:MODE]; repeatable' },
	optional: { ...SWITCH, ...SHOWN, describe: 'With --volume: a missing ConfigMap or key is no error' },
	'default-mode': { ...VALUE, ...SHOWN, describe: 'Mode of files, such as 0400 (default 0644)' },
	uid: { ...VALUE, ...SHOWN, describe: 'Owner of everything (default: you)' },
	gid: { ...VALUE, ...SHOWN, describe: 'Group of everything (default: yours)' },
	'snapshot-grace': { ...VALUE, ...SHOWN, describe: 'Keep old files whole so long after a change, as 5s' },
	history: { ...VALUE, ...SHOWN, describe: 'Keep the last N generations listed (default 1)' },
	driver: {
		...MOUNT,
		choices: DRIVER_CHOICES,
		describe: 'auto (default), kernel, fuse-native, or directory, which needs no FUSE and writes real files',
	},
	mkdir: { ...SWITCH, ...MOUNT, describe: 'Make DIR if it is missing, and remove it at the end' },
	'allow-other': { ...SWITCH, ...MOUNT, describe: 'Let other users in (mounts by root always do)' },
	background: { ...SWITCH, ...OPERATION, alias: 'b', describe: 'Return when the mount answers, and go on behind' },
	'ready-fd': { ...VALUE, ...OPERATION, describe: 'Write READY=1 to this descriptor when the mount answers' },
	'log-level': {
		...OPERATION,
		choices: LOG_LEVELS,
		describe: 'error, warn, info (default), debug, or trace: each FUSE request and reply',
	},
	'log-format': { ...OPERATION, choices: LOG_FORMATS, describe: 'pretty or json (default: pretty on a terminal)' },
	'log-file': { ...VALUE, ...OPERATION, describe: 'Append the log to this file instead of standard error' },
} as const satisfies Readonly<Record<string, FlagOption & { readonly describe: string; readonly group: string }>>;

/** The value of a flag through its parser; undefined when it was not given. */
function parsed<T>(flags: ParsedFlags, name: string, parse: (flag: string, text: string) => T): T | undefined {
	const text = flags.last(name);
	return text === undefined ? undefined : parse(name, text);
}

/** Everything that the command line says. Errors: USAGE. */
function readCommandLine(args: readonly string[]) {
	const flags = parseFlags('mount', MOUNT_OPTIONS, args);
	const [directory, ...more] = flags.positionals;
	if (directory === undefined) {
		throw new ConfigMapFsError('USAGE', 'the mount point DIR is missing; see "configmapfs mount --help"');
	}
	if (directory === '') throw new ConfigMapFsError('USAGE', 'the mount point DIR is empty');
	if (more.length > 0) {
		throw new ConfigMapFsError(
			'USAGE',
			`one mount point DIR is expected, got also "${more.join('", "')}"; sources are given with -f`,
		);
	}
	const sources = readSourceFlags(flags.given);
	const cluster = readClusterFlags(flags, sources.length > 0);
	const uid = parsed(flags, 'uid', parseId);
	const gid = parsed(flags, 'gid', parseId);
	const readyFd = parsed(flags, 'ready-fd', (flag, text) => parseCount(flag, text, 0));
	if (readyFd !== undefined && !isOpen(readyFd)) {
		throw new ConfigMapFsError('USAGE', `invalid argument "${readyFd}" for "--ready-fd": no open descriptor`);
	}
	return {
		directory,
		sources,
		cluster,
		kubeletDelay: readKubeletDelay(flags),
		recursive: flags.is('recursive'),
		namespaces: flags.all('namespace'),
		layout: readLayout(flags),
		filter: readFilter(flags),
		retention: {
			snapshotGraceMs: parsed(flags, 'snapshot-grace', parseDuration) ?? 0,
			history: parsed(flags, 'history', (flag, text) => parseCount(flag, text, 1)) ?? 1,
		},
		owner: { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) },
		driver: (flags.last('driver') ?? 'auto') as DriverChoice,
		mkdir: flags.is('mkdir'),
		allowOther: flags.is('allow-other'),
		background: flags.is('background'),
		readyFd,
		logLevel: flags.last('log-level') ?? 'info',
		logFormat: flags.last('log-format') as LogFormat | undefined,
		logFile: flags.last('log-file'),
	};
}

type CommandLine = ReturnType<typeof readCommandLine>;

function isOpen(fd: number): boolean {
	try {
		fstatSync(fd);
		return true;
	} catch {
		return false;
	}
}

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
	const noColor = (context.env.NO_COLOR ?? '') !== '';
	const log = makeLogger(
		{ level: line.logLevel, format: line.logFormat, file: line.logFile, isTerminal, noColor },
		sink,
	);
	const readiness = { readyFd: role?.readyFd ?? line.readyFd, notifySocket: context.env.NOTIFY_SOCKET };
	const now = () => new Date();
	const cluster = line.cluster === undefined ? undefined : await openCluster(line.cluster, { env: context.env, log });
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
		});
		return await runUntilEnd(session, {
			log,
			stop,
			onReady() {
				log.info({ mountPoint: mountPoint.path, volumes: session.volumeCount, driver: session.driverName }, 'mounted');
				if (isTerminal && role === undefined && isForPeople(line.logLevel))
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

function isForPeople(level: string): boolean {
	return level !== 'error' && level !== 'warn';
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal that asks for the end. Later ones change nothing: the end is on its way, and takes a second at most. */
class StopRequest {
	readonly signal: Promise<NodeJS.Signals>;
	readonly #listener: (signal: NodeJS.Signals) => void;

	constructor() {
		let resolve: (signal: NodeJS.Signals) => void = () => {};
		this.signal = new Promise((done) => {
			resolve = done;
		});
		this.#listener = (signal) => resolve(signal);
		for (const signal of SIGNALS) process.on(signal, this.#listener);
	}

	close(): void {
		for (const signal of SIGNALS) process.removeListener(signal, this.#listener);
	}
}

/** Starts, waits for a signal or the end of the mount, and takes everything down. */
async function runUntilEnd(
	session: MountSession,
	hooks: {
		readonly log: Logger;
		readonly stop: StopRequest;
		readonly onReady: () => void;
		readonly onStopping: () => void;
	},
): Promise<number> {
	const { log, stop } = hooks;
	const interrupted = await Promise.race([session.start(), stop.signal]);
	if (interrupted !== undefined) {
		await session.close();
		log.info({ signal: interrupted }, 'stopped before anything was mounted');
		return 128 + constants.signals[interrupted];
	}
	hooks.onReady();
	const outcome = await Promise.race([stop.signal, session.ended]);
	hooks.onStopping();
	const upcalls = await session.upcalls();
	const { wasBusy } = await session.close();
	if (wasBusy) log.warn('the mount was in use: it was detached, and what was open in it is gone');
	if (typeof outcome === 'string') log.info({ signal: outcome, upcalls }, 'unmounted');
	else if (outcome.reason === 'unmounted') log.info({ upcalls }, 'unmounted from outside');
	else throw new ConfigMapFsError('DRIVER_DIED', `The server process ended (${outcome.detail}); mount again to go on`);
	return 0;
}

function readLayout(flags: ParsedFlags): Layout {
	const items = flags.all('item').map((text) => parseItem('item', text));
	const volume = flags.last('volume');
	const optional = flags.is('optional');
	const projection: Projection = {
		defaultMode: parsed(flags, 'default-mode', parseMode) ?? DEFAULT_MODE,
		optional,
		...(items.length === 0 ? {} : { items }),
	};
	const namespaces = flags.all('namespace');
	if (volume === undefined) {
		if (items.length > 0) throw new ConfigMapFsError('USAGE', '--item needs --volume NAME');
		if (optional) throw new ConfigMapFsError('USAGE', '--optional needs --volume NAME');
		return { kind: 'tree', byNamespace: flags.is('all-namespaces') || namespaces.length > 1, projection };
	}
	const slash = volume.indexOf('/');
	const name = volume.slice(slash + 1);
	if (name === '' || slash === 0) {
		throw new ConfigMapFsError('USAGE', `invalid argument "${volume}" for "--volume": expected NAME or NAMESPACE/NAME`);
	}
	const [namespace] = slash > 0 ? [volume.slice(0, slash)] : namespaces;
	return { kind: 'volume', name, namespace, projection };
}

function readFilter(flags: ParsedFlags): StoreFilter {
	const namespaces = flags.all('namespace');
	const selector = flags.last('selector');
	return {
		...(flags.is('all-namespaces') || namespaces.length === 0 ? {} : { namespaces: new Set(namespaces) }),
		...(selector === undefined ? {} : { selector: new LabelSelector(selector) }),
	};
}

/** The cluster is the lowest layer: what is typed here wins over what it says, and is never written to it. */
async function makeSources(
	line: CommandLine,
	context: CliContext,
	made: { readonly cluster: OpenedCluster | undefined; readonly log: Logger; readonly mountPoint: string },
): Promise<readonly ConfigMapSource[]> {
	const { cluster, log, mountPoint } = made;
	const namespace = line.namespaces[0] ?? cluster?.namespace ?? 'default';
	const local = line.sources.map((source) =>
		source.kind === 'create'
			? new GeneratedSource(source.flags, { namespace, cwd: context.cwd, env: context.env, log })
			: new ManifestSource({
					path: source.path,
					recursive: line.recursive,
					// "-f . -R" must not read what it shows.
					ignore: new Set([mountPoint]),
					defaultNamespace: namespace,
					log,
					stdin: process.stdin,
					openForWriting: isFileOpenForWriting,
				}),
	);
	const sources = cluster === undefined ? local : [cluster.source, ...local];
	return line.kubeletDelay === undefined ? sources : await delayLikeKubelet(sources, line.kubeletDelay);
}

const EPILOGUE = `Examples:
  # Every ConfigMap of a directory tree, live, at ./mnt/NAME, until Ctrl-C
  configmapfs mount ./mnt -f manifests/ -R

  # One ConfigMap as a pod has it at /etc/app
  configmapfs mount /etc/app --volume app -f app.yaml

  # One key of it only, in a file of another name
  configmapfs mount ./mnt --volume app --item app.conf=main.conf -f app.yaml

  # A local directory as a live ConfigMap
  configmapfs mount ./mnt --create app --from-file=config/

  # Rendered manifests, with local keys laid over them, in the background
  helm template . | configmapfs mount ./mnt -b -f - -f local.yaml

  # What the cluster has in namespace staging, with a local key laid over it
  configmapfs mount ./mnt --context staging -n staging -f local.yaml

  # Take it away again
  configmapfs unmount ./mnt

Exit status:
  0 unmounted, by a signal or by hand      71 the mount was refused
  64 wrong command line                    73 DIR is missing or cannot be used
  65 an input breaks a rule                75 something is mounted there already
  66 an input is missing                   77 not permitted, here or by the cluster
  69 no FUSE, no such driver, no cluster   78 the kubeconfig is missing or wrong
  70 the server process ended, or a bug    128+N ended by signal N before the mount`;

/** The help of the command; its flags are read by `parseFlags`. */
export const mountHelp: CommandModule = {
	command: 'mount <DIR>',
	describe: 'Show ConfigMaps as mounted directories',
	builder: (yargs) =>
		yargs
			.usage(
				'$0 mount DIR -f SOURCE... [flags]\n\nShows ConfigMaps as mounted directories, exactly as a pod sees them.',
			)
			.options(MOUNT_OPTIONS)
			.epilogue(EPILOGUE),
	handler: () => {},
};
