import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import yargs from 'yargs';
import {
	type CreateArguments,
	createCommand,
	createConfigMap,
	splitShortFlags,
} from '../../../src/cli/create-command.js';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
let cwd = '';

beforeAll(() => {
	cwd = mkdtempSync(join(tmpdir(), 'cmfs-create-'));
	mkdirSync(join(cwd, 'config'));
	writeFileSync(join(cwd, 'config/app.yaml'), 'a: 1\nb: yes\n');
	writeFileSync(join(cwd, 'config/blob'), Buffer.from([0xff, 0, 0xfe]));
	writeFileSync(join(cwd, 'app.env'), 'A=1\nB= two \n');
});

afterAll(() => rmSync(cwd, { recursive: true }));

async function run(argv: CreateArguments, env: Readonly<Record<string, string>> = {}): Promise<string> {
	let written = '';
	await createConfigMap({
		argv,
		env,
		cwd,
		write: (text) => {
			written += text;
		},
	});
	return written;
}

/** Runs the whole command line, with process.cwd and process.stdout as the handler sees them. */
async function runCommandLine(args: readonly string[]): Promise<string> {
	let written = '';
	const write = process.stdout.write;
	const directory = process.cwd;
	process.cwd = () => cwd;
	process.stdout.write = (text: string | Uint8Array) => {
		written += String(text);
		return true;
	};
	try {
		await yargs(splitShortFlags(args))
			.scriptName('configmapfs')
			.command(createCommand)
			.strict()
			.exitProcess(false)
			.fail((message, error) => {
				throw error ?? new Error(message);
			})
			.parseAsync();
	} finally {
		process.stdout.write = write;
		process.cwd = directory;
	}
	return written;
}

describe('createConfigMap', () => {
	it('prints YAML unless told otherwise', async () => {
		const metadata = 'metadata:\n  creationTimestamp: null\n  name: x\n';
		const yaml = `apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\n${metadata}`;
		expect(await run({ name: ['x'], fromLiteral: 'a=b' })).toBe(yaml);
		expect(await run({ name: ['x'], fromLiteral: 'a=b', output: 'name' })).toBe('configmap/x\n');
	});

	it('takes the environment for env files, and the last of flags that count once', async () => {
		writeFileSync(join(cwd, 'key.env'), 'HELLO\n');
		const argv = { name: ['x'], fromEnvFile: 'key.env', output: ['yaml', 'json'], namespace: ['a', 'b'] };
		expect(JSON.parse(await run(argv, { HELLO: 'you' }))).toMatchObject({
			metadata: { name: 'x', namespace: 'b' },
			data: { HELLO: 'you' },
		});
	});

	it.each<[CreateArguments, string, string]>([
		[{}, 'USAGE', 'exactly one NAME is required, got 0'],
		[{ name: ['a', 'b'] }, 'USAGE', 'exactly one NAME is required, got 2'],
		[{ name: [''] }, 'USAGE', 'name must be specified'],
		[
			{ name: ['x'], output: 'wide' },
			'USAGE',
			'unable to match a printer suitable for the output format "wide", allowed formats are: json,name,yaml',
		],
		[
			{ name: ['x'], fromEnvFile: 'app.env', fromLiteral: 'a=b' },
			'USAGE',
			'from-env-file cannot be combined with from-file or from-literal',
		],
		[{ name: ['x'], fromFile: 'nope' }, 'INPUT_MISSING', 'error reading nope: no such file or directory'],
		[{ name: ['x'], fromLiteral: 'a' }, 'INPUT_INVALID', 'invalid literal source a, expected key=value'],
	])('refuses %j with %s', async (argv, code, message) => {
		await expect(run(argv)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
	});
});

describe('splitShortFlags', () => {
	it.each([
		[
			['create', 'cm', 'x', '-oyaml', '-nprod'],
			['create', 'cm', 'x', '-o', 'yaml', '-n', 'prod'],
		],
		[
			['create', 'cm', 'x', '-o=json'],
			['create', 'cm', 'x', '-o', 'json'],
		],
		[
			['create', 'cm', '-o', 'json', '--', '-oyaml'],
			['create', 'cm', '-o', 'json', '--', '-oyaml'],
		],
		[
			['mount', '-oallow_other'],
			['mount', '-oallow_other'],
		],
	])('rewrites %j', (args, rewritten) => {
		expect(splitShortFlags(args)).toEqual(rewritten);
	});
});

describe('the command line', () => {
	const lines: readonly (readonly string[])[] = [
		['cm', 'x'],
		['configmap', 'x', '--from-file=config', '--from-literal=a=b'],
		['cm', 'x', '--from-file', 'config/app.yaml', '--from-file', 'k=config/blob'],
		['cm', '--from-literal', 'a=b', '--from-literal', 'c.d=0644', 'x'],
		['cm', 'x', '--from-file=config/app.yaml,config/blob', '--append-hash'],
		['cm', 'x', '--from-env-file=app.env', '--append-hash=true', '-n', 'prod'],
		['cm', 'x', '--from-env-file=app.env', '--append-hash=false', '--namespace=1e3'],
		['cm', '0123', '--from-literal=a=', '--from-literal=b="q"', "--from-literal=c='q'", '--from-literal=d=-x'],
		['cm', 'x', '--from-literal=number=0x10', '--from-literal=true=false'],
		['cm', 'x', '--from-file='],
	];
	it.each(lines.map((line) => [line]))(
		'%j prints what kubectl prints',
		async (line) => {
			for (const output of ['-oyaml', '-ojson', '-oname']) {
				const args = ['create', ...line, output];
				const printed = await runCommandLine(args);
				expect(printed).toMatch(/ConfigMap|configmap\//);
				if (!hasKubectl) continue;
				const kubectl = spawnSync('kubectl', [...args, '--dry-run=client'], { cwd, encoding: 'utf8' });
				expect(printed).toBe(kubectl.stdout);
			}
		},
		20_000,
	);

	it('was compared with kubectl', (ctx) => {
		if (!hasKubectl) ctx.skip('kubectl is not on PATH: the printed text was not compared');
	});

	it.each(['--dry-run', '--dry-run=client', '--dry-run=server', '--dry-run=none'])('ignores %s', async (flag) => {
		expect(await runCommandLine(['create', 'cm', flag, 'x', '--from-literal=a=b'])).toBe(
			await runCommandLine(['create', 'cm', 'x', '--from-literal=a=b']),
		);
	});

	it.each([
		[['create', 'cm'], 'exactly one NAME is required, got 0'],
		[['create', 'cm', 'a', 'b', 'c'], 'exactly one NAME is required, got 3'],
		[['create', 'cm', ''], 'name must be specified'],
		[['create'], 'must specify what to create'],
		[['create', 'cm', 'x', '--bogus'], 'bogus'],
		[['create', 'cm', 'x', '--from-file'], 'from-file'],
	])('refuses %j', async (args, message) => {
		await expect(runCommandLine(args)).rejects.toThrow(message);
	});

	it('says in its help that nothing is created', async () => {
		const help = await new Promise<string>((resolve) => {
			const program = yargs().scriptName('configmapfs').command(createCommand).wrap(null);
			program.parse(['create', 'cm', '--help'], {}, (_error, _argv, output) => resolve(output));
		});
		for (const part of ['Nothing is created', '--from-env-file', 'configmapfs create cm app', '-n, --namespace']) {
			expect(help).toContain(part);
		}
		expect(help).not.toContain('$0');
	});
});
