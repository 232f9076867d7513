/**
 * Lays out the paths of a pod below a directory, for machines without mount namespaces (`--root-dir`). Each volume is a
 * link into the driver's tree. A subPath is a copy, because it must not follow changes. The application finds the paths
 * by CONFIGMAPFS_ROOT.
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
/** File in the directory that lists what this run has created there. */
const RECORD = '.configmapfs';

export class RootDirectory implements Placement {
	readonly stage: string;
	readonly machineDirectory: string;
	readonly environment: RuntimeEnvironment;
	readonly #directory: string;
	readonly #runtime: RuntimeDirectory;
	/** Directories that this run has created: the directory itself, then its parents. */
	readonly #created: readonly string[];
	/** Descriptor of the record. */
	readonly #record: number;
	#files: string[] = [];
	#directories: string[] = [];
	#isClosed = false;

	/**
	 * `directory` is absolute. If it does not exist it is created, and removed at the end.
	 * Errors: MOUNT_POINT_INVALID if it cannot be used or is not empty, MOUNT_POINT_BUSY if another run uses it.
	 */
	constructor(directory: string, environment: RuntimeEnvironment) {
		this.#created = makeDirectory(directory);
		this.#directory = realpathSync.native(directory);
		// Without a record the content is not ours, so nothing may be written.
		if (!namesIn(this.#directory).includes(RECORD)) refuseContent(this.#directory);
		this.#record = takeRecord(this.#directory);
		try {
			refuseContent(this.#directory);
			this.#runtime = makeRuntimeDirectory(environment);
		} catch (error) {
			this.#release();
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
					`cannot place "${target}": it lies inside the volume at "${outer}", which --root-dir does not support; drop --root-dir`,
				);
			}
			this.#place(source, target, isFrozen === true);
			links.add(target);
		}
		ftruncateSync(this.#record);
		writeSync(this.#record, JSON.stringify(this.#layout), 0);
		return {
			within: (act) => act(),
			// A subPath that follows its object is a link.
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
				`cannot place "${target}" below "${this.#directory}": ${errorText(error)}; choose another --root-dir`,
				{ cause: error },
			);
		}
	}

	#makeParents(target: string): void {
		if (target === '/' || this.#directories.includes(target.slice(1))) return;
		this.#makeParents(dirname(target));
		const path = join(this.#directory, target);
		// The directory of the last start may still exist, because another process put a file into it.
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

	#release(): void {
		rmSync(join(this.#directory, RECORD), { force: true });
		closeSync(this.#record);
		for (const path of this.#created) removeIfEmpty(path);
	}

	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#clear();
		this.#release();
		this.#runtime.remove();
	}
}

/** Returns the directories that it created, the deepest first. */
function makeDirectory(directory: string): readonly string[] {
	try {
		return makeDirectories(directory);
	} catch (error) {
		throw new ConfigMapFsError(
			'MOUNT_POINT_INVALID',
			`cannot create "${directory}" for --root-dir: ${errorText(error)}; choose a directory that you may write to`,
			{ cause: error },
		);
	}
}

/** Errors: MOUNT_POINT_INVALID if the directory contains anything but the record. */
function refuseContent(directory: string): void {
	const first = namesIn(directory).find((name) => name !== RECORD);
	if (first !== undefined) throw unusable(directory, `it is not empty: it contains "${first}"`);
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
		`cannot use "${directory}" as --root-dir: ${reason}; choose an empty or a new directory`,
		{ cause },
	);
}

/**
 * Locks the record of the directory, and removes exactly what it lists, which a killed run has left. Returns its
 * descriptor. Errors: MOUNT_POINT_BUSY if another run uses the directory, MOUNT_POINT_INVALID.
 */
function takeRecord(directory: string): number {
	const fd = openRecord(directory);
	// A record without a name belongs to a run that has just ended.
	if (!tryLock(fd) || fstatSync(fd).nlink === 0) {
		closeSync(fd);
		throw new ConfigMapFsError(
			'MOUNT_POINT_BUSY',
			`cannot use "${directory}" as --root-dir: another run uses it; choose another directory`,
		);
	}
	removeLayout(directory, readLayout(fd));
	return fd;
}

/** Errors: MOUNT_POINT_INVALID if it cannot be written, or is another user's, who could list any file for removal. */
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
	throw unusable(directory, `"${RECORD}" in it belongs to another user's run`);
}

/** The created files and directories: paths relative to the directory; a parent comes before its children. */
interface Layout {
	readonly files: readonly string[];
	readonly directories: readonly string[];
}

function readLayout(fd: number): Layout {
	try {
		const { files, directories } = JSON.parse(readFileSync(fd, 'utf8')) as Layout;
		return { files: files.filter(isInside), directories: directories.filter(isInside) };
	} catch {
		// A new or truncated record lists nothing.
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

/** Copies the present content with its mode, so that a read-only file stays read-only. */
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
		// It is not empty, or gone already.
	}
}
