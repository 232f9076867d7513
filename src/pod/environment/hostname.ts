/**
 * The host name of a pod, which its containers see as `HOSTNAME`. Pure.
 * Source: kubelet v1.37 kubelet_pods.go, GeneratePodHostNameAndDomain, truncatePodHostnameIfNeeded; pkg/kubelet/util,
 * GetNodenameForKernel.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import type { Pod } from '../pod-spec.js';

/** Unit: characters. */
const MAX_HOSTNAME = 63;
/** The kernel's limit. Unit: characters. */
const MAX_FQDN = 64;
/** The name of nearly every cluster. */
const CLUSTER_DOMAIN = 'cluster.local';

/** Errors: INPUT_INVALID with kubelet's text if the kernel cannot hold the name. */
export function podHostname({ metadata, spec }: Pod): string {
	if (spec.hostnameOverride !== undefined) return spec.hostnameOverride;
	const hostname = truncated(spec.hostname ?? metadata.name);
	if (!spec.setHostnameAsFQDN || spec.subdomain === undefined) return hostname;
	const fqdn = `${hostname}.${spec.subdomain}.${metadata.namespace}.svc.${CLUSTER_DOMAIN}`;
	if (fqdn.length <= MAX_FQDN) return fqdn;
	const sizes = `(${MAX_FQDN} characters is the max, ${fqdn.length} characters requested)`;
	const what = `Failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long ${sizes}`;
	throw new ConfigMapFsError('INPUT_INVALID', `${what}; shorten the names, or remove setHostnameAsFQDN`);
}

function truncated(hostname: string): string {
	return hostname.length <= MAX_HOSTNAME ? hostname : hostname.slice(0, MAX_HOSTNAME).replace(/[-.]+$/, '');
}
