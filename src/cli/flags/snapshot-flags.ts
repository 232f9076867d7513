/**
 * The flags of commands that look at a pod once: those of `run` about the pod, without those about changes, which nobody
 * waits for.
 */

import type { ParsedFlags } from '../../go/flags.js';
import type { PodRequest } from '../../inputs/requests.js';
import { POD_OPTIONS, readPodFlags } from './run-flags.js';

/** Nothing is watched. */
function once<Option extends { readonly describe: string }>(option: Option): Option {
	return { ...option, describe: option.describe.replace(', watched', '').replace(/^Follow/, 'Ask') };
}

const {
	'change-detection': _changeDetection,
	ttl: _ttl,
	'sync-frequency': _syncFrequency,
	'state-dir': _stateDirectory,
	'kubelet-delay': _kubeletDelay,
	...options
} = POD_OPTIONS;

export const SNAPSHOT_OPTIONS = {
	...options,
	filename: once(options.filename),
	kustomize: once(options.kustomize),
	'from-file': once(options['from-file']),
	'from-env-file': once(options['from-env-file']),
	'from-cluster': once(options['from-cluster']),
} as const;

/** A cluster is asked for each ConfigMap, so that the permission to get is enough. Errors: USAGE. */
export function readSnapshotFlags(flags: ParsedFlags, command: string): PodRequest {
	const pod = readPodFlags(flags, flags.positionals, command);
	return pod.cluster === undefined
		? pod
		: { ...pod, cluster: { ...pod.cluster, changeDetection: { strategy: 'get' } } };
}
