/** Mounts with a subPath, which is a file or a directory of the volume. Pure. */

import { posix } from 'node:path';
import { isPayloadVolume } from '../volumes/volume-files.js';
import type { ContainerMount, SubjectVolume } from './subject.js';

/** A mount with a subPath of a volume that kubelet writes. */
export interface SubPathMount {
	readonly volume: SubjectVolume;
	/** `spec.containers[0].volumeMounts[1].subPath`. */
	readonly field: string;
	/** As written. */
	readonly written: string;
	/** Relative to the root of the volume. Undefined if it depends on variables. */
	readonly path: string | undefined;
	/** Undefined if it depends on variables or on absent objects. */
	readonly kind: 'file' | 'directory' | 'nothing' | undefined;
}

/** Undefined for a mount of the root of a volume, and for volumes that kubelet does not write. */
export function subPathMount({ mount, field, volume }: ContainerMount): SubPathMount | undefined {
	if (volume === undefined || !isPayloadVolume(volume.volume)) return undefined;
	const written = mount.subPathExpr ?? mount.subPath;
	if (written === undefined || written === '') return undefined;
	if (mount.subPathExpr !== undefined && written.includes('$')) {
		return { volume, field: `${field}.subPathExpr`, written, path: undefined, kind: undefined };
	}
	const path = posix.normalize(`/${written}`).slice(1).replace(/\/$/, '');
	// The root of the volume is mounted, where the links change.
	if (path === '') return undefined;
	const name = mount.subPathExpr === undefined ? 'subPath' : 'subPathExpr';
	const inside = path.replace(/^\.\.data(\/|$)/, '');
	return { volume, field: `${field}.${name}`, written, path: inside, kind: kindOf(volume, inside) };
}

function kindOf({ entries, isComplete }: SubjectVolume, path: string): SubPathMount['kind'] {
	if (path === '') return 'directory';
	const shown = entries.filter(({ exists }) => exists);
	if (shown.some((entry) => entry.path === path)) return 'file';
	if (shown.some((entry) => entry.path.startsWith(`${path}/`))) return 'directory';
	return isComplete ? 'nothing' : undefined;
}
