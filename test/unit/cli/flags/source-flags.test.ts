import { describe, expect, test } from 'vitest';
import { SOURCE_OPTIONS } from '../../../../src/cli/flags/mount-flags.js';
import { readSourceFlags, readValidation } from '../../../../src/cli/flags/source-flags.js';
import { parseFlags } from '../../../../src/go/flags.js';

const OPTIONS = {
	filename: { type: 'string', alias: 'f' },
	create: { type: 'string' },
	'from-literal': { type: 'string' },
	'from-file': { type: 'string' },
	kustomize: { type: 'string', alias: 'k' },
	'kustomize-arg': { type: 'string' },
} as const;

function parse(...args: readonly string[]) {
	return parseFlags('mount', OPTIONS, args);
}

describe('readSourceFlags', () => {
	test('keeps the order in which the flags were typed', () => {
		const { given } = parse('-f', 'a', '--create', 'b', '--from-literal', 'x=1', '-fc', '--from-file=d', '--create=e');
		expect(readSourceFlags(given)).toEqual([
			{ kind: 'filename', path: 'a' },
			{ kind: 'create', flags: { name: 'b', fromLiteral: ['x=1'], fromFile: ['d'], fromEnvFile: [] } },
			{ kind: 'filename', path: 'c' },
			{ kind: 'create', flags: { name: 'e', fromLiteral: [], fromFile: [], fromEnvFile: [] } },
		]);
	});

	test('refuses a generator without a ConfigMap before it, and an empty file name', () => {
		expect(() => readSourceFlags(parse('--from-literal', 'a=b', '--create', 'c').given)).toThrow(
			'--from-literal needs a --create NAME before it',
		);
		expect(() => readSourceFlags(parse('-f', '').given)).toThrow('the value of --filename is empty');
	});

	test('makes each kustomization a layer, with common arguments', () => {
		const args = ['--enable-helm', '--helm-command=a b'];
		const { given } = parse(
			'--kustomize-arg',
			'--enable-helm',
			'-k',
			'a',
			'-f',
			'b',
			'-kc',
			`--kustomize-arg=${args[1]}`,
		);
		expect(readSourceFlags(given)).toEqual([
			{ kind: 'kustomize', directory: 'a', args },
			{ kind: 'filename', path: 'b' },
			{ kind: 'kustomize', directory: 'c', args },
		]);
		expect(() => readSourceFlags(parse('-k', '').given)).toThrow('the value of --kustomize is empty');
		expect(() => readSourceFlags(parse('--kustomize-arg=x', '-f', 'a').given)).toThrow(
			'--kustomize-arg needs --kustomize DIR',
		);
	});
});

describe('readValidation', () => {
	const read = (...args: string[]) => readValidation(parseFlags('mount', SOURCE_OPTIONS, args));

	test('takes the values of kubectl; without a value it means strict, without the flag warn', () => {
		expect(read()).toBe('warn');
		for (const args of [['--validate'], ['--validate=strict'], ['--validate=true']])
			expect(read(...args)).toBe('strict');
		for (const args of [['--validate=ignore'], ['--validate=false'], ['--validate=0']])
			expect(read(...args)).toBe('ignore');
		expect(read('--validate', '--validate=warn')).toBe('warn');
	});

	test('refuses others with the text of kubectl', () => {
		expect(() => read('--validate=maybe')).toThrow(
			'invalid - validate option "maybe"; must be one of: strict (or true), warn, ignore (or false)',
		);
	});
});
