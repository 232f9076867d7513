/** Rules of `lint` for mounts with a subPath. Pure. */

import type { RuleFinding } from './finding.js';
import { findObject, objectReferences } from './object-reference.js';
import { type SubPathMount, subPathMount } from './sub-path-mount.js';
import type { LintSubject, SubjectVolume } from './subject.js';

/** Whether the content can change while a container runs. */
function canChange({ volume, field }: SubjectVolume, { objects }: LintSubject): boolean {
	const references = objectReferences([], [{ volume, field }]);
	if (references.length === 0) return true;
	return references.some(({ kind, name }) => findObject(objects, kind, name)?.immutable !== true);
}

function* subPathMounts(subject: LintSubject): Iterable<SubPathMount> {
	for (const { mounts } of subject.containers) {
		for (const mount of mounts) {
			const part = subPathMount(mount);
			if (part !== undefined) yield part;
		}
	}
}

/** A file that is bound at the start of the container stays that file. */
export function* subPathNeverUpdates(subject: LintSubject): Iterable<RuleFinding> {
	for (const { volume, field, written, kind } of subPathMounts(subject)) {
		if (kind === 'directory' || kind === 'nothing' || !canChange(volume, subject)) continue;
		yield {
			severity: 'warning',
			field,
			text:
				`"${written}" of volume "${volume.volume.name}" is bound when the container starts and never updates: ` +
				'the container keeps the first content until it restarts',
			cure: 'mount the directory and read the file in it, or restart the container on a change',
		};
	}
}

/** A directory of a generation loses its files with the next generation. */
export function* subPathDirectoryEmpties(subject: LintSubject): Iterable<RuleFinding> {
	for (const { volume, field, written, kind } of subPathMounts(subject)) {
		if (kind !== 'directory' || !canChange(volume, subject)) continue;
		yield {
			severity: 'warning',
			field,
			text:
				`the directory "${written}" of volume "${volume.volume.name}" never updates: after the first change it is EMPTY ` +
				'in the running container, because kubelet deletes the bound directory',
			cure: 'mount the entire volume, with items to select its files',
		};
	}
}

/** The usual "my file became a directory". */
export function* subPathMissing(subject: LintSubject): Iterable<RuleFinding> {
	for (const { volume, field, written, kind } of subPathMounts(subject)) {
		if (kind !== 'nothing') continue;
		yield {
			severity: 'error',
			field,
			text: `volume "${volume.volume.name}" has no "${written}": kubelet creates an empty directory of this name and mounts it`,
			cure: 'refer to a file or directory of the volume, or add the key',
		};
	}
}
