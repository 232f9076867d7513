/**
 * Resolves a subPath of a volume to a file or directory, as kubelet does at each start of a container: it follows links
 * inside the volume, refuses a link that leads outside, and creates a directory if nothing exists.
 * Source: kubelet v1.32 pkg/volume/util/subpath, doBindSubPath and SafeMakeDir.
 */

import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigMapFsError, systemCode } from '../../base/errors.js';
import type { PodWarning } from '../../pod/notices.js';
import { makeDirectoryWithin } from './writable-directory.js';

export interface SubPathRequest {
	readonly container: string;
	readonly volume: string;
	/** Backing path of the volume. */
	readonly root: string;
	/** Relative and clean. */
	readonly subPath: string;
	/** Creates a directory in a volume that this process serves; undefined: the volume is a plain directory. */
	readonly makeDirectory?: (path: string) => void;
}

export interface SubPathSource {
	readonly path: string;
	readonly warnings: readonly PodWarning[];
}

/** Errors: INPUT_INVALID if the subPath leads out of the volume, or cannot be created. */
export function subPathSource(request: SubPathRequest): SubPathSource {
	const { root, subPath, volume } = request;
	const base = realpathSync.native(root);
	const found = resolved(request);
	if (found !== undefined) return { path: inside(base, found, request), warnings: [] };
	const make = request.makeDirectory ?? ((path) => makeDirectoryWithin(root, path));
	try {
		make(subPath);
	} catch (error) {
		throw refused(request, error);
	}
	const text = `subPath "${subPath}" does not exist, so an empty directory is mounted, as kubelet does; correct the name`;
	const made = resolved(request);
	if (made === undefined) throw refused(request);
	const isFromObjects = request.makeDirectory !== undefined;
	return {
		path: inside(base, made, request),
		warnings: isFromObjects ? [{ field: `volume "${volume}"`, text }] : [],
	};
}

/** The file that a subPath leads to now, or undefined. Errors: INPUT_INVALID if it leads out of the volume. */
export function existingSubPath(request: SubPathRequest): string | undefined {
	const found = resolved(request);
	return found === undefined ? undefined : inside(realpathSync.native(request.root), found, request);
}

function resolved(request: SubPathRequest): string | undefined {
	try {
		return realpathSync.native(join(request.root, request.subPath));
	} catch (error) {
		if (systemCode(error) === 'ENOENT') return undefined;
		throw refused(request, error);
	}
}

function inside(base: string, path: string, request: SubPathRequest): string {
	if (path === base || path.startsWith(`${base}/`)) return path;
	throw refused(request);
}

/** Kubelet's text gives no details, because they would reveal paths of the node. */
function refused({ volume, container, subPath }: SubPathRequest, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError(
		'INPUT_INVALID',
		`failed to prepare subPath for volumeMount "${volume}" of container "${container}": "${subPath}" leads out of the ` +
			'volume, or a part of it is a file; correct it',
		{ cause },
	);
}
