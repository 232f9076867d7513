/** The parts of a cluster that are asked for one by one. Pure. */

import type { ClusterTarget } from './api-client.js';

export interface ClusterSelection {
	readonly namespaces: readonly string[] | 'all';
	/** Empty: all. */
	readonly names: readonly string[];
	readonly labelSelector: string | undefined;
	readonly fieldSelector: string | undefined;
}

/** One for each namespace and name, each once. */
export function clusterTargets(selection: ClusterSelection): readonly ClusterTarget[] {
	const { labelSelector, fieldSelector } = selection;
	const namespaces = selection.namespaces === 'all' ? [undefined] : [...new Set(selection.namespaces)];
	const names = selection.names.length === 0 ? [undefined] : [...new Set(selection.names)];
	return namespaces.flatMap((namespace) => names.map((name) => ({ namespace, name, labelSelector, fieldSelector })));
}
