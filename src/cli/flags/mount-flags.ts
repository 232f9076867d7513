/**
 * The flags of `configmapfs mount`: the table, what a command line says, and its help. Pure but for one look at a
 * descriptor; nothing is opened.
 */

import { fstatSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { ConfigMapFsError, errorText } from '../../base/errors.js';
import { LOG_LEVELS, type LogLevel } from '../../base/log.js';
import { type FlagOption, type ParsedFlags, parseFlags } from '../../go/flags.js';
import { LabelSelector } from '../../model/label-selector.js';
import { DRIVER_CHOICES, type DriverChoice } from '../../mount/driver-choice.js';
import type { LayoutOptions } from '../../mount/layout.js';
import type { StoreFilter } from '../../store/layered-store.js';
import { DEFAULT_MODE, type Projection } from '../../volume/projection.js';
import { LOG_FORMATS, type LogFormat } from '../print/logger.js';
import { CLUSTER_OPTIONS, readClusterFlags, readKubeletDelay } from './cluster-flags.js';
import { parseCount, parseDuration, parseId, parseItem, parseMode } from './flag-values.js';
import { readSourceFlags } from './source-flags.js';

const VALUE = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const SOURCES = { group: 'Sources (repeatable, layered in this order, the last one wins key by key):' } as const;
const SHOWN = { group: 'What is shown:' } as const;
const MOUNT = { group: 'The mount:' } as const;
const OPERATION = { group: 'Operation:' } as const;

/** Flags that name local sources, for every command that reads them; see `readSourceFlags`. */
export const SOURCE_OPTIONS = {
	filename: { ...VALUE, ...SOURCES, alias: 'f', describe: 'Manifest file or directory, watched; - is standard input' },
	recursive: { ...SWITCH, ...SOURCES, alias: 'R', describe: 'Read the directories of -f recursively' },
	kustomize: {
		...VALUE,
		...SOURCES,
		alias: 'k',
		describe: 'Kustomization directory, built by kubectl or kustomize, watched',
	},
	'kustomize-arg': { ...VALUE, ...SOURCES, describe: 'With -k: flag for that program, such as --enable-helm' },
	create: { ...VALUE, ...SOURCES, describe: 'A ConfigMap NAME of the --from-* flags that follow' },
	'from-literal': { ...VALUE, ...SOURCES, describe: 'KEY=VALUE' },
	'from-file': { ...VALUE, ...SOURCES, describe: '[KEY=]PATH of a file, or of a directory of files, watched' },
	'from-env-file': { ...VALUE, ...SOURCES, describe: 'PATH of a file of KEY=VALUE lines, watched' },
} as const satisfies Readonly<Record<string, FlagOption & { readonly describe: string; readonly group: string }>>;

/** Flags of `mount`, in the order of its help. */
export const MOUNT_OPTIONS = {
	...SOURCE_OPTIONS,
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
		describe: 'error, warn, info (default), debug, or trace: each FUSE request and reply, on standard error',
	},
	'log-format': { ...OPERATION, choices: LOG_FORMATS, describe: 'pretty (default) or json' },
	'log-file': { ...VALUE, ...OPERATION, describe: 'Append the log to this file instead of standard error' },
} as const satisfies Readonly<Record<string, FlagOption & { readonly describe: string; readonly group: string }>>;

/** The value of a flag through its parser; undefined when it was not given. */
function parsed<T>(flags: ParsedFlags, name: string, parse: (flag: string, text: string) => T): T | undefined {
	const text = flags.last(name);
	return text === undefined ? undefined : parse(name, text);
}

/** Everything that the command line says. Errors: USAGE. */
export function readCommandLine(args: readonly string[]) {
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
		logLevel: (flags.last('log-level') ?? 'info') as LogLevel,
		logFormat: (flags.last('log-format') ?? 'pretty') as LogFormat,
		logFile: flags.last('log-file'),
	};
}

export type CommandLine = ReturnType<typeof readCommandLine>;

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

  # What a kustomization makes, rebuilt when one of its files changes
  configmapfs mount ./mnt -k overlays/dev

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
