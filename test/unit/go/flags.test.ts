import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../../src/go/flags.js';

const OPTIONS = {
	filename: { type: 'string', alias: 'f' },
	namespace: { type: 'string', alias: 'n' },
	recursive: { type: 'boolean', alias: 'R' },
	'all-namespaces': { type: 'boolean', alias: 'A' },
	driver: { choices: ['auto', 'kernel'] },
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

describe('parseFlags', () => {
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
	])('reads %j', (args, value) => {
		const flags = parse(...args);
		expect(flags.last('filename')).toBe(value);
		expect(flags.positionals).toEqual([]);
		expect(flags.is('recursive')).toBe(args[0]?.includes('R') === true);
	});

	test('accepts positionals anywhere, and everything after --', () => {
		expect(parse('a', '-R', 'b', '-', '--', '-f', '--x', '--').positionals).toEqual(['a', 'b', '-', '-f', '--x', '--']);
	});

	test('accepts a switch with a value; the last one counts', () => {
		expect(parse('--recursive=false').is('recursive')).toBe(false);
		expect(parse('-R=0').is('recursive')).toBe(false);
		expect(parse('-R', '--recursive=F').is('recursive')).toBe(false);
		expect(parse('-R=false', '-R').is('recursive')).toBe(true);
	});

	test('keeps the order of a repeated flag', () => {
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
	])('refuses %j', (args, message) => {
		expect(errorOf(...args)).toBe(message);
	});
});
