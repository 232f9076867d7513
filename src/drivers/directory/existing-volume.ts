/**
 * The state of a directory that an earlier daemon, perhaps a killed one, or another writer has left. Only entries that
 * look like those of a volume are accepted.
 */

import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import { DATA_LINK, DATA_LINK_TMP } from '../../volume/content.js';
import type { FileProjection } from '../../volume/payload.js';
import { NEW_VOLUME, type VolumeState } from '../../volume/plan.js';
import { isSnapshotName } from '../../volume/snapshot-name.js';

/**
 * The state of the volume at `path`; undefined if there is no such directory. An incomplete flip is undone: a stale
 * `..data_tmp` and generations that `..data` does not point to are removed.
 * Errors: MOUNT_POINT_INVALID if the directory is not empty and not a volume.
 */
export function readExistingVolume(path: string): VolumeState | undefined {
	let names: readonly string[];
	try {
		names = readdirSync(path);
	} catch {
		return undefined;
	}
	const snapshot = linkTarget(join(path, DATA_LINK));
	if (snapshot === undefined || !isSnapshotName(snapshot)) {
		if (names.length === 0) return NEW_VOLUME;
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`"${path}" is neither empty nor a ConfigMap volume; choose an empty directory, or move its content away`,
		);
	}
	const links = new Set<string>();
	for (const name of names) {
		const entry = join(path, name);
		if (name === DATA_LINK_TMP || (isSnapshotName(name) && name !== snapshot))
			rmSync(entry, { recursive: true, force: true });
		else if (linkTarget(entry) === `${DATA_LINK}/${name}`) links.add(name);
	}
	const payload = new Map<string, FileProjection>();
	readFiles(join(path, snapshot), '', payload);
	return { snapshot, payload, links };
}

function linkTarget(path: string): string | undefined {
	try {
		return readlinkSync(path);
	} catch {
		return undefined;
	}
}

function readFiles(directory: string, prefix: string, payload: Map<string, FileProjection>): void {
	let names: readonly string[];
	try {
		names = readdirSync(directory);
	} catch {
		return;
	}
	for (const name of names) {
		const path = join(directory, name);
		const stat = lstatSync(path);
		if (stat.isDirectory()) readFiles(path, `${prefix}${name}/`, payload);
		else if (stat.isFile()) payload.set(prefix + name, { bytes: readFileSync(path), mode: stat.mode & 0o777 });
	}
}

/**
 * The volumes at and below `root`, incomplete ones included, as paths: "" for the root itself, "name",
 * "namespace/name".
 */
export function existingVolumes(root: string): readonly string[] {
	return sortContent(root).volumes;
}

/** Errors: MOUNT_POINT_INVALID if the directory contains anything except volumes. */
export function refuseForeignContent(root: string): void {
	const [first] = sortContent(root).foreign;
	if (first === undefined) return;
	throw new ConfigMapFsError(
		'MOUNT_POINT_INVALID',
		`"${root}" is not empty: "${first}" is not a volume of configmapfs; choose an empty directory, or move its content away`,
	);
}

function sortContent(root: string): { readonly volumes: readonly string[]; readonly foreign: readonly string[] } {
	const volumes: string[] = [];
	const foreign: string[] = [];
	/** Records the volume at `path`, or the foreign entries in it; false if it is not a volume. */
	const recordVolume = (path: string): boolean => {
		const others = foreignEntries(join(root, path));
		if (others === undefined) return false;
		if (others.length === 0) volumes.push(path);
		else foreign.push(...others.map((name) => join(path, name)));
		return true;
	};
	if (recordVolume('')) return { volumes, foreign };
	for (const name of directoriesOf(root, foreign, '')) {
		if (recordVolume(name)) continue;
		for (const child of directoriesOf(join(root, name), foreign, `${name}/`)) {
			if (!recordVolume(`${name}/${child}`)) foreign.push(`${name}/${child}`);
		}
	}
	return { volumes, foreign };
}

/** Names of directories; everything else is foreign. */
function directoriesOf(path: string, foreign: string[], prefix: string): readonly string[] {
	const names: string[] = [];
	for (const entry of readdirSync(path, { withFileTypes: true })) {
		if (entry.isDirectory()) names.push(entry.name);
		else foreign.push(prefix + entry.name);
	}
	return names;
}

/** Names of entries that are not a volume's own; undefined if the directory is not a volume: it has no generation. */
function foreignEntries(path: string): readonly string[] | undefined {
	const entries = readdirSync(path, { withFileTypes: true });
	if (!entries.some(({ name }) => isSnapshotName(name) || name === DATA_LINK)) return undefined;
	return entries.filter((entry) => !isWritersOwn(path, entry)).map(({ name }) => name);
}

function isWritersOwn(path: string, entry: Dirent): boolean {
	if (entry.isDirectory()) return isSnapshotName(entry.name);
	if (!entry.isSymbolicLink()) return false;
	if ([DATA_LINK, DATA_LINK_TMP].includes(entry.name)) return true;
	return linkTarget(join(path, entry.name)) === `${DATA_LINK}/${entry.name}`;
}
