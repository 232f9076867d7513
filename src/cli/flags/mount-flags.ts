/** The flags of `configmapfs mount`: their table, their parser and the help. Opens nothing. */

import { fstatSync } from 'node:fs';
import { ConfigMapFsError, errorText } from '../../base/errors.js';
import { LOG_LEVELS, type LogLevel } from '../../base/log.js';
import type { Owner } from '../../drivers/presentation.js';
import { type ParsedFlags, parseFlags } from '../../go/flags.js';
import type { ClusterRequest, SourceRequest } from '../../inputs/requests.js';
import type { FieldValidation } from '../../model/fields/unknown-fields.js';
import { LabelSelector } from '../../model/label-selector.js';
import type { SyncRange } from '../../model/sync-pace.js';
import { DRIVER_CHOICES, type DriverChoice } from '../../mount/driver-choice.js';
import type { LayoutOptions } from '../../mount/layout.js';
import type { RetentionPolicy } from '../../mount/retention.js';
import type { StoreFilter } from '../../store/layered-store.js';
import { DEFAULT_MODE, type Projection } from '../../volume/projection.js';
import type { CommandHelp, HelpOptions } from '../print/help.js';
import { LOG_FORMATS, type LogFormat } from '../print/logger.js';
import { CLUSTER_OPTIONS, readClusterFlags, readKubeletDelay } from './cluster-flags.js';
import { parseCount, parseDuration, parseId, parseItem, parseMode } from './flag-values.js';
import { readSourceFlags, readValidation } from './source-flags.js';

const VALUE = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const SOURCES = { group: 'Sources (repeatable; a later source wins over an earlier one, key by key):' } as const;
const CONTENT = { group: 'Content:' } as const;
const MOUNT = { group: 'Mount:' } as const;
const OPERATION = { group: 'Operation:' } as const;

/** Flags of the log besides its level, for every command that logs. */
export const LOG_OPTIONS = {
	'log-format': { ...OPERATION, choices: LOG_FORMATS, value: 'FORMAT', describe: 'Log as pretty (default) or json' },
	'log-file': {
		...VALUE,
		...OPERATION,
		value: 'FILE',
		describe: 'Append the log to this file instead of standard error',
	},
} as const satisfies HelpOptions;

/** Flags that name local sources, for every command that reads them; see `readSourceFlags`. */
export const SOURCE_OPTIONS = {
	filename: {
		...VALUE,
		...SOURCES,
		alias: 'f',
		value: 'FILE',
		describe: 'Read a manifest file or directory, and watch it; - is standard input',
	},
	recursive: { ...SWITCH, ...SOURCES, alias: 'R', describe: 'Read the directories of -f recursively' },
	kustomize: {
		...VALUE,
		...SOURCES,
		alias: 'k',
		value: 'DIR',
		describe: 'Build a kustomization with kubectl or kustomize, and watch its files',
	},
	'kustomize-arg': {
		...VALUE,
		...SOURCES,
		value: 'FLAG',
		describe: 'With -k: pass this flag to that program, such as --enable-helm',
	},
	create: {
		...VALUE,
		...SOURCES,
		value: 'NAME',
		describe: 'Create a ConfigMap NAME from the --from-* flags that follow',
	},
	'from-literal': { ...VALUE, ...SOURCES, value: 'KEY=VALUE', describe: 'Add this key with this value' },
	'from-file': {
		...VALUE,
		...SOURCES,
		value: '[KEY=]PATH',
		describe: 'Add a file, or all files of a directory, and watch it',
	},
	'from-env-file': { ...VALUE, ...SOURCES, value: 'FILE', describe: 'Add the KEY=VALUE lines of a file, and watch it' },
	validate: {
		...VALUE,
		...SOURCES,
		value: 'strict',
		valueIfBare: 'strict',
		describe: 'Treat unknown fields of manifests as errors (strict), warn (default), or ignore',
	},
} as const satisfies HelpOptions;

