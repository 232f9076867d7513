/**
 * The backing path of each volume of a pod: where its content is before it is mounted. That is in the driver's tree, in
 * the private directory of the placement, or on this machine. A volume that a local process cannot have is reported
 * with the flag that replaces it.
 */

import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import { closest } from '../../base/suggestion.js';
import type { PodWarning } from '../../pod/notices.js';
import type { PodVolume } from '../../pod/pod-spec.js';
import { fsGroupMode } from '../../pod/volumes/fs-group.js';
import { volumeRootMode } from '../../pod/volumes/root-mode.js';
import { isPayloadVolume } from '../../pod/volumes/volume-files.js';
import { checkHostPath } from './host-path.js';

export interface BackingPathsOptions {
	/** Private directory of the placement. */
	readonly stage: string;
	/** `--local-volume`: directories of this machine, by volume name. */
	readonly localVolumes: ReadonlyMap<string, string>;
	readonly allowHostPath: boolean;
	/** Group that can write an emptyDir; undefined: the caller's group. */
	readonly fileGroup: number | undefined;
}

export interface BackingPath {
	readonly path: string;
	/** Whether the application may write to it. */
	readonly isWritable: boolean;
	/** Whether it is a directory or file of this machine. */
	readonly isHost: boolean;
}

/** Mount point of the driver: one directory for each volume whose files come from objects. */
export function driverMountPoint(stage: string): string {
	return join(stage, 'volumes');
}

/** Backing directory of an emptyDir volume. */
export function emptyDirPath(stage: string, volume: string): string {
	return join(stage, 'empty', volume);
}

/** Errors: USAGE if `flag` names a volume that the pod does not have. */
export function checkVolumeNames(flag: string, names: Iterable<string>, volumes: readonly string[]): void {
	for (const name of names) {
		if (volumes.includes(name)) continue;
		if (volumes.length === 0) throw new ConfigMapFsError('USAGE', `${flag}: the pod has no volumes; drop the flag`);
		const suggestion = closest(name, volumes);
		const cure = suggestion === undefined ? 'choose one of those' : `did you mean "${suggestion}"?`;
		throw new ConfigMapFsError(
			'USAGE',
			`${flag}: the pod has no volume "${name}", only ${volumes.join(', ')}; ${cure}`,
		);
	}
}

export class BackingPaths {
	readonly #options: BackingPathsOptions;

	constructor(options: BackingPathsOptions) {
		this.#options = options;
	}

	/**
	 * The backing path of a volume; undefined, with a warning, if a local process cannot have the volume.
	 * Errors: INPUT_MISSING for a missing directory of this machine, INPUT_INVALID for a file of the wrong type.
	 */
	of(volume: PodVolume): { readonly backing: BackingPath | undefined; readonly warnings: readonly PodWarning[] } {
		const { localVolumes, stage } = this.#options;
		const local = localVolumes.get(volume.name);
		if (local !== undefined) return available(localBacking(volume, local));
		if (isPayloadVolume(volume)) {
			return available({ path: join(driverMountPoint(stage), volume.name), isWritable: false, isHost: false });
		}
		const { source } = volume;
		if (source.kind === 'emptyDir') return available(this.#emptyDir(volume));
		if (source.kind === 'hostPath') {
			const { path, type } = source;
			if (this.#options.allowHostPath) {
				return available(hostBacking(path, `volume "${volume.name}": hostPath ${path}`, type));
			}
			const cure = `--allow-host-path mounts ${path} of this machine, --local-volume ${volume.name}=DIR another directory`;
			return unavailable(volume.name, `hostPath ${path} is not mounted without consent; ${cure}`);
		}
		const type = source.kind === 'other' ? source.type : source.kind;
		return unavailable(
			volume.name,
			`${type} volumes exist only in a cluster; --local-volume ${volume.name}=DIR mounts a directory of this machine instead`,
		);
	}

	#emptyDir({ name, source }: PodVolume): BackingPath {
		const { stage, fileGroup } = this.#options;
		const path = emptyDirPath(stage, name);
		mkdirSync(path, { recursive: true });
		if (fileGroup !== undefined) chownSync(path, -1, fileGroup);
		const mode = volumeRootMode(source);
		chmodSync(path, fileGroup === undefined ? mode : fsGroupMode('dir', mode));
		return { path, isWritable: true, isHost: false };
	}
}

function available(backing: BackingPath) {
	return { backing, warnings: [] };
}

function unavailable(name: string, text: string) {
	return { backing: undefined, warnings: [{ field: `volume "${name}"`, text }] };
}

/** A path for a hostPath may be of any type, such as a socket; for other volumes it must be a directory. */
function localBacking({ name, source }: PodVolume, path: string): BackingPath {
	const subject = `volume "${name}": --local-volume ${name}=${path}`;
	const backing = hostBacking(path, subject, '');
	if (source.kind === 'hostPath' || statSync(path).isDirectory()) return backing;
	throw new ConfigMapFsError('INPUT_INVALID', `${subject}: not a directory; give a directory`);
}

function hostBacking(path: string, subject: string, type: string): BackingPath {
	checkHostPath(path, type, subject);
	return { path, isWritable: true, isHost: true };
}
