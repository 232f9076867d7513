/**
 * Resolves a mountPath on this machine before anything is mounted: follows the links of its parents as the kernel does,
 * and finds the part of it that does not exist.
 */

import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { ConfigMapFsError, errorText, systemCode } from '../../../base/errors.js';

/** `path` is absolute; its existing part has no links. */
export type Target =
	| { readonly kind: 'existing'; readonly path: string }
	/** `below` is the deepest directory that exists. */
	| { readonly kind: 'missing'; readonly path: string; readonly below: string }
	/** Inside another mount of the plan, whose content is not known here. */
	| { readonly kind: 'nested'; readonly path: string; readonly inside: string };

/** The kernel's limit; a longer chain of links counts as a loop. Source: path_resolution(7). */
const MAX_LINKS = 40;

/**
 * `taken`: paths of the plan's earlier mounts, which are not mounted yet.
 * Errors: MOUNT_POINT_INVALID if nothing can be mounted there, or this user may not search a parent.
 */
export function resolveTarget(mountPath: string, taken: ReadonlySet<string>): Target {
	let links = 0;
	/** The directory that is reached; empty for the root. */
	let at = '';
	let rest = namesOf(mountPath);
	if (rest.length === 0) throw unusable(mountPath, 'it is the root directory', 'choose a mountPath below it');
	for (let [name] = rest; name !== undefined; [name] = rest) {
		rest = rest.slice(1);
		if (name === '..') {
			at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
			continue;
		}
		const path = `${at}/${name}`;
		const complete = [path, ...rest].join('/');
		if (taken.has(path)) return { kind: 'nested', path: complete, inside: path };
		const stat = statLink(path, mountPath);
		if (stat === undefined) {
			if (rest.includes('..'))
				throw unusable(mountPath, `"${path}" does not exist`, 'create it, or correct the link to it');
			return { kind: 'missing', path: complete, below: at === '' ? '/' : at };
		}
		if (stat.isSymbolicLink()) {
			if (++links > MAX_LINKS) throw unusable(mountPath, 'its symbolic links form a loop', 'correct them');
			const to = readlinkSync(path);
			if (to.startsWith('/')) at = '';
			rest = [...namesOf(to), ...rest];
		} else if (rest.length > 0 && !stat.isDirectory()) {
			throw unusable(mountPath, `"${path}" is not a directory`, 'choose another mountPath, or move it away');
		} else at = path;
	}
	return { kind: 'existing', path: at === '' ? '/' : at };
}

function namesOf(path: string): readonly string[] {
	return path.split('/').filter((name) => name !== '' && name !== '.');
}

function statLink(path: string, mountPath: string): Stats | undefined {
	try {
		return lstatSync(path, { throwIfNoEntry: false });
	} catch (error) {
		if (systemCode(error) !== 'EACCES') throw unusable(mountPath, errorText(error), 'choose another mountPath');
		const cure = 'run as root, or use --root-dir DIR';
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`cannot mount at "${mountPath}": permission denied at "${path}"; ${cure}`,
			{ cause: error },
		);
	}
}

function unusable(mountPath: string, reason: string, cure: string): ConfigMapFsError {
	return new ConfigMapFsError('MOUNT_POINT_INVALID', `cannot mount at "${mountPath}": ${reason}; ${cure}`);
}
