/**
 * `configmapfs mount DIR`: flags in, one mount until it ends, exit status out.
 */

import { tmpdir } from 'node:os';
import type { Argv, CommandModule } from 'yargs';
import { ConfigMapFsError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { LabelSelector } from '../model/label-selector.js';
import { DRIVER_CHOICES, type DriverChoice, makeDriver } from '../mount/driver-choice.js';
import { prepareMountPoint, warnIfNotEmpty } from '../mount/mount-point.js';
import { type Layout, MountSession } from '../mount/mount-session.js';
import { isFileOpenForWriting } from '../native/libc.js';
import { GeneratedSource } from '../sources/generators/generated-source.js';
import { ManifestSource } from '../sources/manifests/manifest-source.js';
import type { ConfigMapSource } from '../sources/source.js';
import type { StoreFilter } from '../store/layered-store.js';
import { VOLUME_MODE } from '../volume/content.js';
import { DEFAULT_MODE, type Projection } from '../volume/projection.js';
import { startInBackground } from './background.js';
import { parseCount, parseDuration, parseId, parseItem, parseMode } from './flag-values.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, makeLogger, openLogSink } from './logger.js';
import { describeMount } from './mount-summary.js';
import { announceReady, announceStopping } from './readiness.js';
import { readSourceFlags, type SourceFlag } from './source-flags.js';

/** What a process has besides its arguments. */
export interface CliContext {
	/** Arguments after the command's name. */
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
}

const VALUE = { type: 'string', requiresArg: true } as const;

/** Flags of `mount`, in the order of its help. */
const OPTIONS = {
	filename: { ...VALUE, alias: 'f', describe: 'Manifest file, directory, or - for standard input; repeatable' },
	recursive: { type: 'boolean', alias: 'R', default: false, describe: 'Read the directories of -f recursively' },
	create: { ...VALUE, describe: 'Make a ConfigMap NAME from the --from-* flags that follow; repeatable' },
	'from-literal': { ...VALUE, describe: 'KEY=VALUE for the --create before it' },
	'from-file': { ...VALUE, describe: '[KEY=]PATH of a file or directory for the --create before it, watched' },
	'from-env-file': { ...VALUE, describe: 'File of KEY=VALUE lines for the --create before it, watched' },
	namespace: { ...VALUE, alias: 'n', describe: 'Show only this namespace; repeatable: one directory each' },
	'all-namespaces': { type: 'boolean', alias: 'A', default: false, describe: 'Show DIR/NAMESPACE/NAME for all' },
	selector: { ...VALUE, alias: 'l', describe: 'Show only ConfigMaps with these labels, such as app=web,tier!=db' },
	volume: { ...VALUE, describe: 'DIR itself is the volume of this ConfigMap' },
	item: { ...VALUE, describe: 'With --volume: KEY=PATH[:MODE], show only listed keys; repeatable' },
	'default-mode': { ...VALUE, describe: 'Mode of files, such as 0644 (default) or 0400' },
	optional: { type: 'boolean', default: false, describe: 'With --volume: a missing ConfigMap or key is no error' },
	driver: { choices: DRIVER_CHOICES, default: 'auto', describe: 'What answers the kernel; directory needs no FUSE' },
	'allow-other': { type: 'boolean', default: false, describe: 'Let other users in (root mounts always do)' },
	uid: { ...VALUE, describe: 'Owner to show' },
	gid: { ...VALUE, describe: 'Group to show' },
	'snapshot-grace': { ...VALUE, describe: 'Keep an old generation whole and listed so long after a change' },
	history: { ...VALUE, describe: 'Keep so many generations listed, the live one among them' },
	mkdir: { type: 'boolean', default: false, describe: 'Make DIR if it is missing, and remove it at the end' },
	background: { type: 'boolean', alias: 'b', default: false, describe: 'Return when the mount answers, go on behind' },
	'ready-fd': { ...VALUE, describe: 'Write READY=1 to this descriptor when the mount answers' },
	'log-level': { choices: LOG_LEVELS, default: 'info', describe: 'How much to say; trace shows each FUSE request' },
	'log-format': { choices: LOG_FORMATS, describe: 'pretty on a terminal, json otherwise' },
	'log-file': { ...VALUE, describe: 'Append log lines to this file instead of standard error' },
} as const;

/** Long and short flags of `mount` that take a value. */
const VALUE_FLAGS: ReadonlySet<string> = new Set(
	Object.entries(OPTIONS)
		.filter(([, option]) => !('type' in option) || option.type === 'string')
		.flatMap(([name, option]) => ('alias' in option ? [`--${name}`, `-${option.alias}`] : [`--${name}`])),
);

type Repeatable = string | readonly string[] | undefined;

export interface MountArguments {
	readonly directory?: string | undefined;
	readonly recursive: boolean;
	readonly namespace?: Repeatable;
	readonly allNamespaces: boolean;
	readonly selector?: Repeatable;
	readonly volume?: Repeatable;
	readonly item?: Repeatable;
	readonly defaultMode?: Repeatable;
	readonly optional: boolean;
	readonly driver: DriverChoice;
	readonly allowOther: boolean;
	readonly uid?: Repeatable;
	readonly gid?: Repeatable;
	readonly snapshotGrace?: Repeatable;
	readonly history?: Repeatable;
	readonly mkdir: boolean;
	readonly background: boolean;
	readonly readyFd?: Repeatable;
	readonly logLevel: string;
	readonly logFormat?: LogFormat | undefined;
	readonly logFile?: Repeatable;
}

function all(value: Repeatable): readonly string[] {
	if (value === undefined) return [];
	return typeof value === 'string' ? [value] : value;
}

function last(value: Repeatable): string | undefined {
	return all(value).at(-1);
}

/** The value of a flag through its parser; undefined when it was not given. */
function parsed<T>(value: Repeatable, flag: string, parse: (flag: string, text: string) => T): T | undefined {
	const text = last(value);
	return text === undefined ? undefined : parse(flag, text);
}

/** Runs the command; returns the exit status. Errors: ConfigMapFsError before and during the start. */
export async function mountCommand(argv: MountArguments, context: CliContext): Promise<number> {
	if (argv.directory === undefined) throw new ConfigMapFsError('USAGE', 'the mount point DIR is missing');
	const sourceFlags = readSourceFlags(context.args, VALUE_FLAGS);
	if (sourceFlags.length === 0) {
		throw new ConfigMapFsError('USAGE', 'nothing to mount: give -f FILE, -f DIRECTORY, -f - or --create NAME');
	}
	const layout = readLayout(argv);
	const filter = readFilter(argv);
	const readyFd = parsed(argv.readyFd, 'ready-fd', (flag, text) => parseCount(flag, text, 0));
	const retention = {
		snapshotGraceMs: parsed(argv.snapshotGrace, 'snapshot-grace', parseDuration) ?? 0,
		history: parsed(argv.history, 'history', (flag, text) => parseCount(flag, text, 1)) ?? 1,
	};
	const uid = parsed(argv.uid, 'uid', parseId);
	const gid = parsed(argv.gid, 'gid', parseId);
	if (argv.background) return await startInBackground(context);

	const sink = openLogSink(last(argv.logFile));
	const log = makeLogger(
		{
			level: argv.logLevel,
			format: argv.logFormat,
			file: last(argv.logFile),
			isTerminal: process.stderr.isTTY === true,
			noColor: (context.env.NO_COLOR ?? '') !== '',
		},
		sink,
	);
	const now = () => new Date();
	const readiness = { readyFd, notifySocket: context.env.NOTIFY_SOCKET };
	const mountPoint = await prepareMountPoint(argv.directory, { make: argv.mkdir, log });
	try {
		if (argv.driver !== 'directory') warnIfNotEmpty(mountPoint.path, log);
		const session = new MountSession({
			sources: makeSources(sourceFlags, argv, context, { log, mountPoint: mountPoint.path }),
			filter,
			layout,
			driver: makeDriver({
				choice: argv.driver,
				mountPoint: mountPoint.path,
				allowOther: argv.allowOther,
				owner: { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) },
				rootMode: layout.kind === 'volume' ? VOLUME_MODE : 0o755,
				caller: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: process.getgroups?.() ?? [] },
				runtime: {
					uid: process.getuid?.() ?? 0,
					xdgRuntimeDirectory: context.env.XDG_RUNTIME_DIR,
					temporary: tmpdir(),
				},
				now,
				trace: argv.logLevel === 'trace',
			}),
			retention,
			now,
			log,
		});
		return await runUntilEnd(session, {
			log,
			onReady() {
				log.info({ mountPoint: mountPoint.path, volumes: session.volumeCount, driver: session.driverName }, 'mounted');
				if (process.stderr.isTTY === true) sink.write(describeMount(argv.directory ?? '', session, sourceFlags));
				announceReady(readiness);
				if (context.env.CONFIGMAPFS_BACKGROUND !== undefined) sink.stop();
			},
			onStopping: () => announceStopping(readiness),
		});
	} finally {
		mountPoint.removeIfMade();
	}
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Starts, waits for a signal or the end of the mount, and takes everything down. A second signal does not wait. */
async function runUntilEnd(
	session: MountSession,
	hooks: { readonly log: Logger; readonly onReady: () => void; readonly onStopping: () => void },
): Promise<number> {
	const { log } = hooks;
	let stop: (signal: string) => void = () => {};
	const stopped = new Promise<string>((resolve) => {
		stop = resolve;
	});
	const onSignal = (signal: string) => stop(signal);
	for (const signal of SIGNALS) process.on(signal, onSignal);
	try {
		const started = await Promise.race([session.start().then(() => true), stopped.then(() => false)]);
		if (!started) {
			await session.close();
			return 0;
		}
		hooks.onReady();
		const outcome = await Promise.race([stopped, session.ended]);
		hooks.onStopping();
		const upcalls = await session.upcalls();
		const { wasBusy } = await session.close();
		if (wasBusy) log.warn('the mount was in use: it was detached, and what was open in it is gone');
		if (typeof outcome === 'string') log.info({ signal: outcome, upcalls }, 'unmounted');
		else if (outcome.reason === 'unmounted') log.info({ upcalls }, 'unmounted from outside');
		else
			throw new ConfigMapFsError('DRIVER_DIED', `The server process ended (${outcome.detail}); mount again to go on`);
		return 0;
	} finally {
		for (const signal of SIGNALS) process.removeListener(signal, onSignal);
	}
}

