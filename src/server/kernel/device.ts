/**
 * Obtains a mounted /dev/fuse descriptor: by mount(2), or from fusermount3. The only file that knows how.
 * Thread: the server's, before it serves; nothing here touches the mounted tree.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { ConfigMapFsError, type ErrorCode, errorText, systemCode } from '../../base/errors.js';
import { MOUNT_SOURCE, type ServerConfig } from '../../journal/server-protocol.js';
import { helperText } from '../../mounts/mount-table.js';
import { MS, mount, receiveFileDescriptor, socketPair } from '../../native/libc.js';

const DEVICE = '/dev/fuse';

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
		// The subtype makes the mount table say "fuse.configmapfs".
		mount(MOUNT_SOURCE, config.mountPoint, 'fuse.configmapfs', MS.NOSUID | MS.NODEV | MS.NOATIME, options.join(','));
	} catch (error) {
		closeSync(fd);
		if (systemCode(error) === 'EPERM') {
			throw new ConfigMapFsError(
				'FUSE_DEVICE_DENIED',
				`Cannot mount on "${config.publicMountPoint}": operation not permitted; run as root, in a container with ` +
					'"--cap-add SYS_ADMIN", inside "unshare -Urm", or use --driver directory',
				{ cause: error },
			);
		}
		throw new ConfigMapFsError('MOUNT_REFUSED', `Cannot mount on "${config.publicMountPoint}": ${errorText(error)}`, {
			cause: error,
		});
	}
	return fd;
}

function openDevice(): number {
	try {
		return openSync(DEVICE, 'r+');
	} catch (error) {
		if (systemCode(error) === 'EACCES' || systemCode(error) === 'EPERM') {
			throw new ConfigMapFsError(
				'FUSE_DEVICE_DENIED',
				`Cannot open ${DEVICE}: permission denied; run as root, or "chmod 666 ${DEVICE}", or use --driver directory`,
				{ cause: error },
			);
		}
		throw new ConfigMapFsError(
			'FUSE_DEVICE_MISSING',
			`Cannot open ${DEVICE}: ${errorText(error)}; load the module ("modprobe fuse"), in a container pass ` +
				'"--device /dev/fuse --cap-add SYS_ADMIN", or use --driver directory',
			{ cause: error },
		);
	}
}

/** Source: fusermount3 of fuse 3.14; the socket's number is in _FUSE_COMMFD, the answer is one byte with SCM_RIGHTS. */
async function mountByHelper(config: ServerConfig): Promise<number> {
	const [ours, theirs] = socketPair();
	const options = [
		'rw',
		'nosuid',
		'nodev',
		'noatime',
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
	let complaint = '';
	helper.stderr?.on('data', (chunk: Buffer) => {
		complaint += chunk.toString();
	});
	try {
		await once(helper, 'close');
	} catch (error) {
		closeSync(ours);
		closeSync(theirs);
		if (systemCode(error) !== 'ENOENT') throw error;
		throw new ConfigMapFsError(
			'FUSE_DEVICE_DENIED',
			'Cannot mount as an ordinary user: fusermount3 is not installed; "apt-get install fuse3" (or run as root, or ' +
				'inside "unshare -Urm", or use --driver directory)',
			{ cause: error },
		);
	}
	closeSync(theirs);
	const fd = receiveFileDescriptor(ours);
	closeSync(ours);
	if (fd === undefined) throw helperRefused(config.mountPoint, complaint.trim());
	return fd;
}

/** What fusermount3 said, and what to do about it. The first that matches counts. */
const CURES: readonly { readonly says: RegExp; readonly code?: ErrorCode; readonly cure: string }[] = [
	{ says: /user_allow_other/, cure: 'add the line "user_allow_other" to /etc/fuse.conf, or leave --allow-other out' },
	{ says: /no write access to mountpoint/, cure: 'choose a directory that you own' },
	{ says: /bad mount point|failed to access mountpoint/, cure: 'choose a directory that you own' },
	{ says: /mounting over filesystem type/, cure: 'choose a directory on another file system, such as your home' },
	{ says: /too many FUSE filesystems/, cure: 'unmount some, or raise "mount_max = N" in /etc/fuse.conf' },
	{ says: /could not determine username/, cure: 'give this user id a line in /etc/passwd, or use --driver directory' },
	{
		says: /device not found/,
		code: 'FUSE_DEVICE_MISSING',
		cure: '"modprobe fuse" loads the kernel module, or use --driver directory',
	},
	{
		says: /open \/dev\/fuse: Permission denied/,
		code: 'FUSE_DEVICE_DENIED',
		cure: '"chmod 666 /dev/fuse" as root lets every user in, or use --driver directory',
	},
	{
		says: /Operation not permitted/,
		code: 'FUSE_DEVICE_DENIED',
		cure: 'fusermount3 must be setuid root ("chmod u+s" on it), or use --driver directory',
	},
];

function helperRefused(mountPoint: string, complaint: string): ConfigMapFsError {
	const reason = helperText(complaint) || 'no reason given';
	const known = CURES.find(({ says }) => says.test(complaint));
	return new ConfigMapFsError(
		known?.code ?? 'MOUNT_REFUSED',
		`Cannot mount on "${mountPoint}": fusermount3 says "${reason}"${known === undefined ? '' : `; ${known.cure}`}`,
	);
}
