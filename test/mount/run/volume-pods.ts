/** Pods with volumes, for the tests of `configmapfs run`. */

import { configMap, type Fields, pod } from '../../support/pod-manifest.js';

type Volumes = Readonly<Record<string, Fields>>;
type Mount = Fields & { readonly name: string; readonly mountPath: string };

export const APP = configMap('app', { key: 'one', 'b.conf': 'two' });
/** Source of a volume of the ConfigMap `app`. */
export const OF_APP = { configMap: { name: 'app' } };
export const EMPTY = { emptyDir: {} };

/** A pod `p` with one container, its volumes by name. */
export function podWith(volumes: Volumes, volumeMounts: readonly Mount[], container: Fields = {}) {
	return pod(
		'p',
		{ volumeMounts, ...container },
		{ volumes: Object.entries(volumes).map(([name, source]) => ({ name, ...source })) },
	);
}
