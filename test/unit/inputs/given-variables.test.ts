import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readGivenVariables } from '../../../src/inputs/given-variables.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

afterAll(removeTemporaries);

const cwd = temporaryDirectory('given');
const env = { HOME: '/home/me' };
const read = (variables: readonly string[], files: readonly string[] = []) =>
	[...readGivenVariables({ variables, files }, { cwd, env })].map(([name, { value, flag }]) => [name, value, flag]);

test('NAME=VALUE with everything after the first =; NAME passes the value of the caller, if there is one', () => {
	expect(read(['A=b=c', 'E=', 'HOME', 'UNSET', 'A=last'])).toEqual([
		['A', 'last', '-e A'],
		['E', '', '-e E'],
		['HOME', '/home/me', '-e HOME'],
	]);
});

test('files have the lines of --from-env-file; -e wins, and a later file', () => {
	writeFileSync(join(cwd, 'one.env'), '# text\nA="1"\nB=1\nC=1\nHOME\nUNSET\n');
	writeFileSync(join(cwd, 'two.env'), 'B=2\nC=2\n');
	expect(read(['C=3'], ['one.env', 'two.env'])).toEqual([
		['A', '"1"', '--env-file one.env'],
		['B', '2', '--env-file two.env'],
		['C', '3', '-e C'],
		['HOME', '/home/me', '--env-file one.env'],
		['UNSET', '', '--env-file one.env'],
	]);
});

test('a file that is missing or malformed is an error with its flag', () => {
	writeFileSync(join(cwd, 'bad.env'), 'A=1\n1B=2\n');
	const failure = (file: string) => () => read([], [file]);
	const code = (of: string) => expect.objectContaining({ code: of });
	expect(failure('no.env')).toThrow(code('INPUT_MISSING'));
	expect(failure('no.env')).toThrow(/^--env-file no\.env: no such file or directory; correct the path$/);
	expect(failure('bad.env')).toThrow(code('INPUT_INVALID'));
	expect(failure('bad.env')).toThrow(/^--env-file bad\.env: "1B" is not a valid key name: /);
});