/** Flags of `mount`, in the order of its help. */
export const MOUNT_OPTIONS = {
	...SOURCE_OPTIONS,
	...CLUSTER_OPTIONS,
	namespace: {
		...VALUE,
		...CONTENT,
		alias: 'n',
		value: 'NAME',
		describe: 'Show only this namespace; if repeated, show DIR/NAMESPACE/NAME',
	},
	'all-namespaces': { ...SWITCH, ...CONTENT, alias: 'A', describe: 'Show all namespaces, as DIR/NAMESPACE/NAME' },
	selector: {
		...VALUE,
		...CONTENT,
		alias: 'l',
		value: 'SELECTOR',
		describe: 'Show only objects with these labels, such as app=web,tier!=db',
	},
	volume: { ...VALUE, ...CONTENT, value: '[NAMESPACE/]NAME', describe: 'Show this ConfigMap at DIR itself' },
	item: {
		...VALUE,
		...CONTENT,
		value: 'KEY=PATH[:MODE]',
		describe: 'With --volume: show only this key; repeatable',
	},
	optional: { ...SWITCH, ...CONTENT, describe: 'With --volume: allow the ConfigMap and its keys to be missing' },
	'default-mode': {
		...VALUE,
		...CONTENT,
		value: 'MODE',
		describe: 'Set the mode of files, such as 0400 (default 0644)',
	},
	uid: { ...VALUE, ...CONTENT, value: 'UID', describe: 'Set the owner of all files (default: you)' },
	gid: { ...VALUE, ...CONTENT, value: 'GID', describe: 'Set the group of all files (default: yours)' },
	'snapshot-grace': {
		...VALUE,
		...CONTENT,
		value: 'TIME',
		describe: 'Keep the old files this long after a change, such as 5s',
	},
	history: { ...VALUE, ...CONTENT, value: 'N', describe: 'Keep the last N generations listed (default 1)' },
	driver: {
		...MOUNT,
		choices: DRIVER_CHOICES,
		value: 'DRIVER',
		describe: 'Use auto (default), kernel, fuse-native, or directory, which needs no FUSE and writes real files',
	},
	mkdir: { ...SWITCH, ...MOUNT, describe: 'Make DIR if it is missing, and remove it at the end' },
	'allow-other': { ...SWITCH, ...MOUNT, describe: 'Allow other users access (a mount by root always does)' },
	background: {
		...SWITCH,
		...OPERATION,
		alias: 'b',
		describe: 'Return once the mount is ready and keep running in the background',
	},
	'ready-fd': {
		...VALUE,
		...OPERATION,
		value: 'FD',
		describe: 'Write READY=1 to this descriptor once the mount is ready',
	},
	'log-level': {
		...OPERATION,
		choices: LOG_LEVELS,
		value: 'LEVEL',
		describe: 'Log error, warn, info (default), debug, or trace: each FUSE request and reply, on standard error',
	},
	...LOG_OPTIONS,
} as const satisfies HelpOptions;

/** The parsed value of a flag; undefined if it was not given. */
function parsed<T>(flags: ParsedFlags, name: string, parse: (flag: string, text: string) => T): T | undefined {
	const text = flags.last(name);
	return text === undefined ? undefined : parse(name, text);
}

/** A parsed command line of `mount`. */
export interface MountLine {
	/** Mount point as typed. */
	readonly directory: string;
	readonly sources: readonly SourceRequest[];
	readonly cluster: ClusterRequest | undefined;
	readonly kubeletDelay: SyncRange | undefined;
	readonly recursive: boolean;
	readonly fieldValidation: FieldValidation;
	readonly namespaces: readonly string[];
	readonly layout: LayoutOptions;
	readonly filter: StoreFilter;
	readonly retention: RetentionPolicy;
	readonly owner: Partial<Owner>;
	readonly driver: DriverChoice;
	readonly mkdir: boolean;
	readonly allowOther: boolean;
	readonly background: boolean;
	readonly readyFd: number | undefined;
	readonly logLevel: LogLevel;
	readonly logFormat: LogFormat;
	readonly logFile: string | undefined;
}

