import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommand, createHelp } from '../../../../src/cli/commands/create-command.js';
import { commandHelp } from '../../../../src/cli/print/help.js';

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

/** What is printed for the arguments after `create`. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
	let written = '';
	const status = await createCommand({ args, env, cwd }, (text) => {
		written += text;
	});
	expect(status).toBe(0);
	return written;
}

describe('createCommand', () => {
	it('prints YAML by default', async () => {
		const metadata = 'metadata:\n  creationTimestamp: null\n  name: x\n';
		const yaml = `apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\n${metadata}`;
		expect(await run(['cm', 'x', '--from-literal=a=b'])).toBe(yaml);
		expect(await run(['cm', 'x', '--from-literal=a=b', '-oname'])).toBe('configmap/x\n');
	});

	it('takes a name after --', async () => {
		expect(await run(['cm', '-oname', '--', '-x'])).toBe('configmap/-x\n');
	});

	it('takes the environment for env files, and the last of flags that count once', async () => {
		writeFileSync(join(cwd, 'key.env'), 'HELLO\n');
		const args = ['cm', 'x', '--from-env-file=key.env', '-o=yaml', '-ojson', '-na', '--namespace', 'b'];
		expect(JSON.parse(await run(args, { HELLO: 'you' }))).toMatchObject({
			metadata: { name: 'x', namespace: 'b' },
			data: { HELLO: 'you' },
		});
	});

	it.each<[readonly string[], string, string]>([
		[[], 'USAGE', 'must specify what to create: configmap'],
		[['confgmap', 'x'], 'USAGE', 'unknown object "confgmap" for "configmapfs create"; did you mean "configmap"?'],
		[['secret', 'x'], 'USAGE', 'only configmap can be created; see "configmapfs create --help"'],
		[['cm'], 'USAGE', 'exactly one NAME is required, got 0'],
		[['cm', 'a', 'b'], 'USAGE', 'exactly one NAME is required, got 2'],
		[['cm', 'a', '--', 'b'], 'USAGE', 'exactly one NAME is required, got 2'],
		[['cm', ''], 'USAGE', 'name must be specified'],
		[
			['cm', 'x', '-o', 'wide'],
			'USAGE',
			'unable to match a printer suitable for the output format "wide", allowed formats are: json,name,yaml',
		],
		[
			['cm', 'x', '--from-env-file=app.env', '--from-literal=a=b'],
			'USAGE',
			'from-env-file cannot be combined with from-file or from-literal',
		],
		[['cm', 'x', '--from-file=nope'], 'INPUT_MISSING', 'error reading nope: no such file or directory'],
		[['cm', 'x', '--from-literal=a'], 'INPUT_INVALID', 'invalid literal source a, expected key=value'],
		[['cm', 'x', '--append-hash=zz'], 'USAGE', 'invalid argument "zz" for "--append-hash"'],
		[['cm', 'x', '--dry-run=maybe'], 'USAGE', 'must be one of none, client, server'],
		[['cm', 'x', '--from-litral=a=b'], 'USAGE', 'unknown flag: --from-litral; did you mean --from-literal?'],
		[['cm', 'x', '--from-literal.a=b'], 'USAGE', 'unknown flag: --from-literal.a'],
		[['cm', 'x', '--from-file'], 'USAGE', 'flag needs an argument: --from-file'],
	])('refuses %j with %s', async (args, code, message) => {
		await expect(run(args)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
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
				const args = [...line, output];
				const printed = await run(args);
				expect(printed).toMatch(/ConfigMap|configmap\//);
				if (!hasKubectl) continue;
				const kubectl = spawnSync('kubectl', ['create', ...args, '--dry-run=client'], { cwd, encoding: 'utf8' });
				expect(printed).toBe(kubectl.stdout);
			}
		},
		20_000,
	);

	it('was compared with kubectl', (ctx) => {
		if (!hasKubectl) ctx.skip('kubectl is not on PATH: the printed text was not compared');
	});

	it.each(['--dry-run', '--dry-run=client', '--dry-run=server', '--dry-run=none'])('ignores %s', async (flag) => {
		expect(await run(['cm', flag, 'x', '--from-literal=a=b'])).toBe(await run(['cm', 'x', '--from-literal=a=b']));
	});

	it('states in its help that nothing is created', async () => {
		const help = await commandHelp(createHelp, 100);
		for (const part of ['Nothing is created', '--from-env-file', 'configmapfs create cm app', '-n, --namespace']) {
			expect(help).toContain(part);
		}
		expect(help).not.toContain('$0');
	});
});
