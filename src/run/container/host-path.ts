/**
 * Checks the `type` of a hostPath: which kind of file must exist, and which is created if it is missing. Used only
 * after the user has allowed directories of this machine.
 * Source: kubelet v1.32 pkg/volume/hostpath, checkTypeInternal and makeDir, makeFile.
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

/** By type. An empty type makes no check, so it has no entry. */
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
 * Checks that the file exists and has the right type; `subject` names it in errors.
 * Errors: INPUT_MISSING, INPUT_INVALID with kubelet's text for another kind of file.
 */
export function checkHostPath(path: string, type: string, subject: string): void {
	const wanted = TYPES[type];
	let stat: Stats | undefined;
	try {
		stat = statSync(path, { throwIfNoEntry: false });
		if (stat === undefined && wanted?.make !== undefined) {
			wanted.make(path);
			stat = statSync(path);
		}
	} catch (error) {
		throw unusable(subject, errorText(error), 'create it first', error);
	}
	if (stat === undefined) throw unusable(subject, 'no such file or directory', 'create it first');
	if (wanted === undefined || wanted.is(stat)) return;
	const text = `${subject} cannot be used: hostPath type check failed: ${path} is not a ${wanted.noun}`;
	throw new ConfigMapFsError('INPUT_INVALID', `${text}; correct its type or its path`);
}

function unusable(subject: string, reason: string, cure: string, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_MISSING', `${subject} cannot be used: ${reason}; ${cure}`, { cause });
}
