/**
 * The `type` of a hostPath: what must be there, and what is made where it is not. Only with consent to use the
 * machine's own directories. Source: kubelet v1.32 pkg/volume/hostpath, checkTypeInternal and makeDir, makeFile.
 */

import { closeSync, constants, openSync, type Stats, statSync } from 'node:fs';
import { makeDirectories } from '../../base/directories.js';
import { ConfigMapFsError, errorText } from '../../base/errors.js';

interface HostPathType {
	readonly is: (stat: Stats) => boolean;
	/** Completes "… is not a …". */
	readonly noun: string;
	readonly make?: (path: string) => void;
}

const DIRECTORY: HostPathType = { is: (stat) => stat.isDirectory(), noun: 'directory' };
const FILE: HostPathType = { is: (stat) => stat.isFile(), noun: 'file' };

/** Empty text, which asks for nothing, has none. */
const TYPES: Readonly<Record<string, HostPathType>> = {
	Directory: DIRECTORY,
	DirectoryOrCreate: { ...DIRECTORY, make: (path) => void makeDirectories(path, 0o755) },
	File: FILE,
	FileOrCreate: { ...FILE, make: (path) => closeSync(openSync(path, constants.O_CREAT | constants.O_WRONLY, 0o644)) },
	Socket: { is: (stat) => stat.isSocket(), noun: 'socket file' },
	CharDevice: { is: (stat) => stat.isCharacterDevice(), noun: 'character device' },
	BlockDevice: { is: (stat) => stat.isBlockDevice(), noun: 'block device' },
};

/**
 * Makes sure that what the volume asks for is there; `what` names it for people.
 * Errors: INPUT_MISSING, INPUT_INVALID with kubelet's text for another kind of file.
 */
export function checkHostPath(path: string, type: string, what: string): void {
	const wanted = TYPES[type];
	let stat: Stats | undefined;
	try {
		stat = statSync(path, { throwIfNoEntry: false });
		if (stat === undefined && wanted?.make !== undefined) {
			wanted.make(path);
			stat = statSync(path);
		}
	} catch (error) {
		throw unusable(what, errorText(error), 'make it first', error);
	}
	if (stat === undefined) throw unusable(what, 'there is no such file or directory', 'make it first');
	if (wanted === undefined || wanted.is(stat)) return;
	const text = `${what} cannot be used: hostPath type check failed: ${path} is not a ${wanted.noun}`;
	throw new ConfigMapFsError('INPUT_INVALID', `${text}; correct its type or its path`);
}

function unusable(what: string, reason: string, cure: string, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_MISSING', `${what} cannot be used: ${reason}; ${cure}`, { cause });
}
