/** The flags of `configmapfs run`: their table, their parser and the help. Pure. */

import { resolve } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import { LOG_LEVELS, type LogLevel } from '../../base/log.js';
import { type ParsedFlags, parseFlags } from '../../go/flags.js';
import type { PodRequest } from '../../inputs/requests.js';
import { DRIVER_CHOICES, type DriverChoice } from '../../mount/driver-choice.js';
import { type OnChangePolicy, parseOnChangeFlags } from '../../run/on-change/on-change.js';
import type { CommandHelp, HelpOptions } from '../print/help.js';
import type { LogFormat } from '../print/logger.js';
import { CLUSTER_OPTIONS, readClusterFlags, readKubeletDelay } from './cluster-flags.js';
import { ENV_OPTIONS, type EnvFlags, readEnvFlags } from './env-flags.js';
import { FLAG_POD_OPTIONS, readFlagPod } from './flag-pod-flags.js';
import { parseDuration } from './flag-values.js';
import { LOG_OPTIONS, SOURCE_OPTIONS } from './mount-flags.js';
import { readSourceFlags, readValidation } from './source-flags.js';

const VALUE = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const POD = { group: 'Pod:' } as const;
const VOLUMES = { group: 'Volumes:' } as const;
const CHANGES = { group: 'Waiting and changes:' } as const;
const OPERATION = { group: 'Operation:' } as const;

const { name: _name, 'field-selector': _fieldSelector, ...clusterOptions } = CLUSTER_OPTIONS;

/** Flags that select the pod, for `run`, `env` and `lint`. */
export const POD_OPTIONS = {
	...SOURCE_OPTIONS,
	...clusterOptions,
	namespace: {
		...VALUE,
		...POD,
		alias: 'n',
		value: 'NAME',
		describe: 'Set the namespace of the pod and of objects that name none',
	},
	container: {
		...VALUE,
		...POD,
		alias: 'c',
		value: 'NAME',
		describe: 'Select a container or init container (default: the first container)',
	},
} as const satisfies HelpOptions;

/** Flags of `run`, in the order of its help. */
export const RUN_OPTIONS = {
	...POD_OPTIONS,
	...FLAG_POD_OPTIONS,
	...ENV_OPTIONS,
	'allow-host-path': {
		...SWITCH,
		...VOLUMES,
		describe: 'Mount hostPath volumes, which are directories of this machine',
	},
	'local-volume': {
		...VALUE,
		...VOLUMES,
		value: 'VOLUME=DIR',
		describe: 'Use this directory as the volume, for instance of a persistentVolumeClaim; repeatable',
	},
	subpath: {
		...VOLUMES,
		choices: ['frozen', 'live'],
		value: 'HOW',
		describe: 'Keep subPath mounts as they are at the start (frozen, default, as in a pod) or update them (live)',
	},
	'map-root': { ...SWITCH, ...VOLUMES, describe: 'As an ordinary user: be root in the private namespace' },
	'root-dir': {
		...VALUE,
		...VOLUMES,
		value: 'DIR',
		describe: 'Use no namespace: create all paths below this directory, and set CONFIGMAPFS_ROOT to it',
	},
	driver: {
		...VOLUMES,
		choices: DRIVER_CHOICES,
		value: 'DRIVER',
		describe: 'Use auto (default), kernel, fuse-native, or directory, which needs no FUSE',
	},
	'snapshot-grace': {
		...VALUE,
		...VOLUMES,
		value: 'TIME',
		describe: 'Keep the old files this long after a change, such as 5s',
	},
	'wait-timeout': {
		...VALUE,
		...CHANGES,
		value: 'TIME',
		describe: 'Give up on missing objects after this long, such as 30s (default: wait forever, as a pod does)',
	},
	'on-change': {
		...VALUE,
		...CHANGES,
		value: 'ACTION',
		describe: '[VOLUME=]none|signal:HUP|restart|exec:CMD|http:URL (default none); repeatable',
	},
	'log-level': {
		...OPERATION,
		choices: LOG_LEVELS,
		value: 'LEVEL',
		describe: 'Log error, warn (default), info: each change, debug or trace',
	},
	...LOG_OPTIONS,
} as const satisfies HelpOptions;

/** `words` are the positionals before `--`. Errors: USAGE. */
export function readPodFlags(flags: ParsedFlags, words: readonly string[], command: string): PodRequest {
	const [workload, ...more] = words;
	if (more.length > 0) {
		throw new ConfigMapFsError(
			'USAGE',
			`expected one workload KIND/NAME, but also got "${more.join('", "')}"` +
				(command === 'run' ? '; to run a command, put -- before it' : ''),
		);
	}
	const namespaces = flags.all('namespace');
	if (namespaces.length > 1) throw new ConfigMapFsError('USAGE', 'a pod has one namespace; pass -n once');
	const sources = readSourceFlags(flags.given);
	const flagPod = readFlagPod(flags);
	if (flagPod !== undefined && workload !== undefined) {
		const what = `--volume and --env-from describe a pod of their own, so "${workload}" is not used`;
		throw new ConfigMapFsError('USAGE', `${what}; drop it${command === 'run' ? ', or put -- before a command' : ''}`);
	}
	return {
		workload,
		flagPod,
		sources,
		recursive: flags.is('recursive'),
		fieldValidation: readValidation(flags),
		cluster: readClusterFlags(flags, sources.length > 0),
		// As in kubectl, `-n ""` is the default.
		namespace: namespaces[0] === '' ? undefined : namespaces[0],
		container: flags.last('container'),
		kubeletDelay: readKubeletDelay(flags),
	};
}

