/**
 * The mount table of this mount namespace: reads it, and unmounts mounts of this program, dead ones included.
 * Source: proc(5), /proc/PID/mountinfo.
 */

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ConfigMapFsError, errorText, systemCode } from '../base/errors.js';
import { MOUNT_TYPE } from '../journal/server-protocol.js';
import { MNT, umount2 } from '../native/libc.js';

export interface MountEntry {
	readonly id: number;
	/** Unescaped. */
	readonly mountPoint: string;
	readonly type: string;
	/** `major:minor` of the file system. */
	readonly device: string;
	/** Options of this mount, not of its file system: `ro`, `nosuid` and others. */
	readonly options: readonly string[];
}

/** Every mount of this namespace in the order of the table: the last one on a mount point is on top. */
export function readMountTable(text = readFileSync('/proc/self/mountinfo', 'utf8')): readonly MountEntry[] {
	const entries: MountEntry[] = [];
	for (const line of text.split('\n')) {
		const fields = line.split(' ');
		const separator = fields.indexOf('-', 6);
		const [id, , device, , mountPoint, options = ''] = fields;
		const type = fields[separator + 1];
		if (separator < 0 || id === undefined || device === undefined || mountPoint === undefined || type === undefined)
			continue;
		entries.push({ id: Number(id), device, mountPoint: unescapeField(mountPoint), type, options: options.split(',') });
	}
	return entries;
}

/** Octal escapes of space, tab, newline and backslash. */
function unescapeField(text: string): string {
	return text.includes('\\')
		? text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
		: text;
}

export function isOurs(entry: MountEntry): boolean {
	return entry.type === MOUNT_TYPE;
}

/** The topmost mount on exactly this path. Requires: an absolute, canonical path. */
export function findMount(mountPoint: string): MountEntry | undefined {
	return readMountTable().findLast((entry) => entry.mountPoint === mountPoint);
}

/** A mount as its creator knows it. */
export type KnownMount = Pick<MountEntry, 'id' | 'device' | 'mountPoint'>;

/**
 * The present entry of a mount, which may be covered by another mount: directories above it may have been renamed, and
 * in a copy of the mount namespace it has another id. Undefined if it is not mounted any more.
 */
export function locateMount({ id, device, mountPoint }: KnownMount): MountEntry | undefined {
	const same = readMountTable().filter((entry) => entry.device === device);
	return same.find((entry) => entry.id === id) ?? same.findLast((entry) => entry.mountPoint === mountPoint);
}

/** As `locateMount`, but undefined if another mount covers it. */
export function locateTopMount(mount: KnownMount): MountEntry | undefined {
	const entry = locateMount(mount);
	return entry !== undefined && findMount(entry.mountPoint)?.id === entry.id ? entry : undefined;
}

/** Unit: milliseconds. */
const PROBE_MS = 2000;

/**
 * Whether the file system of a mount still answers. A child process sends the request and is abandoned if it gets no
 * answer: a process that waits for a server which has read its request and never answers cannot be killed.
 */
export function probeMount(mountPoint: string): Promise<'alive' | 'dead' | 'hanging'> {
	return new Promise((resolve, reject) => {
		const child = spawn('stat', ['-f', '--', mountPoint], {
			env: { ...process.env, LC_ALL: 'C' },
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		let errorOutput = '';
		child.stderr.on('data', (chunk: Buffer) => {
			errorOutput += chunk.toString();
		});
		const timer = setTimeout(() => {
			child.kill('SIGKILL');
			child.stderr.destroy();
			child.unref();
			resolve('hanging');
		}, PROBE_MS);
		child.on('error', reject);
		child.on('close', (status) => {
			clearTimeout(timer);
			resolve(status !== 0 && /not connected|abort/i.test(errorOutput) ? 'dead' : 'alive');
		});
	});
}

/** `gently` fails if the mount is in use; `lazily` detaches it; `forcibly` also aborts waiting requests. */
export type UnmountMode = 'gently' | 'lazily' | 'forcibly';

const FLAGS: Readonly<Record<UnmountMode, number>> = {
	gently: 0,
	lazily: MNT.DETACH,
	forcibly: MNT.DETACH | MNT.FORCE,
};

/**
 * Unmounts the topmost mount on `mountPoint`; false if it is in use and `mode` is `gently`.
 * Errors: UNMOUNT_REFUSED.
 */
export function unmountPath(mountPoint: string, mode: UnmountMode): boolean {
	try {
		umount2(mountPoint, FLAGS[mode] | MNT.NOFOLLOW);
		return true;
	} catch (error) {
		const code = systemCode(error);
		if (code === 'EBUSY') return false;
		if (code !== 'EPERM') {
			throw new ConfigMapFsError('UNMOUNT_REFUSED', `cannot unmount "${mountPoint}": ${errorText(error)}`, {
				cause: error,
			});
		}
	}
	const args = mode === 'gently' ? ['-u', '--', mountPoint] : ['-u', '-z', '--', mountPoint];
	const env = { ...process.env, LC_ALL: 'C' };
	const result = spawnSync('fusermount3', args, { encoding: 'utf8', env, stdio: ['ignore', 'ignore', 'pipe'] });
	if (result.status === 0) return true;
	if (systemCode(result.error) === 'ENOENT') {
		throw new ConfigMapFsError(
			'UNMOUNT_REFUSED',
			`cannot unmount "${mountPoint}": not permitted, and fusermount3 is not installed; run as root`,
		);
	}
	if (/busy/i.test(result.stderr)) return false;
	const reason = result.error === undefined ? helperText(result.stderr) : errorText(result.error);
	const cure = /not found in|not permitted/.test(reason)
		? '; only root and the user who mounted it may unmount it'
		: '';
	throw new ConfigMapFsError('UNMOUNT_REFUSED', `cannot unmount "${mountPoint}": ${reason}${cure}`);
}

/** The error output of fusermount3 in one line, without its name. */
export function helperText(text: string): string {
	return text
		.trim()
		.replace(/^fusermount3: /gm, '')
		.replaceAll('\n', '; ');
}
