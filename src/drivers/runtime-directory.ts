/**
 * A private directory in memory for the journal and the hidden mount of one daemon, and the removal of what killed
 * daemons left. A lock on a file says that the owner lives.
 */

import {
	accessSync,
	closeSync,
	constants,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	renameSync,
	rmdirSync,
	rmSync,
	statfsSync,
} from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../native/libc.js';
import { readMountTable, unmountPath } from './mount-table.js';

const TMPFS_MAGIC = 0x01021994;
const LOCK = 'lock';

export interface RuntimeDirectory {
	readonly path: string;
	/** Removes it with everything in it. */
	remove(): void;
}

/** The first of the usual places that is in memory and writable; `temporary` is used where none is. */
function base(environment: RuntimeEnvironment): string {
	const { xdgRuntimeDirectory, uid, temporary } = environment;
	const places = [
		...(xdgRuntimeDirectory === undefined ? [] : [{ parent: xdgRuntimeDirectory, name: 'configmapfs' }]),
		{ parent: '/run', name: 'configmapfs' },
		{ parent: '/dev/shm', name: `configmapfs-${uid}` },
	];
	for (const { parent, name } of places) {
		try {
			if (statfsSync(parent).type === TMPFS_MAGIC) return makeOwn(join(parent, name));
		} catch {
			// Not there, or not ours to write: the next place.
		}
	}
	return makeOwn(join(temporary, `configmapfs-${uid}`));
}

/** Errors: the system error when the directory cannot be made or is somebody else's. */
function makeOwn(path: string): string {
	mkdirSync(path, { mode: 0o700, recursive: true });
	accessSync(path, constants.W_OK);
	return path;
}

export interface RuntimeEnvironment {
	readonly uid: number;
	/** `$XDG_RUNTIME_DIR`. */
	readonly xdgRuntimeDirectory: string | undefined;
	/** The directory for temporary files. */
	readonly temporary: string;
}

/** Makes a directory of mode 0700 that nobody else has, after removing those whose owners are gone. */
export function makeRuntimeDirectory(environment: RuntimeEnvironment): RuntimeDirectory {
	const { parent, path } = makeNew(environment);
	removeAbandoned(parent, path);
	// Locked before it has its name, so that nobody ever finds it unlocked while its owner lives.
	const unnamed = join(path, `${LOCK}.new`);
	const lock = openSync(unnamed, 'w', 0o600);
	tryLock(lock);
	renameSync(unnamed, join(path, LOCK));
	return {
		path,
		remove() {
			rmSync(path, { recursive: true, force: true });
			closeSync(lock);
			try {
				rmdirSync(parent);
			} catch {
				// Other mounts of this user live there.
			}
		},
	};
}

/** Tries again when the last mount that ends takes the common parent away in between. */
function makeNew(environment: RuntimeEnvironment): { readonly parent: string; readonly path: string } {
	for (let tries = 0; ; tries++) {
		const parent = base(environment);
		try {
			return { parent, path: mkdtempSync(join(parent, 'mount-')) };
		} catch (error) {
			if (tries === 3) throw error;
		}
	}
}

function removeAbandoned(parent: string, own: string): void {
	const mounts = readMountTable();
	for (const name of readdirSync(parent)) {
		const path = join(parent, name);
		if (!name.startsWith('mount-') || path === own) continue;
		try {
			const lock = openSync(join(path, LOCK), 'r');
			const abandoned = tryLock(lock);
			if (abandoned) {
				for (const mount of mounts)
					if (mount.mountPoint.startsWith(`${path}/`)) unmountPath(mount.mountPoint, 'forcibly');
				rmSync(path, { recursive: true, force: true });
			}
			closeSync(lock);
		} catch {
			// It is being made or removed this very moment by its owner.
		}
	}
}
