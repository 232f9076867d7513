/**
 * The daemons of this user that `unmount` finds without a mount table: each has a record in the runtime directory's
 * parent and holds a lock on it while it lives.
 */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../native/libc.js';
import { type RuntimeEnvironment, removeIfEmpty, runtimeParent } from './runtime-directory.js';

export interface DaemonRecord {
	/** Absolute and canonical. */
	readonly mountPoint: string;
	readonly pid: number;
}

/** The record of this process. */
export interface Registration {
	/** Removes the record. */
	end(): void;
}

const PREFIX = 'daemon-';

/** A hash, because a path may be longer than a file name. */
function recordPath(parent: string, mountPoint: string): string {
	return join(parent, PREFIX + createHash('sha256').update(mountPoint).digest('hex').slice(0, 32));
}

/** Registers this process; the registration ends with the process. Errors: MOUNT_POINT_INVALID; the system error. */
export function registerDaemon(environment: RuntimeEnvironment, mountPoint: string): Registration {
	const parent = runtimeParent(environment);
	const path = recordPath(parent, mountPoint);
	// Locked before it has its name, so that a record without a lock is never that of a living daemon.
	const unnamed = `${path}.${process.pid}`;
	const record = openSync(unnamed, 'w', 0o600);
	tryLock(record);
	writeSync(record, JSON.stringify({ mountPoint, pid: process.pid } satisfies DaemonRecord));
	renameSync(unnamed, path);
	return {
		end() {
			rmSync(path, { force: true });
			closeSync(record);
			removeIfEmpty(parent);
		},
	};
}

/** The living daemons; removes the records of killed ones. Errors: MOUNT_POINT_INVALID. */
export function registeredDaemons(environment: RuntimeEnvironment): readonly DaemonRecord[] {
	const parent = runtimeParent(environment);
	const daemons: DaemonRecord[] = [];
	for (const name of readdirSync(parent)) {
		if (!name.startsWith(PREFIX)) continue;
		const path = join(parent, name);
		try {
			const record = openSync(path, 'r');
			if (tryLock(record)) rmSync(path, { force: true });
			else daemons.push(JSON.parse(readFileSync(record, 'utf8')) as DaemonRecord);
			closeSync(record);
		} catch {
			// The daemon creates or removes it at this moment.
		}
	}
	removeIfEmpty(parent);
	return daemons;
}
