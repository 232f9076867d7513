import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SILENT } from '../../../src/base/log.js';
import { canonicalPath, prepareMountPoint } from '../../../src/mount/mount-point.js';
import { Scratch } from '../../support/fixtures/scratch.js';

const scratch = new Scratch();
afterEach(() => scratch.clear());

function tree(): string {
	const root = scratch.directory();
	mkdirSync(join(root, 'far/inner'), { recursive: true });
	mkdirSync(join(root, 'mnt'));
	symlinkSync('far/inner', join(root, 'deep'));
	symlinkSync('mnt', join(root, 'link'));
	return root;
}

describe('canonicalPath', () => {
	test.each([
		['mnt', 'mnt'],
		['mnt/', 'mnt'],
		['mnt//./', 'mnt'],
		['./mnt/.', 'mnt'],
		['far/../mnt', 'mnt'],
		['deep/../mnt', 'far/mnt'],
		['deep/..', 'far'],
		['link', 'link'],
		['missing', 'missing'],
		['.', ''],
	])('%s', (given, meant) => {
		const root = tree();
		expect(canonicalPath(`${root}/${given}`)).toBe(meant === '' ? root : join(root, meant));
	});

	test('of the root, and of the working directory', () => {
		expect(canonicalPath('/')).toBe('/');
		expect(canonicalPath('///')).toBe('/');
		expect(canonicalPath('.')).toBe(process.cwd());
		expect(canonicalPath('x')).toBe(join(process.cwd(), 'x'));
	});

	test('a missing parent is an error with its cure', () => {
		expect(() => canonicalPath(join(tree(), 'no/mnt'))).toThrow(
			'no such directory; make it with "mkdir -p", or pass --mkdir',
		);
	});
});

test('made directories are removed again, the deepest first, unless they are in use', async () => {
	const root = tree();
	const mountPoint = await prepareMountPoint(join(root, 'a/b/c'), { make: true, log: SILENT });
	expect(mountPoint.path).toBe(join(root, 'a/b/c'));
	mkdirSync(join(root, 'a/mine'));
	mountPoint.removeIfMade();
	expect(canonicalPath(join(root, 'a/mine'))).toBe(join(root, 'a/mine'));
	expect(() => canonicalPath(join(root, 'a/b/c'))).toThrow('no such directory');
});