/** A parsed command line of `run`. */
export interface RunLine extends EnvFlags {
	readonly pod: PodRequest;
	/** Undefined for the container's own command. */
	readonly command: readonly string[] | undefined;
	readonly keepArgs: boolean;
	readonly allowHostPath: boolean;
	/** Absolute directories by the name of the volume. */
	readonly localVolumes: ReadonlyMap<string, string>;
	readonly liveSubPaths: boolean;
	readonly mapRoot: boolean;
	/** Absolute; undefined to use a namespace. */
	readonly rootDir: string | undefined;
	readonly driver: DriverChoice;
	readonly snapshotGraceMs: number;
	readonly waitTimeoutMs: number | undefined;
	readonly onChange: OnChangePolicy;
	readonly logLevel: LogLevel;
	readonly logFormat: LogFormat;
	readonly logFile: string | undefined;
}

/** Relative paths start at `cwd`. Errors: USAGE. */
export function readRunLine(args: readonly string[], cwd: string): RunLine {
	const flags = parseFlags('run', RUN_OPTIONS, args);
	const { afterDash, positionals } = flags;
	const words = positionals.slice(0, positionals.length - (afterDash?.length ?? 0));
	if (afterDash?.length === 0) throw new ConfigMapFsError('USAGE', 'the command after "--" is missing');
	const [word = ''] = words;
	if (afterDash === undefined && /^(?:[/~]|\.\.?\/)/.test(word)) {
		throw new ConfigMapFsError(
			'USAGE',
			`"${word}" is not a workload KIND/NAME; to run a command, put -- before it: -- ${word}`,
		);
	}
	const pod = readPodFlags(flags, words, 'run');
	if (afterDash === undefined && pod.flagPod !== undefined) {
		throw new ConfigMapFsError('USAGE', 'without a workload there is no command; pass one after --');
	}
	const mapRoot = flags.is('map-root');
	const rootDir = flags.last('root-dir');
	if (rootDir === '') throw new ConfigMapFsError('USAGE', 'the value of --root-dir is empty');
	if (mapRoot && rootDir !== undefined) {
		throw new ConfigMapFsError(
			'USAGE',
			'--map-root needs a namespace, which --root-dir does not use; drop one of the two',
		);
	}
	const seconds = flags.last('wait-timeout');
	const grace = flags.last('snapshot-grace');
	return {
		pod,
		command: afterDash,
		keepArgs: flags.is('keep-args'),
		...readEnvFlags(flags, 'path'),
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

function readLocalVolume(text: string, cwd: string): readonly [string, string] {
	const equals = text.indexOf('=');
	if (equals <= 0 || equals === text.length - 1) {
		throw new ConfigMapFsError('USAGE', `invalid argument "${text}" for "--local-volume": expected VOLUME=DIR`);
	}
	return [text.slice(0, equals), resolve(cwd, text.slice(equals + 1))];
}

const EPILOGUE = `Examples:
  # Run your build with a Deployment's environment, arguments and files
  configmapfs run -f deploy.yaml -- ./my-app --flag

  # Run the container's own command, which is installed here, too
  configmapfs run -f nginx.yaml

  # Set a variable instead of the pod's, and pass one of your own
  configmapfs run -f deploy.yaml -e DB_HOST=localhost -e JAVA_HOME -- ./my-app

  # Open a shell in the sidecar of one of several workloads
  configmapfs run -f k8s/ -R deploy/web -c sidecar -- sh

  # Use rendered manifests
  helm template chart/ | configmapfs run -f - -- ./my-app
  configmapfs run -k overlays/dev -- ./my-app

  # Run your build with a Deployment from staging and a local key on top
  configmapfs run --context staging -n shop -f key.yaml deploy/web -- ./my-app

  # No workload: one ConfigMap as a directory, one as variables
  configmapfs run -f app.yaml --volume app=/etc/app --env-from app-env -- ./my-app

  # Reload, restart, or run a command on each change
  configmapfs run -f nginx.yaml --on-change signal:HUP -- nginx -g 'daemon off;'
  configmapfs run -f deploy.yaml --on-change restart -- ./my-app
  configmapfs run -f deploy.yaml --on-change certs=exec:./reload.sh -- ./my-app

Exit status:
  that of the command      124 an object was still missing after --wait-timeout
  128+N ended by signal N  125 configmapfs itself failed; the message says why
  127 command not found    126 command cannot be executed`;

export const runHelp: CommandHelp = {
	name: 'run',
	summary: "Start a local process with a pod's environment, arguments and volumes",
	usage: [
		'run [KIND/NAME] -f SOURCE... [flags] [-- COMMAND [ARGS...]]',
		'run -f SOURCE... --volume NAME=PATH [flags] -- COMMAND [ARGS...]',
	],
	description:
		"Start a local process with the environment and arguments of a pod's container, and with its ConfigMaps and " +
		"Secrets as files at their real paths, live. Without a command, run the container's own.",
	options: RUN_OPTIONS,
	epilogue: EPILOGUE,
};
