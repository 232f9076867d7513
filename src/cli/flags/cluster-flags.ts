/** The flags that name a cluster, as kubectl has them, and how its changes are detected. Pure. */

import { ConfigMapFsError } from '../../base/errors.js';
import type { ParsedFlags } from '../../go/flags.js';
import type { ClusterRequest } from '../../inputs/requests.js';
import type { SyncRange } from '../../model/sync-pace.js';
import type { ChangeDetection } from '../../sources/cluster/change-detection.js';
import type { HelpOptions } from '../print/help.js';
import { parseDuration } from './flag-values.js';

const VALUE = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;
const CLUSTER = { group: 'A live cluster (the lowest layer; the default if no other source is given):' } as const;

/** In the order of the help. */
export const CLUSTER_OPTIONS = {
	'from-cluster': { ...SWITCH, ...CLUSTER, describe: 'Follow the cluster of the kubeconfig, below the other sources' },
	kubeconfig: { ...VALUE, ...CLUSTER, value: 'FILE', describe: 'Use only this kubeconfig' },
	context: { ...VALUE, ...CLUSTER, value: 'NAME', describe: 'Use this context of the kubeconfig' },
	cluster: { ...VALUE, ...CLUSTER, value: 'NAME', describe: 'Use this cluster of the kubeconfig' },
	user: { ...VALUE, ...CLUSTER, value: 'NAME', describe: 'Use this user of the kubeconfig' },
	name: {
		...VALUE,
		...CLUSTER,
		value: 'NAME',
		describe: 'Follow only this ConfigMap, so that RBAC need not allow more; repeatable',
	},
	'field-selector': {
		...VALUE,
		...CLUSTER,
		value: 'SELECTOR',
		describe: 'Select by fields as kubectl does, such as metadata.name!=kube-root-ca.crt',
	},
	'change-detection': {
		...CLUSTER,
		choices: ['watch', 'cache', 'get'],
		value: 'STRATEGY',
		describe: 'Detect changes as kubelet does: watch (default), cache or get',
	},
	ttl: {
		...VALUE,
		...CLUSTER,
		value: 'TIME',
		describe: 'With cache: how long a cached object stays valid, such as 1m',
	},
	'sync-frequency': {
		...VALUE,
		...CLUSTER,
		value: 'TIME',
		describe: 'With cache and get: how often to check for changes (default 1m)',
	},
	'state-dir': {
		...VALUE,
		...CLUSTER,
		value: 'DIR',
		describe: 'Keep the last state here, and start from it if the cluster cannot be reached',
	},
	'kubelet-delay': {
		...VALUE,
		...CLUSTER,
		valueIfBare: '60s..90s',
		value: 'MIN..MAX',
		describe: 'Delay the changes of all sources as kubelet does (default 60s..90s)',
	},
} as const satisfies HelpOptions;

const NAMES_A_CLUSTER = [
	'kubeconfig',
	'context',
	'cluster',
	'user',
	'name',
	'field-selector',
	'change-detection',
	'state-dir',
];

/**
 * Undefined if no cluster is requested: there are other sources, and no flag names one.
 * Errors: USAGE for flags that exclude each other.
 */
export function readClusterFlags(flags: ParsedFlags, hasOtherSources: boolean): ClusterRequest | undefined {
	const isRequested = flags.is('from-cluster') || NAMES_A_CLUSTER.some((name) => flags.last(name) !== undefined);
	const changeDetection = readChangeDetection(flags);
	if (hasOtherSources && !isRequested) return undefined;
	const namespaces = flags.all('namespace');
	const volume = flags.last('volume');
	const names = flags.all('name');
	return {
		kubeconfig: flags.last('kubeconfig'),
		context: flags.last('context'),
		cluster: flags.last('cluster'),
		user: flags.last('user'),
		namespaces: flags.is('all-namespaces') ? 'all' : ofVolume(volume, namespaces),
		// A volume shows one object, so RBAC need allow only that one.
		names: names.length > 0 || volume === undefined ? names : [volume.slice(volume.indexOf('/') + 1)],
		labelSelector: flags.last('selector'),
		fieldSelector: flags.last('field-selector'),
		changeDetection,
		stateDirectory: flags.last('state-dir'),
	};
}

function ofVolume(volume: string | undefined, namespaces: readonly string[]): readonly string[] | undefined {
	const slash = volume?.indexOf('/') ?? -1;
	if (volume !== undefined && slash > 0) return [volume.slice(0, slash)];
	return namespaces.length === 0 ? undefined : namespaces;
}

function readChangeDetection(flags: ParsedFlags): ChangeDetection {
	const strategy = flags.last('change-detection') ?? 'watch';
	const [ttl, frequency] = [flags.last('ttl'), flags.last('sync-frequency')];
	if (ttl !== undefined && strategy !== 'cache')
		throw new ConfigMapFsError('USAGE', '--ttl needs --change-detection=cache');
	if (frequency !== undefined && strategy === 'watch') {
		throw new ConfigMapFsError('USAGE', '--sync-frequency needs --change-detection=cache or =get');
	}
	if (strategy === 'watch') return { strategy };
	const syncFrequencyMs =
		frequency === undefined ? {} : { syncFrequencyMs: parseDuration('sync-frequency', frequency) };
	if (strategy === 'get') return { strategy, ...syncFrequencyMs };
	return { strategy: 'cache', ...(ttl === undefined ? {} : { ttlMs: parseDuration('ttl', ttl) }), ...syncFrequencyMs };
}

/** `60s..90s`, or one duration for a fixed interval. Errors: USAGE. */
export function readKubeletDelay(flags: ParsedFlags): SyncRange | undefined {
	const text = flags.last('kubelet-delay');
	if (text === undefined) return undefined;
	const [from = '', to = from, ...more] = text.split('..');
	const minMs = parseDuration('kubelet-delay', from);
	const maxMs = parseDuration('kubelet-delay', to);
	if (more.length > 0 || maxMs < minMs) {
		throw new ConfigMapFsError(
			'USAGE',
			`invalid argument "${text}" for "--kubelet-delay": expected MIN..MAX, such as 60s..90s`,
		);
	}
	return { minMs, maxMs };
}
