/**
 * A pod's paths laid out below a directory, for machines without mount namespaces: each volume is a link into the tree
 * of a driver, and what a subPath leads to is a copy, because it stays as it is. The application finds them by
 * CONFIGMAPFS_ROOT.
 */

import {
	chmodSync,
	closeSync,
	constants,
	copyFileSync,
	cpSync,
	fstatSync,
	ftruncateSync,
	lstatSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmdirSync,
	rmSync,
	statSync,
	symlinkSync,
	writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../../base/directories.js';
import { ConfigMapFsError, errorText } from '../../base/errors.js';
import {
	makeRuntimeDirectory,
	type RuntimeDirectory,
	type RuntimeEnvironment,
} from '../../mounts/runtime-directory.js';
import { tryLock } from '../../native/libc.js';
import type { PlannedMount } from './namespace/planned-mount.js';
import type { PlacedApplication, Placement } from './placement.js';

export const ROOT_VARIABLE = 'CONFIGMAPFS_ROOT';
/** In the directory, while a run uses it. */
const RECORD = '.configmapfs';

export class RootDirectory implements Placement {
	readonly stage: string;
	readonly machineDirectory: string;
	readonly environment: RuntimeEnvironment;
	readonly #directory: string;
	readonly #runtime: RuntimeDirectory;
	/** Directories that were not there: this one, then its parents. */
	readonly #made: readonly string[];
	/** Of the file that says what was put below the directory. */
	readonly #record: number;
	#files: string[] = [];
	#directories: string[] = [];
	#isClosed = false;

	/**
	 * `directory` is absolute; it is made where it is not there, and removed then.
	 * Errors: MOUNT_POINT_INVALID when it cannot be used, or something is in it.
	 */
	constructor(directory: string, environment: RuntimeEnvironment) {
		this.#made = makeDirectory(directory);
		this.#directory = realpathSync.native(directory);
		// Nothing is written where something is that no run has put there.
		if (!namesIn(this.#directory).includes(RECORD)) refuseFull(this.#directory);
		this.#record = takeRecord(this.#directory);
		try {
			refuseFull(this.#directory);
			this.#runtime = makeRuntimeDirectory(environment);
		} catch (error) {
			this.#giveBack();
			throw error;
		}
		this.stage = this.#runtime.path;
		this.machineDirectory = this.stage;
		this.environment = { ...environment, xdgRuntimeDirectory: this.stage, temporary: this.stage };
	}

	build(plan: readonly PlannedMount[]): PlacedApplication {
		this.#clear();
		const links = new Set<string>();
		for (const { source, target, isFrozen } of plan) {
			const outer = [...links].find((link) => target.startsWith(`${link}/`));
			if (outer !== undefined) {
				throw new ConfigMapFsError(
					'MOUNT_POINT_INVALID',
					`Cannot place "${target}": it lies inside the volume at "${outer}", which --root-dir cannot do; leave --root-dir out`,
				);
			}
			this.#place(source, target, isFrozen === true);
			links.add(target);
		}
		ftruncateSync(this.#record);
		writeSync(this.#record, JSON.stringify(this.#layout), 0);
		return {
			within: (act) => act(),
			// What is to follow is a link.
			replace() {},
			members: () => [],
			copyOnWrite: [],
			unreachable: [],
			variables: { [ROOT_VARIABLE]: this.#directory },
			close() {},
		};
	}

	#place(source: string, target: string, isFrozen: boolean): void {
		const path = join(this.#directory, target);
		try {
			this.#makeParents(dirname(target));
			this.#files.push(target.slice(1));
			if (isFrozen) copy(source, path);
			else symlinkSync(source, path);
		} catch (error) {
			throw new ConfigMapFsError(
				'MOUNT_POINT_INVALID',
				`Cannot place "${target}" below "${this.#directory}": ${errorText(error)}; choose another --root-dir`,
				{ cause: error },
			);
		}
	}

	#makeParents(target: string): void {
		if (target === '/' || this.#directories.includes(target.slice(1))) return;
		this.#makeParents(dirname(target));
		const path = join(this.#directory, target);
		// The last start's may still be there, because something was put into it.
		if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) mkdirSync(path);
		this.#directories.push(target.slice(1));
	}

	get #layout(): Layout {
		return { files: this.#files, directories: this.#directories };
	}

	#clear(): void {
		removeLayout(this.#directory, this.#layout);
		this.#files = [];
		this.#directories = [];
	}

	#giveBack(): void {
		rmSync(join(this.#directory, RECORD), { force: true });
		closeSync(this.#record);
		for (const path of this.#made) removeIfEmpty(path);
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#clear();
		this.#giveBack();
		this.#runtime.remove();
	}
}

/** Returns what it had to make, the deepest first. */
function makeDirectory(directory: string): readonly string[] {
	try {
		return makeDirectories(directory);
	} catch (error) {
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`Cannot make "${directory}" for --root-dir: ${errorText(error)}; choose a directory that you may write`,
			{ cause: error },
		);
	}
}

/** Errors: MOUNT_POINT_INVALID when anything but the record is in it. */
function refuseFull(directory: string): void {
	const first = namesIn(directory).find((name) => name !== RECORD);
	if (first !== undefined) throw unusable(directory, `it is not empty, "${first}" is there`);
}

function namesIn(directory: string): readonly string[] {
	try {
		return readdirSync(directory);
	} catch (error) {
		throw unusable(directory, errorText(error), error);
	}
}

function unusable(directory: string, reason: string, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError(
		'MOUNT_POINT_INVALID',
		`Cannot use "${directory}" as --root-dir: ${reason}; choose an empty or a new directory`,
		{ cause },
	);
}

/**
 * Takes the record of the directory, after removing what a killed run says there that it made, and nothing else.
 * Errors: MOUNT_POINT_BUSY when another run has it, MOUNT_POINT_INVALID.
 */
function takeRecord(directory: string): number {
	const fd = openRecord(directory);
	// Without a name it is that of a run that has just ended.
	if (!tryLock(fd) || fstatSync(fd).nlink === 0) {
		closeSync(fd);
		throw new ConfigMapFsError(
			'MOUNT_POINT_BUSY',
			`Cannot use "${directory}" as --root-dir: another run has it; choose another directory`,
		);
	}
	removeLayout(directory, readLayout(fd));
	return fd;
}

/** Errors: MOUNT_POINT_INVALID when it cannot be written, or is somebody else's, who could have anything removed. */
function openRecord(directory: string): number {
	const path = join(directory, RECORD);
	let fd: number;
	try {
		fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
	} catch (error) {
		throw unusable(directory, errorText(error), error);
	}
	if (fstatSync(fd).uid === process.getuid?.()) return fd;
	closeSync(fd);
	throw unusable(directory, `"${RECORD}" in it is of another user's run`);
}

/** What was put below the directory: paths relative to it; directories with the deepest last. */
interface Layout {
	readonly files: readonly string[];
	readonly directories: readonly string[];
}

function readLayout(fd: number): Layout {
	try {
		const { files, directories } = JSON.parse(readFileSync(fd, 'utf8')) as Layout;
		return { files: files.filter(isInside), directories: directories.filter(isInside) };
	} catch {
		// New, or cut short: nothing is known to be ours.
		return { files: [], directories: [] };
	}
}

function isInside(path: unknown): path is string {
	return typeof path === 'string' && path.split('/').every((name) => !['', '.', '..'].includes(name));
}

function removeLayout(directory: string, { files, directories }: Layout): void {
	for (const path of files) rmSync(join(directory, path), { recursive: true, force: true });
	for (const path of [...directories].reverse()) removeIfEmpty(join(directory, path));
}

/** As it is now; its mode is kept, so that what is not writable stays so. */
function copy(source: string, path: string): void {
	const stat = statSync(source);
	if (stat.isDirectory()) cpSync(source, path, { recursive: true, dereference: true });
	else copyFileSync(source, path);
	chmodSync(path, stat.mode & 0o7777);
}

function removeIfEmpty(path: string): void {
	try {
		rmdirSync(path);
	} catch {
		// Somebody put something there.
	}
}
