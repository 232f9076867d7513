/**
 * Creates directories for tests, on disk and on tmpfs, and removes them together with any mount below them.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WAIT_MS } from './until.js';

const made: string[] = [];

/** A new directory below the run's own TMPDIR; `mode` 0o777 lets another user in. */
export function temporaryDirectory(name = 'test', mode = 0o755): string {
	const path = mkdtempSync(join(realpathSync(tmpdir()), `cmfs-${name}-`));
	chmodSync(path, mode);
	made.push(path);
	return path;
}

/** A new directory on a tmpfs: one of its own where that can be mounted, else a directory in /dev/shm. */
export function tmpfsDirectory(name = 'tmpfs', mode = 0o755): string {
	const path = temporaryDirectory(name, mode);
	const options = `mode=${mode.toString(8)},size=256m`;
	const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'cmfs-test', path], { timeout: WAIT_MS });
	if (mounted.status === 0) return path;
	const shared = mkdtempSync(join('/dev/shm', `cmfs-${name}-`));
	chmodSync(shared, mode);
	made.push(shared);
	return shared;
}

/** Mount points at and below `path`, the innermost first. */
export function mountsBelow(path: string): readonly string[] {
	return readFileSync('/proc/self/mountinfo', 'utf8')
		.split('\n')
		.map((line) => unescapeField(line.split(' ')[4] ?? ''))
		.filter((point) => point === path || point.startsWith(`${path}/`))
		.reverse();
}

function unescapeField(text: string): string {
	return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * Detaches every mount at and below `path` and aborts its FUSE connection, so that no process stays stuck in it. Runs
 * umount as a child with a time-out, because the calls could hang. Only root can abort; other users end the server.
 */
export function detachBelow(path: string): void {
	const limits = { timeout: WAIT_MS, killSignal: 'SIGKILL' } as const;
	for (const point of mountsBelow(path)) {
		// --force aborts. Source: linux v6.12 fs/fuse/inode.c, fuse_umount_begin. Canonicalizing could hang.
		const detached = spawnSync('umount', ['--force', '--lazy', '--no-canonicalize', '--', point], limits);
		if (detached.status !== 0) spawnSync('fusermount3', ['-u', '-z', '--', point], limits);
	}
}

/** Call it in afterEach, after `stopAll` of mount-process. */
export function removeTemporaries(): void {
	for (const path of made.splice(0).reverse()) {
		detachBelow(path);
		if (mountsBelow(path).length === 0 && existsSync(path)) rmSync(path, { recursive: true, force: true });
	}
}
