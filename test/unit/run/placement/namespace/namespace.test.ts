import {
	closeSync,
	mkdirSync,
	openSync,
	readdirSync,
	readlinkSync,
	realpathSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ERRNO } from '../../../../../src/base/errno.js';
import { ConfigMapFsError } from '../../../../../src/base/errors.js';
import { readMountTable } from '../../../../../src/mounts/mount-table.js';
import { CAP_SYS_ADMIN, hasCapability } from '../../../../../src/native/capabilities.js';
import { SystemCallError } from '../../../../../src/native/foreign-calls.js';
import { MS } from '../../../../../src/native/libc.js';
import { O_PATH } from '../../../../../src/native/namespace.js';
import { showEntries } from '../../../../../src/run/placement/namespace/host-entries.js';
import { keptFlags, mountAt } from '../../../../../src/run/placement/namespace/mount-flags.js';
import { refused, userNamespaceRefused } from '../../../../../src/run/placement/namespace/refusal.js';
import { resolveTarget } from '../../../../../src/run/placement/namespace/target.js';
import { needsUserNamespace } from '../../../../../src/run/placement/namespace/user-namespace.js';
import { Scratch } from '../../../../support/fixtures/scratch.js';

const scratch = new Scratch();
afterEach(() => scratch.clear());

/** A directory with links of every kind, whose own path has no links. */
function tree(): string {
	const root = realpathSync.native(scratch.directory());
	mkdirSync(join(root, 'etc/inner'), { recursive: true });
	writeFileSync(join(root, 'etc/file'), '');
	symlinkSync('etc/inner', join(root, 'relative'));
	symlinkSync(join(root, 'etc'), join(root, 'absolute'));
	symlinkSync('../relative/../file', join(root, 'etc/through'));
	symlinkSync('etc/none/deep', join(root, 'dangling'));
	symlinkSync('etc/none/../x', join(root, 'dangling-up'));
	symlinkSync('loop', join(root, 'loop'));
	return root;
}

describe('resolveTarget', () => {
	test.each([
		['etc', 'existing', 'etc', ''],
		['etc/file', 'existing', 'etc/file', ''],
		['relative', 'existing', 'etc/inner', ''],
		['absolute/inner', 'existing', 'etc/inner', ''],
		['etc/through', 'existing', 'etc/file', ''],
		['etc/app', 'missing', 'etc/app', 'etc'],
		['absolute/app/config', 'missing', 'etc/app/config', 'etc'],
		['dangling', 'missing', 'etc/none/deep', 'etc'],
		['dangling/config', 'missing', 'etc/none/deep/config', 'etc'],
	])('%s is %s: %s', (given, kind, path, below) => {
		const root = tree();
		const expected = { kind, path: join(root, path), ...(below === '' ? {} : { below: join(root, below) }) };
		expect(resolveTarget(join(root, given), new Set())).toEqual(expected);
	});

	test('a first component that does not exist is missing in the root directory', () => {
		expect(resolveTarget('/cmfs-none/config', new Set())).toEqual({
			kind: 'missing',
			path: '/cmfs-none/config',
			below: '/',
		});
	});

	test.each([
		['etc/app/tls', 'etc/app', 'etc/app/tls'],
		['absolute/app/tls/x', 'etc/app', 'etc/app/tls/x'],
		['relative', 'etc/inner', 'etc/inner'],
		// The mount will hide the present content, a link included.
		['etc/through/x', 'etc', 'etc/through/x'],
	])('%s is nested in a mount at %s', (given, taken, path) => {
		const root = tree();
		expect(resolveTarget(join(root, given), new Set([join(root, taken)]))).toEqual({
			kind: 'nested',
			path: join(root, path),
			inside: join(root, taken),
		});
	});

	test('a mount whose name is only the beginning of another name does not contain it', () => {
		const root = tree();
		expect(resolveTarget(join(root, 'etc/app2'), new Set([join(root, 'etc/app')]))).toMatchObject({ kind: 'missing' });
	});

	test.each([
		['etc/file/x', 'etc/file" is not a directory; choose another mountPath, or move it away'],
		['loop/x', 'its symbolic links form a loop; correct them'],
		['dangling-up', 'etc/none" does not exist; create it, or correct the link to it'],
	])('nothing can be mounted at %s', (given, reason) => {
		const path = join(tree(), given);
		expect(() => resolveTarget(path, new Set())).toThrow(`cannot mount at "${path}": `);
		expect(() => resolveTarget(path, new Set())).toThrow(reason);
	});
});

