import { describe, expect, test } from 'vitest';
import { environmentNameFaults, isShellName } from '../../../../src/pod/environment/names.js';

const RELAXED = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const STRICT =
	"a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not " +
	"start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is " +
	"'[-._a-zA-Z][-._a-zA-Z0-9]*')";

describe('environmentNameFaults', () => {
	test.each<readonly [string, strict: readonly string[], relaxed: readonly string[]]>([
		['A', [], []],
		['_', [], []],
		['my.env-name', [], []],
		['-a', [], []],
		['.a', [], []],
		['1234', [STRICT], []],
		['1z', [STRICT], []],
		['#@!data-1', [STRICT], []],
		['$_-data-1', [STRICT], []],
		['a b', [STRICT], []],
		['~', [STRICT], []],
		['.', ["must not be '.'"], []],
		['..', ["must not be '..'"], []],
		['..x', ["must not start with '..'"], []],
		['..é', [STRICT, "must not start with '..'"], [RELAXED]],
		['a=b', [STRICT], [RELAXED]],
		['a\n', [STRICT], [RELAXED]],
		['\x7f', [STRICT], [RELAXED]],
		['', [STRICT], []],
	])('checks %j', (name, strict, relaxed) => {
		expect(environmentNameFaults(name, true)).toEqual(strict);
		expect(environmentNameFaults(name, false)).toEqual(relaxed);
	});
});

test.each([
	['A', true],
	['_a1', true],
	['1a', false],
	['my.name', false],
	['my-name', false],
	['', false],
	['é', false],
	['a\n', false],
])('whether a shell can use %j: %s', (name, isUsable) => {
	expect(isShellName(name)).toBe(isUsable);
});
