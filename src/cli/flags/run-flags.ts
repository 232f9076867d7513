/**
 * The flags of `configmapfs run`: the table, what a command line says, and its help. Pure.
 */

import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { ConfigMapFsError } from '../../base/errors.js';
import { LOG_LEVELS, type LogLevel } from '../../base/log.js';
import { type FlagOption, type ParsedFlags, parseFlags } from '../../go/flags.js';
import type { PodRequest } from '../../inputs/requests.js';
import { DRIVER_CHOICES, type DriverChoice } from '../../mount/driver-choice.js';
import { ENV_INHERIT_CHOICES, type EnvInherit } from '../../run/container/inherited-environment.js';
import { parseOnChangeFlags } from '../../run/on-change/on-change.js';
import { LOG_FORMATS, type LogFormat } from '../print/logger.js';
import { CLUSTER_OPTIONS, readClusterFlags, readKubeletDelay } from './cluster-flags.js';
import { parseDuration } from './flag-values.js';
import { SOURCE_OPTIONS } from './mount-flags.js';
import { readSourceFlags } from './source-flags.js';

const VALUE = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const POD = { group: 'The pod:' } as const;
const ENVIRONMENT = { group: 'Environment and arguments:' } as const;
const VOLUMES = { group: 'Volumes:' } as const;
const CHANGES = { group: 'When something changes:' } as const;
const OPERATION = { group: 'Operation:' } as const;

const { name: _name, 'field-selector': _fieldSelector, ...clusterOptions } = CLUSTER_OPTIONS;

/** Flags about which pod it is: those of `run`, `env` and `lint`. */
export const POD_OPTIONS = {
	...SOURCE_OPTIONS,
	...clusterOptions,
	namespace: { ...VALUE, ...POD, alias: 'n', describe: 'Namespace of the pod, and of objects that name none' },
	container: { ...VALUE, ...POD, alias: 'c', describe: 'Container, init containers too (default: the first)' },
} as const satisfies Readonly<Record<string, FlagOption & { readonly describe: string; readonly group: string }>>;

/** Flags about the environment: those of `run` and `env`. */
export const ENV_OPTIONS = {
	'strict-env-names': {
		...SWITCH,
		...ENVIRONMENT,
		describe: 'Pass over names that kubelet before 1.30 refused, as it did',
	},
	'keep-args': { ...SWITCH, ...ENVIRONMENT, describe: "Append the container's args to the command after --" },
	'env-inherit': {
		...ENVIRONMENT,
		choices: ENV_INHERIT_CHOICES,
		describe: 'What of your environment is underneath: none, path (default: PATH, HOME, TERM, locale) or all',
	},
} as const satisfies Readonly<Record<string, FlagOption & { readonly describe: string; readonly group: string }>>;

/** Flags of `run`, in the order of its help. */
export const RUN_OPTIONS = {
	...POD_OPTIONS,
	...ENV_OPTIONS,
	'allow-host-path': {
		...SWITCH,
		...VOLUMES,
		describe: 'Give hostPath volumes, which are directories of this machine',
	},
	'local-volume': {
		...VALUE,
		...VOLUMES,
		describe: 'VOLUME=DIR: this directory instead of a volume, such as a persistentVolumeClaim; repeatable',
	},
	subpath: {
		...VOLUMES,
		choices: ['frozen', 'live'],
		describe: 'subPath mounts stay as they are at the start (frozen, default, as in a pod) or follow (live)',
	},
	'map-root': { ...SWITCH, ...VOLUMES, describe: 'As an ordinary user: be root in the private namespace' },
	'root-dir': {
		...VALUE,
		...VOLUMES,
		describe: 'No namespace: lay the paths out below this directory, and set CONFIGMAPFS_ROOT to it',
	},
	driver: {
		...VOLUMES,
		choices: DRIVER_CHOICES,
		describe: 'auto (default), kernel, fuse-native, or directory, which needs no FUSE',
	},
	'snapshot-grace': { ...VALUE, ...VOLUMES, describe: 'Keep old files whole so long after a change, as 5s' },
	'wait-timeout': {
		...VALUE,
		...CHANGES,
		describe: 'How long to wait for what is missing, such as 30s (default: for ever, as a pod does)',
	},
	'on-change': {
		...VALUE,
		...CHANGES,
		describe: '[VOLUME=]none|signal:HUP|restart|exec:CMD|http:URL (default none); repeatable',
	},
	'log-level': {
		...OPERATION,
		choices: LOG_LEVELS,
		describe: 'error, warn (default), info: each change, debug, trace',
	},
	'log-format': { ...OPERATION, choices: LOG_FORMATS, describe: 'pretty (default) or json' },
	'log-file': { ...VALUE, ...OPERATION, describe: 'Append the log to this file instead of standard error' },
} as const satisfies Readonly<Record<string, FlagOption & { readonly describe: string; readonly group: string }>>;

