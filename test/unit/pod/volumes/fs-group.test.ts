import { expect, test } from 'vitest';
import { fsGroupMode, withFsGroup } from '../../../../src/pod/volumes/fs-group.js';
import type { ContentNode } from '../../../../src/volume/content.js';

const root = (_kind: ContentNode['kind'], mode: number) => ({ mode, uid: 0, gid: 0 });

test.each([
	['file', 0o400, 0o440],
	['file', 0o440, 0o440],
	['file', 0o644, 0o644],
	['file', 0, 0o440],
	['dir', 0o755, 0o2755],
	['dir', 0o777, 0o2777],
	['dir', 0o700, 0o2750],
	['link', 0o777, 0o777],
] as const)('a %s with mode %o gets %o', (kind, mode, expected) => {
	expect(fsGroupMode(kind, mode)).toBe(expected);
	expect(withFsGroup(1001)(root)(kind, mode)).toEqual({ mode: expected, uid: 0, gid: 1001 });
});

test('passes the mode with added bits to the wrapped presentation, and keeps its owner', () => {
	const seen: number[] = [];
	const shown = withFsGroup(1001)((_kind, mode) => {
		seen.push(mode);
		return { mode: mode & ~0o200, uid: 5, gid: 6 };
	})('file', 0o600);
	expect(seen).toEqual([0o640]);
	expect(shown).toEqual({ mode: 0o440, uid: 5, gid: 1001 });
});

test('changes nothing without an fsGroup', () => {
	expect(withFsGroup(undefined)(root)).toBe(root);
});
