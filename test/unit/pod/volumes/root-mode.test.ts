import { expect, test } from 'vitest';
import type { VolumeSource } from '../../../../src/pod/pod-spec.js';
import { volumeRootMode } from '../../../../src/pod/volumes/root-mode.js';

test.each([
	[{ kind: 'configMap' }, '777'],
	[{ kind: 'secret' }, '1777'],
	[{ kind: 'projected' }, '1777'],
	[{ kind: 'downwardAPI' }, '1777'],
	[{ kind: 'emptyDir', medium: '' }, '777'],
	[{ kind: 'emptyDir', medium: 'Memory' }, '1777'],
])('the root of %j has mode %s', (source, mode) => {
	expect(volumeRootMode(source as VolumeSource).toString(8)).toBe(mode);
});
