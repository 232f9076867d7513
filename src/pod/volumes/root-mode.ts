/** The mode of a volume's root directory, which depends on its medium. Pure. */

import type { VolumeSource } from '../pod-spec.js';

/** Source: kubelet v1.32 pkg/volume/emptydir, perm. */
const DISK_MODE = 0o777;
/** The kernel's default for a tmpfs, which kubelet mounts on its own directory. */
const MEMORY_MODE = 0o1777;

/**
 * Kubelet keeps a configMap volume on the disk of the node, and all others whose files it writes in memory. The sticky
 * bit lets only the owner of a file remove it from a directory that all can write.
 * Source: kubelet v1.32 pkg/volume/configmap, secret, projected and downwardapi, wrappedVolumeSpec.
 */
export function volumeRootMode(source: VolumeSource): number {
	switch (source.kind) {
		case 'secret':
		case 'projected':
		case 'downwardAPI':
			return MEMORY_MODE;
		case 'emptyDir':
			return source.medium === 'Memory' ? MEMORY_MODE : DISK_MODE;
		default:
			return DISK_MODE;
	}
}