function readLayout(argv: MountArguments): Layout {
	const items = all(argv.item).map((text) => parseItem('item', text));
	const volume = last(argv.volume);
	const projection: Projection = {
		defaultMode: parsed(argv.defaultMode, 'default-mode', parseMode) ?? DEFAULT_MODE,
		optional: argv.optional,
		...(items.length === 0 ? {} : { items }),
	};
	const namespaces = all(argv.namespace);
	if (volume === undefined) {
		if (items.length > 0) throw new ConfigMapFsError('USAGE', '--item needs --volume NAME');
		if (argv.optional) throw new ConfigMapFsError('USAGE', '--optional needs --volume NAME');
		return { kind: 'tree', byNamespace: argv.allNamespaces || namespaces.length > 1, projection };
	}
	const slash = volume.indexOf('/');
	const [namespace] = slash > 0 ? [volume.slice(0, slash)] : namespaces;
	return { kind: 'volume', name: volume.slice(slash + 1), namespace, projection };
}

function readFilter(argv: MountArguments): StoreFilter {
	const namespaces = all(argv.namespace);
	const selector = last(argv.selector);
	return {
		...(argv.allNamespaces || namespaces.length === 0 ? {} : { namespaces: new Set(namespaces) }),
		...(selector === undefined ? {} : { selector: new LabelSelector(selector) }),
	};
}

