import { expect, test } from 'vitest';
import { describeMount } from '../../../../src/cli/print/mount-summary.js';

test('paths are as the person typed them, and can be pasted', () => {
	const text = describeMount('./my mnt', ['app', 'web'], [{ kind: 'filename', path: 'src/' }]);
	expect(text).toContain('  ./my mnt shows app, web\n');
	expect(text).toContain("ls -la 'my mnt/app'\n");
	expect(text).toContain('Edit src/; the change is visible at once');
	expect(text.split('\n').length).toBeLessThan(12);
	expect(describeMount('mnt', ['app'], [{ kind: 'kustomize', directory: 'dev', args: [] }])).toContain('Edit dev; ');
});

test('many volumes are not all listed, and standard input cannot be edited', () => {
	const paths = Array.from({ length: 200 }, (_, index) => `app-${index}`);
	const text = describeMount('mnt', paths, [{ kind: 'filename', path: '-' }]);
	expect(text).toContain('and 192 more');
	expect(text).not.toContain('Edit');
});

test('a volume at the mount point itself', () => {
	expect(describeMount('/mnt', [''], [])).toContain('  ls -la /mnt\n');
});
