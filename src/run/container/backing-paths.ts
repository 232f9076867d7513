/**
 * Where the content of each volume of a pod is before it is mounted: in the tree of a driver, in the stage, or on this
 * machine. What a local process cannot have is said here, and nowhere passed over in silence.
 */

import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import type { PodWarning } from '../../pod/pod-objects.js';
import type { PodVolume } from '../../pod/pod-spec.js';
import { fsGroupMode } from '../../pod/volumes/fs-group.js';
import { isPayloadVolume } from '../../pod/volumes/volume-files.js';
import { checkHostPath } from './host-path.js';
import { emptyDirectoryOf, volumeTree } from './stage.js';

export interface VolumePlacesOptions {
	/** Of the placement: see stage.ts. */
	readonly stage: string;
	/** `--local-volume`: directories of this machine, by the volume's name. */
	readonly localVolumes: ReadonlyMap<string, string>;
	readonly allowHostPath: boolean;
	/** Group of files that the application shall be able to write; undefined: the caller's. */
	readonly fileGroup: number | undefined;
}

/** `isWritable`: the application may change it. `isHost`: it is a directory or file of this machine. */
export interface VolumePlace {
	readonly path: string;
	readonly isWritable: boolean;
	readonly isHost: boolean;
}

/** Mode of an emptyDir. Source: kubelet v1.32 pkg/volume/emptydir, perm. */
const EMPTY_DIR_MODE = 0o777;

export class VolumePlaces {
	readonly #options: VolumePlacesOptions;

	constructor(options: VolumePlacesOptions) {
		this.#options = options;
	}

	/**
	 * The place of a volume; undefined, with a warning, when a local process cannot have it.
	 * Errors: INPUT_MISSING for a directory of this machine that is not there, INPUT_INVALID for one that is something else.
	 */
	of(volume: PodVolume): { readonly place: VolumePlace | undefined; readonly warnings: readonly PodWarning[] } {
		const { localVolumes, stage } = this.#options;
		const local = localVolumes.get(volume.name);
		if (local !== undefined) return given(localPlace(volume, local));
		if (isPayloadVolume(volume))
			return given({ path: join(volumeTree(stage), volume.name), isWritable: false, isHost: false });
		const { source } = volume;
		if (source.kind === 'emptyDir') return given(this.#emptyDir(volume.name));
		if (source.kind === 'hostPath') {
			const { path, type } = source;
			if (this.#options.allowHostPath) {
				return given(hostPlace(path, `volume "${volume.name}": hostPath ${path}`, type));
			}
			const cure = `--allow-host-path gives it ${path} of this machine, --local-volume ${volume.name}=DIR another directory`;
			return missed(volume.name, `hostPath ${path} is not given without consent; ${cure}`);
		}
		const type = source.kind === 'other' ? source.type : source.kind;
		return missed(
			volume.name,
			`its kind, ${type}, is only in a cluster; --local-volume ${volume.name}=DIR gives it a directory of this machine`,
		);
	}

	#emptyDir(name: string): VolumePlace {
		const { stage, fileGroup } = this.#options;
		const path = emptyDirectoryOf(stage, name);
		mkdirSync(path, { recursive: true });
		if (fileGroup !== undefined) chownSync(path, -1, fileGroup);
		chmodSync(path, fileGroup === undefined ? EMPTY_DIR_MODE : fsGroupMode('dir', EMPTY_DIR_MODE));
		return { path, isWritable: true, isHost: false };
	}
}

function given(place: VolumePlace) {
	return { place, warnings: [] };
}

function missed(name: string, text: string) {
	return { place: undefined, warnings: [{ place: `volume "${name}"`, text }] };
}

/** In place of a hostPath it may be anything, such as a socket. */
function localPlace({ name, source }: PodVolume, path: string): VolumePlace {
	const what = `volume "${name}": --local-volume ${name}=${path}`;
	const place = hostPlace(path, what, '');
	if (source.kind === 'hostPath' || statSync(path).isDirectory()) return place;
	throw new ConfigMapFsError('INPUT_INVALID', `${what}: it is no directory; name one`);
}

function hostPlace(path: string, what: string, type: string): VolumePlace {
	checkHostPath(path, type, what);
	return { path, isWritable: true, isHost: true };
}