/** Errors: USAGE. */
export function readMountLine(args: readonly string[]): MountLine {
	const flags = parseFlags('mount', MOUNT_OPTIONS, args);
	const [directory, ...more] = flags.positionals;
	if (directory === undefined) {
		throw new ConfigMapFsError('USAGE', 'the mount point DIR is missing; see "configmapfs mount --help"');
	}
	if (directory === '') throw new ConfigMapFsError('USAGE', 'the mount point DIR is empty');
	if (more.length > 0) {
		throw new ConfigMapFsError(
			'USAGE',
			`expected one mount point DIR, but also got "${more.join('", "')}"; pass sources with -f`,
		);
	}
	const sources = readSourceFlags(flags.given);
	const cluster = readClusterFlags(flags, sources.length > 0);
	const uid = parsed(flags, 'uid', parseId);
	const gid = parsed(flags, 'gid', parseId);
	const readyFd = parsed(flags, 'ready-fd', (flag, text) => parseCount(flag, text, 0));
	if (readyFd !== undefined && !isOpen(readyFd)) {
		throw new ConfigMapFsError('USAGE', `invalid argument "${readyFd}" for "--ready-fd": not an open descriptor`);
	}
	return {
		directory,
		sources,
		cluster,
		kubeletDelay: readKubeletDelay(flags),
		recursive: flags.is('recursive'),
		fieldValidation: readValidation(flags),
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
		logLevel: (flags.last('log-level') ?? 'info') as LogLevel,
		logFormat: (flags.last('log-format') ?? 'pretty') as LogFormat,
		logFile: flags.last('log-file'),
	};
}

function isOpen(fd: number): boolean {
	try {
		fstatSync(fd);
		return true;
	} catch {
		return false;
	}
}

function readLayout(flags: ParsedFlags): LayoutOptions {
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
	if (name === '' || slash === 0 || name.includes('/')) {
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
		...(selector === undefined ? {} : { selector: readSelector(selector) }),
	};
}

function readSelector(text: string): LabelSelector {
	try {
		return new LabelSelector(text);
	} catch (error) {
		throw new ConfigMapFsError('USAGE', `invalid argument "${text}" for "-l, --selector": ${errorText(error)}`, {
			cause: error,
		});
	}
}

const EPILOGUE = `Examples:
  # Show every ConfigMap of a directory tree at ./mnt/NAME, live, until Ctrl-C
  configmapfs mount ./mnt -f manifests/ -R

  # Show one ConfigMap at /etc/app, as a pod does
  configmapfs mount /etc/app --volume app -f app.yaml

  # Show only one key of it, under another name
  configmapfs mount ./mnt --volume app --item app.conf=main.conf -f app.yaml

  # Show a local directory as a live ConfigMap
  configmapfs mount ./mnt --create app --from-file=config/

  # Show rendered manifests with local keys on top, in the background
  helm template . | configmapfs mount ./mnt -b -f - -f local.yaml

  # Show a kustomization, rebuilt when one of its files changes
  configmapfs mount ./mnt -k overlays/dev

  # Show namespace staging of a cluster, with a local key on top
  configmapfs mount ./mnt --context staging -n staging -f local.yaml

  # Unmount it
  configmapfs unmount ./mnt

Exit status:
  0 unmounted, by a signal or by hand     71 the mount was refused
  64 wrong command line                   73 DIR is missing or cannot be used
  65 an input breaks a rule               75 DIR is already mounted
  66 an input is missing                  77 no permission, here or in cluster
  69 no FUSE, driver or cluster           78 the kubeconfig is missing or wrong
  70 the server process ended, or a bug   128+N signal N before the mount`;

export const mountHelp: CommandHelp = {
	name: 'mount',
	summary: 'Show ConfigMaps as mounted directories',
	usage: ['mount DIR -f SOURCE... [flags]'],
	description: 'Show ConfigMaps as mounted directories, exactly as a pod sees them.',
	options: MOUNT_OPTIONS,
	epilogue: EPILOGUE,
};
