/** Objects that a cluster publishes in every namespace. Manifests do not have them. Pure. */

import type { PodObjects } from './pod-objects.js';

/**
 * Source: kubernetes v1.32 pkg/controller/certificates/rootcacertpublisher, RootCACertConfigMapName; OpenShift
 * service-ca-operator, which OpenShift adds to the token volume of each pod.
 */
const CONFIG_MAPS: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt']);

export function isClusterPublished(kind: 'configMap' | 'secret', name: string): boolean {
	return kind === 'configMap' && CONFIG_MAPS.has(name);
}

/** Whether the object is absent because there is no cluster. Then it is left out, and never waited for. */
export function isLeftOut(kind: 'configMap' | 'secret', name: string, objects: PodObjects): boolean {
	return isClusterPublished(kind, name) && objects.hasCluster !== true && objects.configMap(name) === undefined;
}
