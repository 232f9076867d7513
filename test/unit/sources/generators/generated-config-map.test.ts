import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateConfigMap, readGeneratorFlags } from '../../../../src/sources/generators/generated-config-map.js';
import { SourceFiles } from '../../../../src/sources/generators/source-files.js';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
let cwd = '';

beforeAll(() => {
	cwd = mkdtempSync(join(tmpdir(), 'cmfs-gen-'));
	const files: Readonly<Record<string, string | Buffer>> = {
		e1: 'A=1\n',
		e2: 'A=2\nB=3',
		bin: Buffer.from([0xff, 0xfe]),
		nul: 'a\0b',
		empty: '',
		'd/b': 'hi\n',
		'd/.a': 'dot',
		'd/a10': '',
		'bad/a b': 'x',
		'dots/..x': 'x',
		'bad.env': '1A=x',
		'long.env': `A=1\nB=${'x'.repeat(70_000)}\n`,
		'only.env': 'GREETING\nUNSET_ONE\n',
		secret: 'x',
	};
	for (const folder of ['d', 'd/sub', 'bad', 'dots', 'none']) mkdirSync(join(cwd, folder));
	for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
	symlinkSync('b', join(cwd, 'd/link'));
	symlinkSync('d', join(cwd, 'dl'));
	symlinkSync('loop', join(cwd, 'loop'));
	execFileSync('mkfifo', [join(cwd, 'd/pipe')]);
	chmodSync(join(cwd, 'secret'), 0);
});

afterAll(() => rmSync(cwd, { recursive: true }));

/** The flags of kubectl in this program's form. */
function readArguments(args: readonly string[]) {
	const of = (flag: string) =>
		args.filter((arg) => arg.startsWith(`${flag}=`)).map((arg) => arg.slice(flag.length + 1));
	const from = { fromLiteral: of('--from-literal'), fromFile: of('--from-file'), fromEnvFile: of('--from-env-file') };
	return { name: 'x', ...from };
}

const ENVIRONMENT = { GREETING: 'hello' };

async function generate(args: readonly string[]) {
	const sources = readGeneratorFlags(readArguments(args));
	const outcome = await generateConfigMap('x', sources, { files: new SourceFiles(cwd), environment: ENVIRONMENT });
	if (outcome.kind === 'failed')
		return { error: outcome.problem.reason, code: outcome.code, location: outcome.problem.location };
	const texts = (map: ReadonlyMap<string, Buffer>, encoding: BufferEncoding) =>
		Object.fromEntries([...map].map(([key, value]) => [key, value.toString(encoding)]));
	return { data: texts(outcome.data, 'utf8'), binaryData: texts(outcome.binaryData, 'base64') };
}

async function generateOrRefuse(args: readonly string[]) {
	try {
		return await generate(args);
	} catch (error) {
		return { error: error instanceof Error ? error.message : String(error) };
	}
}

function runKubectl(args: readonly string[]) {
	const env = { ...process.env, ...ENVIRONMENT };
	const ran = spawnSync('kubectl', ['create', 'cm', 'x', ...args, '--dry-run=client', '-o', 'json'], {
		cwd,
		env,
		encoding: 'utf8',
	});
	if (ran.status !== 0)
		return {
			error: ran.stderr
				.replace(/^error: /i, '')
				.replace(/\nSee .*\n?$/, '')
				.trimEnd(),
		};
	const { data = {}, binaryData = {} } = JSON.parse(ran.stdout);
	return { data, binaryData };
}

const KEY_RULE =
	"a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or " +
	"'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const GOOD: readonly (readonly [args: readonly string[], data: object, binaryData: object])[] = [
	[[], {}, {}],
	[['--from-literal=a=b', '--from-literal=c="d,e"', '--from-literal=f='], { a: 'b', c: '"d,e"', f: '' }, {}],
	[['--from-file=e1,e2'], { e1: 'A=1\n', e2: 'A=2\nB=3' }, {}],
	[['--from-file=k=e1', '--from-literal=a=b'], { k: 'A=1\n', a: 'b' }, {}],
	[['--from-file='], {}, {}],
	[['--from-file=d'], { '.a': 'dot', a10: '', b: 'hi\n' }, {}],
	[['--from-file=d/'], { '.a': 'dot', a10: '', b: 'hi\n' }, {}],
	[['--from-file=dl'], { '.a': 'dot', a10: '', b: 'hi\n' }, {}],
	[['--from-file=none'], {}, {}],
	[['--from-file=d/link'], { link: 'hi\n' }, {}],
	[['--from-file=bin', '--from-file=nul', '--from-file=empty'], { nul: 'a\0b', empty: '' }, { bin: '//4=' }],
	[['--from-env-file=e2'], { A: '2', B: '3' }, {}],
	[['--from-env-file=e1', '--from-file='], { A: '1' }, {}],
	[['--from-env-file=only.env,e1'], { GREETING: 'hello', UNSET_ONE: '', A: '1' }, {}],
];