/** Errors: USAGE. `words` are the positionals before `--`. */
export function readPodFlags(flags: ParsedFlags, words: readonly string[], command: string): PodRequest {
	const [workload, ...more] = words;
	if (more.length > 0) {
		throw new ConfigMapFsError(
			'USAGE',
			`one workload KIND/NAME is expected, got also "${more.join('", "')}"` +
				(command === 'run' ? '; the command goes after "--"' : ''),
		);
	}
	const namespaces = flags.all('namespace');
	if (namespaces.length > 1) throw new ConfigMapFsError('USAGE', 'a pod has one namespace; pass -n once');
	const sources = readSourceFlags(flags.given);
	return {
		workload,
		sources,
		recursive: flags.is('recursive'),
		cluster: readClusterFlags(flags, sources.length > 0),
		// As in kubectl, `-n ""` is none.
		namespace: namespaces[0] === '' ? undefined : namespaces[0],
		container: flags.last('container'),
		kubeletDelay: readKubeletDelay(flags),
	};
}

/** Everything that the command line says. Errors: USAGE. */
export function readRunLine(args: readonly string[], cwd: string) {
	const flags = parseFlags('run', RUN_OPTIONS, args);
	const { afterDash, positionals } = flags;
	const words = positionals.slice(0, positionals.length - (afterDash?.length ?? 0));
	if (afterDash?.length === 0) throw new ConfigMapFsError('USAGE', 'the command after "--" is missing');
	const [word = ''] = words;
	if (afterDash === undefined && /^(?:[/~]|\.\.?\/)/.test(word)) {
		throw new ConfigMapFsError('USAGE', `"${word}" is no workload KIND/NAME; a command goes after "--": -- ${word}`);
	}
	const mapRoot = flags.is('map-root');
	const rootDir = flags.last('root-dir');
	if (rootDir === '') throw new ConfigMapFsError('USAGE', 'the value of --root-dir is empty');
	if (mapRoot && rootDir !== undefined) {
		throw new ConfigMapFsError('USAGE', '--map-root is about the namespace that --root-dir does without');
	}
	const seconds = flags.last('wait-timeout');
	const grace = flags.last('snapshot-grace');
	return {
		pod: readPodFlags(flags, words, 'run'),
		command: afterDash,
		keepArgs: flags.is('keep-args'),
		envInherit: (flags.last('env-inherit') ?? 'path') as EnvInherit,
		strictEnvNames: flags.is('strict-env-names'),
		allowHostPath: flags.is('allow-host-path'),
		localVolumes: new Map(flags.all('local-volume').map((text) => readLocalVolume(text, cwd))),
		liveSubPaths: flags.last('subpath') === 'live',
		mapRoot,
		rootDir: rootDir === undefined ? undefined : resolve(cwd, rootDir),
		driver: (flags.last('driver') ?? 'auto') as DriverChoice,
		snapshotGraceMs: grace === undefined ? 0 : parseDuration('snapshot-grace', grace),
		waitTimeoutMs: seconds === undefined ? undefined : parseDuration('wait-timeout', seconds),
		onChange: parseOnChangeFlags(flags.all('on-change')),
		logLevel: (flags.last('log-level') ?? 'warn') as LogLevel,
		logFormat: (flags.last('log-format') ?? 'pretty') as LogFormat,
		logFile: flags.last('log-file'),
	};
}

export type RunLine = ReturnType<typeof readRunLine>;

function readLocalVolume(text: string, cwd: string): readonly [string, string] {
	const equals = text.indexOf('=');
	if (equals <= 0 || equals === text.length - 1) {
		throw new ConfigMapFsError('USAGE', `invalid argument "${text}" for "--local-volume": expected VOLUME=DIR`);
	}
	return [text.slice(0, equals), resolve(cwd, text.slice(equals + 1))];
}

const EPILOGUE = `Examples:
  # Your build with the Deployment's environment, arguments and files, without a cluster
  configmapfs run -f deploy.yaml -- ./my-app --flag

  # The container's own command, which is installed here too
  configmapfs run -f nginx.yaml

  # One of several workloads, its sidecar, and a shell to look around
  configmapfs run -f k8s/ -R deploy/web -c sidecar -- sh

  # What is rendered elsewhere
  helm template chart/ | configmapfs run -f - -- ./my-app
  configmapfs run -k overlays/dev -- ./my-app

  # Staging's Deployment and ConfigMaps, my binary, my edited key
  configmapfs run --context staging -n shop -f my-key.yaml deploy/web -- ./my-app

  # Reload, restart, or call on each change
  configmapfs run -f deploy.yaml --on-change signal:HUP -- nginx -g 'daemon off;'
  configmapfs run -f deploy.yaml --on-change restart --on-change certs=exec:./reload.sh -- ./my-app

Exit status:
  that of the command      124 what is missing did not come within --wait-timeout
  128+N ended by signal N  125 configmapfs itself failed; the message says why
  127 command not found    126 command cannot be executed`;

/** The help of the command; its flags are read by `parseFlags`. */
export const runHelp: CommandModule = {
	command: 'run [WORKLOAD] [-- COMMAND [ARGS..]]',
	describe: "Start a local process with a pod's environment, arguments and volumes",
	builder: (yargs) =>
		yargs
			.usage(
				'$0 run [KIND/NAME] -f SOURCE... [flags] [-- COMMAND [ARGS...]]\n\n' +
					"Starts a local process with what a pod's container would get: its environment, its arguments, and its " +
					"ConfigMaps and Secrets as files at their real paths, live. Without a command, the container's own runs.",
			)
			.options(RUN_OPTIONS)
			.epilogue(EPILOGUE),
	handler: () => {},
};
