import { describe, expect, test } from 'vitest';
import { closest } from '../../../src/base/suggestion.js';
import { readSourceFlags } from '../../../src/cli/flags/source-flags.js';
import { parseFlags } from '../../../src/go/flags.js';

const OPTIONS = {
	filename: { type: 'string', alias: 'f' },
	namespace: { type: 'string', alias: 'n' },
	recursive: { type: 'boolean', alias: 'R' },
	'all-namespaces': { type: 'boolean', alias: 'A' },
	driver: { choices: ['auto', 'kernel'] },
	create: { type: 'string' },
	'from-literal': { type: 'string' },
	'from-file': { type: 'string' },
	kustomize: { type: 'string', alias: 'k' },
	'kustomize-arg': { type: 'string' },
} as const;

function parse(...args: readonly string[]) {
	return parseFlags('mount', OPTIONS, args);
}

function errorOf(...args: readonly string[]): string {
	try {
		parse(...args);
	} catch (error) {
		return (error as Error).message;
	}
	throw new Error('no error');
}

describe('flags as kubectl reads them', () => {
	test.each([
		[['-f', 'a'], 'a'],
		[['-fa'], 'a'],
		[['-f=a'], 'a'],
		[['--filename', 'a'], 'a'],
		[['--filename=a'], 'a'],
		[['--filename=a=b'], 'a=b'],
		[['-Rfa'], 'a'],
		[['-RAf', 'a'], 'a'],
		[['-f', '-'], '-'],
		[['-f', '-b'], '-b'],
		[['-f', '--'], '--'],
		[['-f', '"a"'], '"a"'],
		[['-f', 'a\nb'], 'a\nb'],
		[['-f', '$(x)'], '$(x)'],
		[['-f='], ''],
		[['-f', ''], ''],
		[['-f', 'x', '-f', 'a'], 'a'],
	])('%j', (args, value) => {
		const flags = parse(...args);
		expect(flags.last('filename')).toBe(value);
		expect(flags.positionals).toEqual([]);
		expect(flags.is('recursive')).toBe(args[0]?.includes('R') === true);
	});

	test('positionals anywhere, and everything behind --', () => {
		expect(parse('a', '-R', 'b', '-', '--', '-f', '--x', '--').positionals).toEqual(['a', 'b', '-', '-f', '--x', '--']);
	});

	test('a switch with a value; the last one counts', () => {
		expect(parse('--recursive=false').is('recursive')).toBe(false);
		expect(parse('-R=0').is('recursive')).toBe(false);
		expect(parse('-R', '--recursive=F').is('recursive')).toBe(false);
		expect(parse('-R=false', '-R').is('recursive')).toBe(true);
	});

	test('a repeated flag keeps its order', () => {
		expect(parse('-n', 'b', '-na', '-n=c').all('namespace')).toEqual(['b', 'a', 'c']);
	});

	test.each([
		[['--frob'], 'unknown flag: --frob; see "configmapfs mount --help"'],
		[['--filenam', 'a'], 'unknown flag: --filenam; did you mean --filename? see "configmapfs mount --help"'],
		[['--recusrive'], 'unknown flag: --recusrive; did you mean --recursive? see "configmapfs mount --help"'],
		[['--toString'], 'unknown flag: --toString; see "configmapfs mount --help"'],
		[['-x'], `unknown shorthand flag: 'x' in -x; see "configmapfs mount --help"`],
		[['-Rx'], `unknown shorthand flag: 'x' in -Rx; see "configmapfs mount --help"`],
		[['-f'], `flag needs an argument: 'f' in -f; see "configmapfs mount --help"`],
		[['--filename'], 'flag needs an argument: --filename; see "configmapfs mount --help"'],
		[['--driver', 'x'], 'invalid argument "x" for "--driver": must be one of auto, kernel'],
		[['--recursive=maybe'], 'invalid argument "maybe" for "--recursive": expected true or false'],
	])('%j is refused', (args, message) => {
		expect(errorOf(...args)).toBe(message);
	});
});

describe('sources', () => {
	test('keep the order in which they were typed', () => {
		const { given } = parse('-f', 'a', '--create', 'b', '--from-literal', 'x=1', '-fc', '--from-file=d', '--create=e');
		expect(readSourceFlags(given)).toEqual([
			{ kind: 'filename', path: 'a' },
			{ kind: 'create', flags: { name: 'b', fromLiteral: ['x=1'], fromFile: ['d'], fromEnvFile: [] } },
			{ kind: 'filename', path: 'c' },
			{ kind: 'create', flags: { name: 'e', fromLiteral: [], fromFile: [], fromEnvFile: [] } },
		]);
	});

	test('a generator needs its ConfigMap before it, and a file a name', () => {
		expect(() => readSourceFlags(parse('--from-literal', 'a=b', '--create', 'c').given)).toThrow(
			'--from-literal needs a --create NAME before it',
		);
		expect(() => readSourceFlags(parse('-f', '').given)).toThrow('the value of --filename is empty');
	});

	test('kustomizations are layers too, and share their arguments', () => {
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

test.each([
	['moutn', 'mount'],
	['unmout', 'unmount'],
	['unmont', 'unmount'],
	['creat', 'create'],
	['xyz', undefined],
	['m', undefined],
])('"%s" may mean %s', (word, meant) => {
	expect(closest(word, ['mount', 'unmount', 'create'])).toBe(meant);
});
