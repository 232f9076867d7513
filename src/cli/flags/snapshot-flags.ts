/** The flags of commands that read a pod once: those of `run` about the pod, without those about changes. */

import type { ParsedFlags } from '../../go/flags.js';
import type { PodRequest } from '../../inputs/requests.js';
import type { HelpOptions } from '../print/help.js';
import { POD_OPTIONS, readPodFlags } from './run-flags.js';

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
	filename: { ...options.filename, describe: 'Read a manifest file or directory; - is standard input' },
	kustomize: { ...options.kustomize, describe: 'Build a kustomization with kubectl or kustomize' },
	'from-file': { ...options['from-file'], describe: 'Add a file, or all files of a directory' },
	'from-env-file': { ...options['from-env-file'], describe: 'Add the KEY=VALUE lines of a file' },
	'from-cluster': {
		...options['from-cluster'],
		describe: 'Read from the cluster of the kubeconfig, below the other sources',
	},
} as const satisfies HelpOptions;

/** Each ConfigMap of a cluster is read with `get`, so no other permission is needed. Errors: USAGE. */
export function readSnapshotFlags(flags: ParsedFlags, command: string): PodRequest {
	const pod = readPodFlags(flags, flags.positionals, command);
	return pod.cluster === undefined
		? pod
		: { ...pod, cluster: { ...pod.cluster, changeDetection: { strategy: 'get' } } };
}
