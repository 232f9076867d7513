/**
 * Obtains a mounted /dev/fuse descriptor: by mount(2), or from fusermount3.
 * Thread: the server's main thread, before it serves; nothing here touches the mounted tree.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { ConfigMapFsError, type ErrorCode, errorText, systemCode } from '../../base/errors.js';
import { MOUNT_SOURCE, type ServerConfig } from '../../journal/server-protocol.js';
import { FUSE_DEVICE, FUSE_FAULTS, fuseDeviceError, fuseError } from '../../mounts/fuse-device.js';
import { helperText } from '../../mounts/mount-table.js';
import { MS, mount, receiveFileDescriptor, socketPair } from '../../native/libc.js';

/** Returns the descriptor. Errors: FUSE_DEVICE_MISSING, FUSE_DEVICE_DENIED, MOUNT_REFUSED. */
export async function openMounted(config: ServerConfig): Promise<number> {
	return config.method === 'mount' ? mountDirectly(config) : await mountByHelper(config);
}

function mountDirectly(config: ServerConfig): number {
	const fd = openDevice();
	const uid = process.getuid?.() ?? 0;
	const gid = process.getgid?.() ?? 0;
	const options = [`fd=${fd}`, 'rootmode=40000', `user_id=${uid}`, `group_id=${gid}`, 'default_permissions'];
	if (config.allowOther) options.push('allow_other');
	try {
		// The subtype becomes part of the type in the mount table.
		mount(MOUNT_SOURCE, config.mountPoint, 'fuse.configmapfs', MS.NOSUID | MS.NODEV | MS.NOATIME, options.join(','));
	} catch (error) {
		closeSync(fd);
		if (systemCode(error) === 'EPERM') {
			const { problem, ...fault } = FUSE_FAULTS.mountDenied;
			throw fuseError({ ...fault, problem: `cannot mount on "${config.publicMountPoint}": ${problem}` }, error);
		}
		throw new ConfigMapFsError('MOUNT_REFUSED', `cannot mount on "${config.publicMountPoint}": ${errorText(error)}`, {
			cause: error,
		});
	}
	return fd;
}

function openDevice(): number {
	try {
		return openSync(FUSE_DEVICE, 'r+');
	} catch (error) {
		throw fuseDeviceError(error);
	}
}

/** Source: fusermount3 of fuse 3.14; it reads the socket's number from _FUSE_COMMFD and answers with one byte and SCM_RIGHTS. */
async function mountByHelper(config: ServerConfig): Promise<number> {
	const [ours, theirs] = socketPair();
	const options = [
		'rw',
		'nosuid',
		'nodev',
		'noatime',
		'default_permissions',
		`fsname=${MOUNT_SOURCE}`,
		`subtype=${MOUNT_SOURCE}`,
	];
	if (config.allowOther) options.push('allow_other');
	const args = ['-o', options.join(','), '--', config.mountPoint];
	const helper = spawn('fusermount3', args, {
		env: { ...process.env, LC_ALL: 'C', _FUSE_COMMFD: '3' },
		stdio: ['ignore', 'ignore', 'pipe', theirs],
	});
	let text = '';
	helper.stderr?.on('data', (chunk: Buffer) => {
		text += chunk.toString();
	});
	try {
		await once(helper, 'close');
	} catch (error) {
		closeSync(ours);
		closeSync(theirs);
		if (systemCode(error) !== 'ENOENT') throw error;
		throw fuseError(FUSE_FAULTS.noHelper, error);
	}
	closeSync(theirs);
	const fd = receiveFileDescriptor(ours);
	closeSync(ours);
	if (fd === undefined) throw helperRefused(config.mountPoint, text.trim());
	return fd;
}

interface Complaint {
	readonly pattern: RegExp;
	/** Default: MOUNT_REFUSED. */
	readonly code?: ErrorCode;
	readonly cure: string;
}

/** Messages of fusermount3 with their cures; the first that matches counts. Source: fuse 3.14 util/fusermount.c. */
const COMPLAINTS: readonly Complaint[] = [
	{ pattern: /user_allow_other/, cure: 'add the line "user_allow_other" to /etc/fuse.conf, or drop --allow-other' },
	{ pattern: /no write access to mountpoint/, cure: 'choose a directory that you own' },
	{ pattern: /bad mount point|failed to access mountpoint/, cure: 'choose a directory that you own' },
	{ pattern: /mounting over filesystem type/, cure: 'choose a directory on another file system, such as your home' },
	{ pattern: /too many FUSE filesystems/, cure: 'unmount some, or raise "mount_max = N" in /etc/fuse.conf' },
	{ pattern: /could not determine username/, cure: 'add this user id to /etc/passwd, or use --driver directory' },
	{ pattern: /device not found/, ...FUSE_FAULTS.noModule },
	{ pattern: /open \/dev\/fuse: Permission denied/, ...FUSE_FAULTS.denied },
	{ pattern: /Operation not permitted/, ...FUSE_FAULTS.helperNotSetuid },
];

function helperRefused(mountPoint: string, text: string): ConfigMapFsError {
	const reason = helperText(text) || 'no reason given';
	const known = COMPLAINTS.find(({ pattern }) => pattern.test(text));
	const cure = known === undefined ? '' : `; ${known.cure}`;
	return new ConfigMapFsError(
		known?.code ?? 'MOUNT_REFUSED',
		`cannot mount on "${mountPoint}": fusermount3 reports "${reason}"${cure}`,
	);
}
