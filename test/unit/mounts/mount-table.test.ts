import { describe, expect, test } from 'vitest';
import { findMount, isOurs, readMountTable } from '../../../src/mounts/mount-table.js';

const TABLE = [
	'22 28 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw',
	'36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 propagate_from:3 - ext3 /dev/root rw,errors=continue',
	'40 28 0:50 / /home/x/with\\040space\\011tab\\012line\\134back rw,nosuid,nodev - fuse.configmapfs configmapfs rw,user_id=0',
	'41 28 0:51 / /home/ключ ro,relatime - fuse.configmapfs configmapfs ro',
	'42 28 0:52 / /a\\0401 rw - fuse.other - rw',
	'43 28 0:53 / /home/ключ rw - tmpfs tmpfs rw',
	'',
].join('\n');

describe('readMountTable', () => {
	test('reads every line, with any number of optional fields and with escapes', () => {
		expect(readMountTable(TABLE)).toEqual([
			{
				id: 22,
				device: '0:20',
				mountPoint: '/proc',
				type: 'proc',
				options: ['rw', 'nosuid', 'nodev', 'noexec', 'relatime'],
			},
			{ id: 36, device: '98:0', mountPoint: '/mnt2', type: 'ext3', options: ['rw', 'noatime'] },
			{
				id: 40,
				device: '0:50',
				mountPoint: '/home/x/with space\ttab\nline\\back',
				type: 'fuse.configmapfs',
				options: ['rw', 'nosuid', 'nodev'],
			},
			{ id: 41, device: '0:51', mountPoint: '/home/ключ', type: 'fuse.configmapfs', options: ['ro', 'relatime'] },
			{ id: 42, device: '0:52', mountPoint: '/a 1', type: 'fuse.other', options: ['rw'] },
			{ id: 43, device: '0:53', mountPoint: '/home/ключ', type: 'tmpfs', options: ['rw'] },
		]);
	});

	test('ignores lines that are not part of the table', () => {
		expect(
			readMountTable('rubbish\n1 2 3\n22 28 0:20 / /proc rw shared:12 proc proc rw\n22 28 0:20 / /x rw -\n'),
		).toEqual([]);
	});

	test('an escaped backslash before digits is unescaped once', () => {
		expect(readMountTable('1 2 0:1 / /a\\134040b rw - t s rw')[0]?.mountPoint).toBe('/a\\040b');
	});

	test('isOurs depends only on the type', () => {
		expect(
			readMountTable(TABLE)
				.filter(isOurs)
				.map(({ id }) => id),
		).toEqual([40, 41]);
	});

	test('reads the table of this process', () => {
		expect(readMountTable().some(({ mountPoint, type }) => mountPoint === '/proc' && type === 'proc')).toBe(true);
		expect(findMount('/proc')?.type).toBe('proc');
		expect(findMount('/proc/nowhere')).toBeUndefined();
	});
});
