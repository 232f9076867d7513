/**
 * What a subPath of a volume leads to, looked up once as kubelet does at every start of a container: links inside the
 * volume are followed, a link that leads outside is refused, and what is not there becomes a directory.
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
	/** Where the content of the volume is. */
	readonly root: string;
	/** Relative and clean. */
	readonly subPath: string;
	/** Makes a directory in a volume that this process shows; undefined: a plain one does. */
	readonly makeDirectory?: (path: string) => void;
}

export interface SubPathSource {
	readonly path: string;
	readonly warnings: readonly PodWarning[];
}

/** Errors: INPUT_INVALID when it leads out of the volume, or cannot be. */
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
	const text = `subPath "${subPath}" is not there, so it is an empty directory, as kubelet makes it; correct the name`;
	const made = resolved(request);
	if (made === undefined) throw refused(request);
	const isOwn = request.makeDirectory !== undefined;
	return {
		path: inside(base, made, request),
		warnings: isOwn ? [{ field: `volume "${volume}"`, text }] : [],
	};
}

/** What it leads to now; undefined: nothing is there. Errors: INPUT_INVALID when it leads out of the volume. */
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

/** Kubelet hides the details, because they would tell of the node. */
function refused({ volume, container, subPath }: SubPathRequest, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError(
		'INPUT_INVALID',
		`failed to prepare subPath for volumeMount "${volume}" of container "${container}": "${subPath}" leads out of the ` +
			'volume, or a part of it is a file; correct it',
		{ cause },
	);
}