describe('showEntries', () => {
	/** The binds, and the names that cannot be shown; `failing`: errors of the bind, by name. */
	function shown(failing: Readonly<Record<string, number>> = {}) {
		const root = tree();
		const place = join(root, 'place');
		mkdirSync(place);
		writeFileSync(Buffer.concat([Buffer.from(`${root}/etc/`), Buffer.from([0xff])]), '');
		const original = openSync(join(root, 'etc'), O_PATH);
		const bound: string[] = [];
		try {
			const missed = showEntries(original, place, {
				creates: true,
				showing: (entry) => (entry.isSymbolicLink() ? 'copy' : 'bind'),
				bind(source, target) {
					const name = basename(source.toString('latin1'));
					if (failing[name] !== undefined) throw new SystemCallError('mount', failing[name]);
					expect(basename(target.toString('latin1'))).toBe(name);
					bound.push(name);
				},
			});
			return { bound: bound.sort(), missed, place };
		} finally {
			closeSync(original);
		}
	}

	test('binds on a file of the same kind, and copies links, with any bytes in the names', () => {
		const { bound, missed, place } = shown();
		expect({ bound, missed }).toEqual({ bound: ['file', 'inner', '\xff'], missed: [] });
		expect(statSync(join(place, 'inner')).isDirectory()).toBe(true);
		expect(statSync(join(place, 'file')).isFile()).toBe(true);
		expect(readlinkSync(join(place, 'through'))).toBe('../relative/../file');
		expect(readdirSync(place)).toHaveLength(4);
	});

	test('returns the names that cannot be shown, without those removed in between', () => {
		expect(shown({ inner: ERRNO.EACCES, file: ERRNO.ENOENT })).toMatchObject({ bound: ['\xff'], missed: ['inner'] });
	});

	test('fails if no more mounts are possible', () => {
		expect(() => shown({ inner: ERRNO.ENOSPC })).toThrow('mount: ENOSPC');
	});
});

describe('flags of mounts', () => {
	const table = readMountTable(
		[
			'1 0 8:1 / / rw,relatime - ext4 /dev/sda rw',
			'2 1 8:2 / /a ro,nosuid,nodev,noexec,noatime,nosymfollow - ext4 /dev/sdb rw',
			'3 1 8:3 / /a rw - ext4 /dev/sdc rw',
			'4 3 8:4 / /a/b ro,nodev - ext4 /dev/sdd rw',
		].join('\n'),
	);

	test.each([
		['/', 1],
		['/x', 1],
		['/ab', 1],
		['/a', 3],
		['/a/c', 3],
		['/a/b', 4],
		['/a/b/c', 4],
		['/a/bc', 3],
	])('%s is on mount %i', (path, id) => {
		expect(mountAt(path, table)?.id).toBe(id);
	});

	test('a remount repeats the flags that it would clear', () => {
		expect(keptFlags(table[1])).toBe(MS.RDONLY | MS.NOSUID | MS.NODEV | MS.NOEXEC | MS.NOSYMFOLLOW);
		expect(keptFlags(table[0])).toBe(0);
		expect(keptFlags(undefined)).toBe(0);
	});
});

describe('refusals', () => {
	test.each([
		['user.max_user_namespaces', '0', 'sysctl -w user.max_user_namespaces=15000'],
		['kernel.unprivileged_userns_clone', '0', 'sysctl -w kernel.unprivileged_userns_clone=1'],
		['kernel.apparmor_restrict_unprivileged_userns', '1', 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'],
	])('a user namespace while %s is %s', (name, value, cure) => {
		const error = userNamespaceRefused('because', { read: (setting) => (setting === name ? value : undefined) });
		expect(error.code).toBe('FUSE_DEVICE_DENIED');
		expect(error.message).toBe(
			`cannot create a user namespace: because; ${name} is ${value}; "${cure}" as root allows it; run as root, ` +
				'or use --root-dir DIR, which needs no namespace',
		);
	});

	test('a user namespace while every setting allows it', () => {
		const values: Readonly<Record<string, string>> = { 'user.max_user_namespaces': '96365' };
		const { message } = userNamespaceRefused('because', { read: (name) => values[name] });
		expect(message).toMatch(/because; in a container, pass "--security-opt seccomp=unconfined .*--root-dir DIR/);
	});

	test.each([
		[1, 'FUSE_DEVICE_DENIED', 'mount: EPERM, not permitted; in a container, pass "--cap-add SYS_ADMIN'],
		[13, 'FUSE_DEVICE_DENIED', 'mount: EACCES, not permitted; in a container, pass "--cap-add SYS_ADMIN'],
		[38, 'FUSE_DEVICE_DENIED', 'mount: ENOSYS, not permitted; in a container, pass "--cap-add SYS_ADMIN'],
		[28, 'MOUNT_REFUSED', 'mount: ENOSPC, too many mounts or namespaces; raise fs.mount-max'],
		[19, 'MOUNT_REFUSED', 'mount: ENODEV, this kernel does not have the file system; load its module'],
		[22, 'MOUNT_REFUSED', 'mount: EINVAL, not possible here; use --root-dir DIR'],
	])('errno %i of a step', (errno, code, text) => {
		const error = refused('mount at "/etc/app"', new SystemCallError('mount', errno));
		expect(error.code).toBe(code);
		expect(error.message).toContain(`cannot mount at "/etc/app": ${text}`);
		expect(error.message).toContain('--root-dir DIR');
	});

	test('a ConfigMapFsError is returned unchanged', () => {
		const error = new ConfigMapFsError('MOUNT_POINT_INVALID', 'text');
		expect(refused('do it', error)).toBe(error);
	});
});

test('the marker of the second execution is removed, and there is no third execution', () => {
	process.env.CONFIGMAPFS_USER_NAMESPACE = '1';
	const needs = () => needsUserNamespace();
	if (hasCapability(CAP_SYS_ADMIN)) expect(needs()).toBe(false);
	else expect(needs).toThrow('it was created, but gives no right to mount');
	expect(process.env.CONFIGMAPFS_USER_NAMESPACE).toBeUndefined();
	expect(needsUserNamespace()).toBe(!hasCapability(CAP_SYS_ADMIN));
});
