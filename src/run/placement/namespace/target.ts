/**
 * Where a mountPath leads on this machine, before anything is mounted: the links of its parents resolved as the kernel
 * does, and what of it does not exist.
 */

import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { ConfigMapFsError, errorText, systemCode } from '../../../base/errors.js';

/** `path` is absolute and without links, as far as it exists. */
export type Target =
	| { readonly kind: 'existing'; readonly path: string }
	/** `below` is the deepest directory that exists. */
	| { readonly kind: 'missing'; readonly path: string; readonly below: string }
	/** Inside another mount of the plan, whose content decides what is there. */
	| { readonly kind: 'nested'; readonly path: string; readonly inside: string };

/** As the kernel's: a chain of more links is a loop. Source: path_resolution(7). */
const MAX_LINKS = 40;

/**
 * `taken` holds the paths of the plan's earlier mounts, which are not there yet.
 * Errors: MOUNT_POINT_INVALID when nothing can be mounted there whoever asks, or when this user may not look.
 */
export function resolveTarget(mountPath: string, taken: ReadonlySet<string>): Target {
	let links = 0;
	/** Of the directory that is reached; empty text is the root. */
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
		const whole = [path, ...rest].join('/');
		if (taken.has(path)) return { kind: 'nested', path: whole, inside: path };
		const stat = look(path, mountPath);
		if (stat === undefined) {
			if (rest.includes('..')) throw unusable(mountPath, `"${path}" does not exist`, 'make it, or mend the link to it');
			return { kind: 'missing', path: whole, below: at === '' ? '/' : at };
		}
		if (stat.isSymbolicLink()) {
			if (++links > MAX_LINKS) throw unusable(mountPath, 'its symbolic links go round in circles', 'mend them');
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

function look(path: string, mountPath: string): Stats | undefined {
	try {
		return lstatSync(path, { throwIfNoEntry: false });
	} catch (error) {
		if (systemCode(error) !== 'EACCES') throw unusable(mountPath, errorText(error), 'choose another mountPath');
		const cure = 'run as root, or use --root-dir DIR';
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`Cannot mount at "${mountPath}": permission denied at "${path}"; ${cure}`,
			{ cause: error },
		);
	}
}

function unusable(mountPath: string, reason: string, cure: string): ConfigMapFsError {
	return new ConfigMapFsError('MOUNT_POINT_INVALID', `Cannot mount at "${mountPath}": ${reason}; ${cure}`);
}