function makeSources(
	flags: readonly SourceFlag[],
	argv: MountArguments,
	context: CliContext,
	{ log, mountPoint }: { readonly log: Logger; readonly mountPoint: string },
): readonly ConfigMapSource[] {
	const namespace = all(argv.namespace)[0] ?? 'default';
	return flags.map((flag) =>
		flag.kind === 'create'
			? new GeneratedSource(flag.flags, { namespace, cwd: context.cwd, env: context.env, log })
			: new ManifestSource({
					path: flag.path,
					recursive: argv.recursive,
					// "-f . -R" must not read what it shows.
					ignore: new Set([mountPoint]),
					defaultNamespace: namespace,
					log,
					stdin: process.stdin,
					openForWriting: isFileOpenForWriting,
				}),
	);
}

/** Describes the flags and examples for `--help`. */
function describeFlags(yargs: Argv): Argv<MountArguments> {
	return yargs
		.positional('directory', { type: 'string', describe: 'Mount point, an existing directory' })
		.options(OPTIONS)
		.example('$0 mount ./mnt -f manifests/ -R', 'Every ConfigMap of a directory tree, live, at ./mnt/NAME')
		.example('$0 mount /etc/app --volume app -f app.yaml', 'One ConfigMap as a pod has it at /etc/app')
		.example('$0 mount ./mnt --create app --from-file=config/', 'A local directory as a live ConfigMap')
		.example('helm template . | $0 mount ./mnt -f - -f local.yaml', 'Rendered manifests, with local keys laid over')
		.epilogue(EPILOGUE) as unknown as Argv<MountArguments>;
}

const EPILOGUE = `Sources given together are layered key by key, the last one wins.
Exit status: 0 unmounted; 64 usage; 65 bad input; 66 input missing; 69 no FUSE or driver; 70 server ended;
71 mount refused; 73 mount point unusable; 75 mounted already; 77 not permitted.`;

/** The yargs module; `run` receives what yargs parsed. */
export function mountModule(run: (argv: MountArguments) => Promise<void>): CommandModule<object, MountArguments> {
	return {
		command: 'mount <directory>',
		describe: 'Show ConfigMaps as mounted directories',
		builder: (yargs) => describeFlags(yargs),
		handler: run,
	};
}
