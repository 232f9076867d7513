/** The errors of a driver that cannot be loaded. */

import { expect, test } from 'vitest';
import { driverUnavailable, explainLoadFailure } from '../../../src/mounts/fuse-native-library.js';

test.each([
	[
		'libfuse.so.2: cannot open shared object file: No such file or directory',
		/libfuse\.so\.2 is not installed; "apt-get install libfuse2" \(newer releases: libfuse2t64\)/,
	],
	[
		"Cannot find module 'fuse-native'\nRequire stack:\n- /x",
		/package fuse-native is not installed; "npm install" with/,
	],
	['No native build was found for platform=linux arch=arm64', /has no build for linux-/],
	['\nsomething\nTypeError: quite different\n', /TypeError: quite different; use --driver kernel/],
	['', /no reason given/],
])('%j', (text, message) => {
	expect(explainLoadFailure(text)).toMatch(message);
	expect(explainLoadFailure(text)).toMatch(/use --driver kernel$/);
});

test('the error has its code', () => {
	expect(driverUnavailable('libfuse.so.2: no').code).toBe('DRIVER_UNAVAILABLE');
});