const BAD: readonly (readonly [args: readonly string[], code: string, location: string, error: string])[] = [
	[['--from-literal=ab'], 'INPUT_INVALID', '--from-literal=ab', 'invalid literal source ab, expected key=value'],
	[
		['--from-literal=..a/b=1'],
		'INPUT_INVALID',
		'--from-literal=..a/b=1',
		`"..a/b" is not a valid key name for a ConfigMap: ${KEY_RULE},must not start with '..'`,
	],
	[
		['--from-literal=a=c', '--from-literal=a=d'],
		'INPUT_INVALID',
		'--from-literal=a=d',
		'cannot add key "a", another key by that name already exists in Data for ConfigMap "x"',
	],
	[
		['--from-file=bin', '--from-file=bin'],
		'INPUT_INVALID',
		'--from-file=bin',
		'cannot add key "bin", another key by that name already exists in BinaryData for ConfigMap "x"',
	],
	[['--from-file=nope'], 'INPUT_MISSING', '--from-file=nope', 'error reading nope: no such file or directory'],
	[['--from-file=k=nope'], 'INPUT_MISSING', '--from-file=k=nope', 'error reading nope: no such file or directory'],
	[['--from-file=e1,'], 'INPUT_MISSING', '--from-file=', 'error reading : no such file or directory'],
	[['--from-file=e1/'], 'INPUT_MISSING', '--from-file=e1/', 'error reading e1/: not a directory'],
	[['--from-file=loop'], 'INPUT_MISSING', '--from-file=loop', 'error reading loop: too many levels of symbolic links'],
	[['--from-file=k=d'], 'INPUT_INVALID', '--from-file=k=d', 'cannot give a key name for a directory path'],
	[['--from-file=a=b=c'], 'INPUT_INVALID', '--from-file=a=b=c', "key names or file paths cannot contain '='"],
	[
		['--from-file=bad'],
		'INPUT_INVALID',
		'--from-file=bad',
		`"a b" is not a valid key name for a ConfigMap: ${KEY_RULE}`,
	],
	[
		['--from-file=dots'],
		'INPUT_INVALID',
		'--from-file=dots',
		`"..x" is not a valid key name for a ConfigMap: must not start with '..'`,
	],
	[
		['--from-env-file=e1', '--from-env-file=e2'],
		'INPUT_INVALID',
		'--from-env-file=e2',
		'cannot add key "A", another key by that name already exists in Data for ConfigMap "x"',
	],
	[['--from-env-file=nope'], 'INPUT_MISSING', '--from-env-file=nope', 'error reading nope: no such file or directory'],
	[['--from-env-file=d'], 'INPUT_INVALID', '--from-env-file=d', 'env config file cannot be a directory'],
];

describe('generateConfigMap', () => {
	it.each(GOOD)('%j', async (args, data, binaryData) => {
		expect(await generate(args)).toEqual({ data, binaryData });
	});

	it.each(BAD)('%j is %s at %s', async (args, code, location, error) => {
		expect(await generate(args)).toEqual({ code, location, error });
	});

	it('rejects a line that kubectl drops', async () => {
		expect(await generate(['--from-env-file=long.env'])).toMatchObject({
			code: 'INPUT_INVALID',
			error: expect.stringContaining('env file long.env has a line longer than 65535 bytes at line 2'),
		});
	});

	it('rejects env files with other sources, and an empty name', () => {
		const flags = readArguments(['--from-env-file=e1', '--from-literal=a=b']);
		const usage = (message: string) => expect.objectContaining({ code: 'USAGE', message });
		const combined = 'from-env-file cannot be combined with from-file or from-literal';
		expect(() => readGeneratorFlags(flags)).toThrow(usage(combined));
		expect(() => readGeneratorFlags({ ...flags, name: '' })).toThrow(usage('name must be specified'));
	});

	it('names a file that the user cannot read', async () => {
		// Root can read every file, so the test runs as another user.
		const isRoot = process.geteuid?.() === 0;
		chmodSync(cwd, 0o755);
		if (isRoot) process.seteuid?.(65534);
		try {
			expect(await generate(['--from-file=secret'])).toMatchObject({ error: 'open secret: permission denied' });
		} finally {
			if (isRoot) process.seteuid?.(0);
		}
	});

	it('reads a pipe once and keeps its content', async () => {
		const pipe = join(cwd, 'd/pipe');
		const files = new SourceFiles(cwd);
		const sources = readGeneratorFlags(readArguments(['--from-file=k=d/pipe']));
		const inputs = { files, environment: {} };
		const first = generateConfigMap('x', sources, inputs);
		await writeFile(pipe, 'once\n');
		for (const outcome of [await first, await generateConfigMap('x', sources, inputs)]) {
			expect(outcome.kind === 'generated' && outcome.data.get('k')?.toString()).toBe('once\n');
		}
		expect(files.isReadOnce('d/pipe')).toBe(true);
	});
});

describe('against the real kubectl', () => {
	const csv = ['"e1,e2', 'e"1', '\n', '"e1"x', '\n\ne1', 'e1\r\ne2', '"e1\ne2'].map((value) => [
		`--from-file=${value}`,
	]);
	const more = [
		['--from-literal=\u00e9=1'],
		['--from-literal=\t"\\=1'],
		[`--from-literal=${'a'.repeat(260)}/=1`],
		['--from-env-file=bad.env'],
		['--from-env-file=e1', '--from-literal=a=b'],
		['--from-file=bin', '--from-literal=bin=x'],
	];
	it('returns the same values and the same errors', async (ctx) => {
		if (!hasKubectl) ctx.skip('kubectl is not on PATH: only the fixed tables were checked');
		for (const args of [...GOOD.map(([a]) => a), ...BAD.map(([a]) => a), ...csv, ...more]) {
			const { data, binaryData, error } = {
				data: undefined,
				binaryData: undefined,
				error: undefined,
				...(await generateOrRefuse(args)),
			};
			expect(error === undefined ? { data, binaryData } : { error }, JSON.stringify(args)).toEqual(runKubectl(args));
		}
	});
});
