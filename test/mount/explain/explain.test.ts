/**
 * `env` and `lint` of the real program: output streams, masked values, exit statuses, and that `env` prints the environment
 * that `run` gives its process.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EnvReport } from '../../../src/cli/print/env-report.js';
import type { LintReport } from '../../../src/cli/print/lint-report.js';
import { Terminal } from '../../support/app-terminal.js';
import { controlPlanePrograms } from '../../support/control-plane.js';
import { DIST, type RunOptions, type RunResult, runCommand, runProgram, stopAll } from '../../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

const MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        command: [./app, "--db=$(DB_URL)"]
        envFrom:
        - configMapRef: {name: app}
        - secretRef: {name: db}
          prefix: DB_
        env:
        - {name: COLOR, value: green}
        - {name: DB_URL, value: "db://$(DB_PASSWORD)@$(HOST)"}
        - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        volumeMounts:
        - {name: conf, mountPath: /etc/app/app.conf, subPath: app.conf}
      volumes:
      - {name: conf, configMap: {name: app}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data:
  COLOR: blue
  HOST: db.example
  TEXT: "it's\\ntwo lines"
  app.conf: port=80
---
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {PASSWORD: hunter2}
`;

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n';

let directory: string;
beforeEach(() => {
	directory = temporaryDirectory('explain', 0o777);
	write('d.yaml', MANIFEST);
});
afterEach(async () => {
	await stopAll();
	removeTemporaries();
});

function write(name: string, text: string): void {
	mkdirSync(dirname(join(directory, name)), { recursive: true });
	writeFileSync(join(directory, name), text);
}

async function program(line: string, options: RunOptions = {}): Promise<RunResult> {
	return await runProgram(line.split(' '), { cwd: directory, ...options });
}

async function json<Report>(line: string, options: RunOptions = {}): Promise<Report> {
	const { stdout } = await program(`${line} -o json`, options);
	return JSON.parse(stdout) as Report;
}

describe('env', () => {
	test('prints the variables of a container, in the order in which they are set', async () => {
		const { code, stdout, stderr } = await program('env -f d.yaml');
		expect([code, stderr]).toEqual([0, '']);
		expect(stdout).toMatch(
			/^COLOR=green\nHOST=db.example\nTEXT=it's\ntwo lines\napp.conf=port=80\nDB_PASSWORD=hunter2\nDB_URL=db:\/\/hunter2@db.example\nNODE=.+\n$/,
		);
	});

	test('prints the variables of a custom resource with a pod template, and passes over Helm hooks', async () => {
		const containers = 'containers: [{name: c, env: [{name: A, value: "1"}]}]';
		const rollout = `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n`;
		const hook = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web-test, annotations: {"helm.sh/hook": test}}\n';
		const hookContainers = 'containers: [{name: c, env: [{name: A, value: hook}]}]';
		const template = `spec:\n  template:\n    spec: {${containers}}\n`;
		write('rollout.yaml', `${rollout}${template}---\n${hook}spec: {${hookContainers}}\n`);
		expect(await program('env -f rollout.yaml')).toMatchObject({ code: 0, stdout: 'A=1\n', stderr: '' });
		expect(await program('env -f rollout.yaml rollout/web')).toMatchObject({ code: 0, stdout: 'A=1\n' });
		expect(await program('env -f rollout.yaml pod/web-test')).toMatchObject({ code: 0, stdout: 'A=hook\n' });
		expect(await program('env -f rollout.yaml -f d.yaml deploy/web')).toMatchObject({ code: 0 });
	});

	test('prints the environment that run gives its process', async () => {
		const flags = ['-f', 'd.yaml', '--env-inherit', 'path'];
		const options = { cwd: directory, env: { CALLER: 'not inherited', LC_X: 'inherited' } };
		const report = await json<EnvReport>(`env ${flags.join(' ')} --show-secrets`, options);
		const ran = await runProgram(['run', ...flags, '--', 'env', '-0'], options);
		expect(ran.code).toBe(0);
		const got = ran.stdout.split('\0').slice(0, -1).toSorted();
		expect(report.variables.map(({ name, value }) => `${name}=${value}`).toSorted()).toEqual(got);
		expect(got).toContain('LC_X=inherited');
		expect(got.some((line) => line.startsWith('CALLER='))).toBe(false);
	});

	test('-e and --env-file replace variables of the pod, here as in run, and are explained', async () => {
		write('my.env', 'HOST=from-file\nCOLOR=file\n');
		const flags = '-f d.yaml -e COLOR=red -e HOME -e DB_PASSWORD=mine --env-file my.env';
		const { code, stdout, stderr } = await program(`env ${flags} --explain`);
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		expect(stdout).toMatch(/^COLOR +red +-e COLOR$/m);
		expect(stdout).toMatch(/^ +overrides value \(env\[0\]\) at /m);
		expect(stdout).toMatch(/^HOST +from-file +--env-file my\.env$/m);
		expect(stdout).toMatch(/^DB_URL +db:\/\/mine@from-file /m);
		const printed = await program(`env ${flags} --env-inherit path`);
		const ran = await program(`run ${flags} -- env`);
		expect(ran.stdout.split('\n').toSorted()).toEqual(printed.stdout.split('\n').toSorted());
		expect(ran.stdout).toContain('DB_URL=db://mine@from-file\n');
	});

	test('-o export sets the variables in a shell', async () => {
		const script = 'eval "$("$0" "$1" env -f d.yaml -o export)"; printf "%s|%s|%s" "$COLOR" "$TEXT" "$DB_URL"';
		const { stdout, stderr } = await runCommand('sh', ['-c', script, process.execPath, join(DIST, 'main.js')], {
			cwd: directory,
		});
		expect(stdout).toBe("green|it's\ntwo lines|db://hunter2@db.example");
		expect(stderr).toBe('warning: "app.conf" is left out: a shell cannot use this name\n');
	});

	test('-o dotenv is a .env file that node reads', async () => {
		write('.env', (await program('env -f d.yaml -o dotenv')).stdout);
		const script = 'process.stdout.write(JSON.stringify([process.env.TEXT, process.env.DB_URL]))';
		const { stdout } = await runCommand(process.execPath, ['--env-file=.env', '-e', script], { cwd: directory });
		expect(JSON.parse(stdout)).toEqual(["it's\ntwo lines", 'db://hunter2@db.example']);
	});

	test.each(['env -f d.yaml --explain', 'env -f d.yaml -o json', 'env -f d.yaml --explain -o json'])(
		'masks values of Secrets, which --show-secrets prints: %s',
		async (line) => {
			const masked = await program(line);
			expect(masked.code).toBe(0);
			expect(masked.stdout).toContain('DB_PASSWORD');
			expect(masked.stdout + masked.stderr).not.toContain('hunter2');
			expect((await program(`${line} --show-secrets`)).stdout).toContain('db://hunter2@db.example');
		},
	);

	test('explains without colours if the output is not a terminal', async () => {
		const { stdout } = await program('env -f d.yaml --explain');
		expect(stdout).not.toContain('\x1b');
		expect(stdout).toMatch(/^COLOR +green +value \(env\[0\]\) +d\.yaml:17:32$/m);
		expect(stdout).toMatch(/^ {4}overrides ConfigMap app, key COLOR \(envFrom\[0\]\) at d\.yaml:29:10$/m);
		expect(stdout).toMatch(
			/^DB_PASSWORD +\(Secret, 7 bytes\) +Secret db, key PASSWORD \(envFrom\[1\]\) +d\.yaml:37:24$/m,
		);
		expect(stdout).toMatch(/^ {4}expanded from db:\/\/\$\(DB_PASSWORD\)@\$\(HOST\)$/m);
		expect(stdout).toMatch(/^7 variables; starts \.\/app '--db=\*{6}'$/m);
	});

	test('has a shape for other programs', async () => {
		const report = await json<EnvReport>('env -f d.yaml');
		expect(report).toMatchObject({
			schema: 'configmapfs.env/v1',
			pod: { name: 'web-local', namespace: 'default', workload: 'deployment/web', place: 'd.yaml:1:1' },
			container: 'app',
			command: ['./app', '--db=******'],
			args: null,
			missing: [],
			leftOut: [],
			warnings: [],
		});
		expect(report.variables.find(({ name }) => name === 'DB_URL')).toEqual({
			name: 'DB_URL',
			value: null,
			bytes: 23,
			isSecret: true,
			isShellName: true,
			origin: { kind: 'value', field: 'env[1]', object: null, key: null, place: 'd.yaml:18:33' },
			overrode: [],
			expansion: { raw: 'db://$(DB_PASSWORD)@$(HOST)', references: ['DB_PASSWORD', 'HOST'], unresolved: [] },
			standIn: null,
		});
	});

	test('a later source wins, and is the origin', async () => {
		write('over.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata:\n  HOST: local\n');
		const { variables } = await json<EnvReport>('env -f d.yaml -f over.yaml');
		expect(variables.find(({ name }) => name === 'HOST')).toMatchObject({
			value: 'local',
			origin: { place: 'over.yaml:5:9' },
		});
	});

	describe('with something missing', () => {
		beforeEach(() => {
			write('p.yaml', `${POD}    envFrom: [{configMapRef: {name: app}}]\n    env: [{name: A, value: "1"}]\n`);
		});

		test.each(['text', 'export', 'dotenv'])('prints kubelet’s reason instead of %s', async (format) => {
			const { code, stdout, stderr } = await program(`env -f p.yaml -o ${format}`);
			expect([code, stdout]).toEqual([66, '']);
			expect(stderr).toMatch(/^error: container "c" cannot start: configmap "app" not found; add it .*\n$/);
		});

		test('explains the variables that are known', async () => {
			const { code, stdout, stderr } = await program('env -f p.yaml --explain');
			expect(code).toBe(66);
			expect(stdout).toMatch(/^A +1 /m);
			expect(stdout).toContain('    configmap "app" not found (CreateContainerConfigError)\n');
			expect(stderr).toContain('configmap "app" not found');
			const report = await json<EnvReport>('env -f p.yaml');
			expect(report.missing).toEqual([{ reason: 'CreateContainerConfigError', message: 'configmap "app" not found' }]);
		});
	});

	test('lists the names that it skips', async () => {
		write('p.yaml', `${POD}    envFrom: [{configMapRef: {name: app}}]\n`);
		write('app.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {"1a": x, b: z}\n');
		const { code, stdout, stderr } = await program('env -f p.yaml -f app.yaml --strict-env-names');
		expect([code, stdout]).toEqual([0, 'b=z\n']);
		expect(stderr).toMatch(/^warning: spec.containers\[0\].envFrom\[0\]: Keys \[1a\] .* were skipped/);
	});

	test.each([
		['env -f d.yaml -- ./app', 64, '"env" does not start a command'],
		['env -f d.yaml --explain -o export', 64, '--explain prints a table or JSON'],
		['env -f d.yaml -o yaml', 64, 'must be one of text, export, dotenv, json'],
		['env -f d.yaml --on-change restart', 64, 'unknown flag: --on-change'],
		['env -f none.yaml', 66, 'the path "none.yaml" does not exist'],
		['env -f d.yaml sts/web', 66, 'workload "sts/web" not found'],
		['env -f d.yaml -c sidecar', 66, 'container sidecar not found'],
		['env -f bad.yaml', 65, 'bad.yaml:7:10: '],
	])('%s ends with %i', async (line, status, text) => {
		write('bad.yaml', `${POD}    env: 1\n`);
		const { code, stdout, stderr } = await program(line);
		expect([code, stdout]).toEqual([status, '']);
		expect(stderr).toContain(text);
		expect(stderr).toMatch(/^error: /);
	});
});

describe('--validate', () => {
	test('warns by default, refuses, or ignores', async () => {
		write('p.yaml', `${POD}    env: [{name: A, value: x, futureField: {a: 1}}]\n`);
		const field = 'unknown field "spec.containers[0].env[0].futureField"';
		const warned = await program('env -f p.yaml');
		expect([warned.code, warned.stdout]).toEqual([0, 'A=x\n']);
		expect(warned.stderr).toMatch(/^warning: p\.yaml:\d+:\d+: /);
		expect(warned.stderr).toContain(field);
		expect(await program('env -f p.yaml --validate=ignore')).toMatchObject({ code: 0, stdout: 'A=x\n', stderr: '' });
		const refused = await program('env -f p.yaml --validate');
		expect([refused.code, refused.stdout]).toEqual([66, '']);
		expect(refused.stderr).toMatch(/^error: p\.yaml:\d+:\d+: strict decoding error: /);
		const run = await program('run -f p.yaml --validate -- true');
		expect(run.code).toBe(125);
		expect(run.stderr).toContain(`strict decoding error: ${field}`);
		expect((await program('run -f p.yaml -- true')).code).toBe(0);
	});
});

describe('lint', () => {
	test('prints findings with their locations, as compilers do, and fails if one is an error', async () => {
		write('p.yaml', `${POD}    envFrom:\n    - configMapRef: {name: none}\n`);
		const { code, stdout, stderr } = await program('lint -f d.yaml -f p.yaml');
		expect([code, stderr]).toEqual([1, '']);
		expect(stdout).not.toContain('\x1b');
		const lines = stdout.split('\n');
		expect(lines.filter((line) => !line.startsWith('    ')).map((line) => line.replace(/ .* \[/, ' ['))).toEqual([
			'd.yaml:13:11: [env-name-no-shell]',
			'd.yaml:17:11: [env-overrides-env-from]',
			'd.yaml:21:63: [subpath-never-updates]',
			'p.yaml:8:28: [missing-object]',
			'1 error, 2 warnings, 1 info',
			'',
		]);
		expect(lines[6]).toBe(
			'p.yaml:8:28: error: configmap "none" not found: the container waits for it (CreateContainerConfigError) [missing-object]',
		);
		expect(lines[7]).toBe('    add it to the sources, or correct the name');
	});

	test('names each misspelt field, and the right one', async () => {
		write('p.yaml', `${POD}    comand: [x]\n    envfrom: []\n`);
		const { code, stdout } = await program('lint -f p.yaml --strict');
		expect(code).toBe(1);
		expect(stdout).toContain(
			'warning: unknown field "spec.containers[0].comand"; did you mean "command"? [unknown-field]',
		);
		expect(stdout).toContain('warning: unknown field "spec.containers[0].envfrom"; did you mean "envFrom"?');
		expect((await program('lint -f p.yaml')).code).toBe(0);
	});

	test('has a shape for other programs', async () => {
		const report = await json<LintReport>('lint -f d.yaml');
		expect(report).toMatchObject({
			schema: 'configmapfs.lint/v1',
			summary: { workloads: 1, configMaps: 1, secrets: 1, errors: 0, warnings: 2, infos: 1 },
		});
		expect(report.findings[2]).toEqual({
			severity: 'warning',
			rule: 'subpath-never-updates',
			place: 'd.yaml:21:63',
			file: 'd.yaml',
			line: 21,
			column: 63,
			workload: 'deployment/web',
			field: 'spec.template.spec.containers[0].volumeMounts[0].subPath',
			text: expect.stringContaining('"app.conf" of volume "conf" is bound when the container starts'),
			cure: expect.stringContaining('mount the directory'),
		});
	});

	test('warnings fail only with --strict, infos never', async () => {
		expect((await program('lint -f d.yaml')).code).toBe(0);
		expect((await program('lint -f d.yaml --strict')).code).toBe(1);
		write('p.yaml', `${POD}    env: [{name: A, value: "$(KUBERNETES_SERVICE_HOST)"}]\n`);
		const { code, stdout } = await program('lint -f p.yaml --strict');
		expect([code, stdout.split('\n').at(-2)]).toEqual([0, '0 errors, 0 warnings, 1 info']);
	});

	test('prints nothing without findings, except in JSON', async () => {
		write('p.yaml', POD);
		expect(await program('lint -f p.yaml')).toMatchObject({ code: 0, stdout: '', stderr: '' });
		expect(await json<LintReport>('lint -f p.yaml')).toEqual({
			schema: 'configmapfs.lint/v1',
			findings: [],
			summary: { workloads: 1, configMaps: 0, secrets: 0, errors: 0, warnings: 0, infos: 0 },
		});
	});

	test('checks ConfigMaps and Secrets that no workload names', async () => {
		write('maps/a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: site}\ndata: {title: hello}\n');
		write('maps/b.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {user: me}\n');
		expect(await program('lint -f maps')).toMatchObject({ code: 0, stdout: '', stderr: '' });
		write('maps/c.yaml', `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata: {k: ${'x'.repeat(300_000)}}\n`);
		const { summary, findings } = await json<LintReport>('lint -f maps');
		expect(summary).toEqual({ workloads: 0, configMaps: 2, secrets: 1, errors: 0, warnings: 1, infos: 0 });
		expect(findings).toMatchObject([{ rule: 'near-limit', file: 'maps/c.yaml', line: 1, workload: null }]);
		expect((await program('lint -f maps -n other')).code).toBe(0);
		expect((await program('lint -f maps -c app')).code).toBe(66);
	});

	test('passes over disabled rules, ignored lines and excluded files', async () => {
		const noisy = (more: string) => `${POD}    env: [{name: a b, value: x}]${more}\n`;
		const found = async (flags: string, input?: string) => {
			const { stdout } = await program(`lint ${flags} -o json`, input === undefined ? {} : { input });
			return (JSON.parse(stdout) as LintReport).findings.map(({ rule }) => rule);
		};
		write('n/a/p.yaml', noisy(''));
		expect(await found('-f n -R')).toEqual(['env-name-no-shell', 'env-name-too-new']);
		expect(await found('-f n -R --disable env-name-no-shell --disable blank-value,env-name-too-new')).toEqual([]);
		expect(await found('-f n -f d.yaml -R --exclude a')).not.toContain('env-name-too-new');
		const ignored = noisy(' # configmapfs:ignore env-name-no-shell');
		write('n/a/p.yaml', ignored);
		expect(await found('-f n -R')).toEqual(['env-name-too-new']);
		expect(await found('-f -', ignored)).toEqual(['env-name-too-new']);
	});

	test('prints workflow commands and SARIF', async () => {
		const github = await program('lint -f d.yaml -o github');
		expect(github.stdout).toMatch(/^::warning file=d\.yaml,line=13,col=11,title=env-name-no-shell::shells cannot use /);
		const sarif = await program('lint -f d.yaml -o sarif');
		const log = JSON.parse(sarif.stdout) as {
			readonly version: string;
			readonly runs: readonly [{ results: unknown[] }];
		};
		expect([log.version, log.runs[0].results.length, sarif.code]).toEqual(['2.1.0', 3, 0]);
	});

	test('checks every container, or one', async () => {
		write('p.yaml', `${POD}  - name: side\n    env: [{name: a b, value: x}]\n  - {name: good}\n`);
		expect((await json<LintReport>('lint -f p.yaml')).findings.map(({ line }) => line)).toEqual([8, 8]);
		expect((await json<LintReport>('lint -f p.yaml -c good')).findings).toEqual([]);
		expect((await program('lint -f p.yaml -c none')).code).toBe(66);
	});

	test('checks every workload, or one', async () => {
		write('p.yaml', `${POD}    env: [{name: a b, value: x}]\n`);
		expect((await json<LintReport>('lint -f d.yaml -f p.yaml')).summary.workloads).toBe(2);
		const { findings } = await json<LintReport>('lint -f d.yaml -f p.yaml pod/p');
		expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(['p.yaml']));
	});

	test('--walk reports what a walk of the volumes finds', async () => {
		write(
			'p.yaml',
			`${POD}    volumeMounts: [{name: v, mountPath: /v}]\n  volumes: [{name: v, configMap: {name: app}}]\n`,
		);
		const found = async (flags: string) =>
			(await json<LintReport>(`lint -f p.yaml -f d.yaml pod/p${flags}`)).findings.map(({ rule }) => rule);
		expect(await found('')).toEqual([]);
		expect(await found(' --walk')).toEqual(['double-read']);
	});

	test('reads standard input and kustomizations', async () => {
		const piped = await program('lint -f -', { input: MANIFEST });
		expect(piped.stdout).toMatch(/^STDIN:13:11: warning: /);
		const { kubectl } = controlPlanePrograms();
		if (kubectl === undefined) throw new Error('there is no kubectl; run: node scripts/control-plane/ensure.mjs');
		write('k/kustomization.yaml', 'resources: [d.yaml]\n');
		write('k/d.yaml', MANIFEST);
		const env = { PATH: `${dirname(kubectl)}:${process.env.PATH}` };
		const { findings } = await json<LintReport>('lint -k k', { env });
		expect(findings.map(({ rule, file }) => `${rule} ${file}`)).toContain('subpath-never-updates kustomize k');
	});

	test.each([
		['foo: [\n', 'bad.yaml:2:1', 1],
		['kind: Pod\n---\nkind: ConfigMap\n', 'bad.yaml:1:1', 2],
		['apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {k: 1}\n', 'bad.yaml:4:11', 1],
		['apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {k: "?"}\n', 'bad.yaml:4:11', 1],
	])('an invalid manifest is an error with its location: %j', async (text, place, errors) => {
		write('bad.yaml', text);
		const { code, stdout, stderr } = await program('lint -f bad.yaml');
		expect([code, stderr]).toEqual([1, '']);
		expect(stdout).toMatch(new RegExp(`^${place}: error: .* \\[invalid-manifest\\]\n`));
		expect(stdout).toContain(`\n${errors} error`);
	});

	test.each(['env -f bad.yaml', 'run -f bad.yaml -- true'])(
		'%s reports first why a workload is missing',
		async (line) => {
			write('bad.yaml', `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n---\n${POD}\t- name: d\n`);
			const { stdout, stderr } = await program(line);
			expect(stdout).toBe('');
			expect(stderr).toMatch(
				/bad\.yaml:11:1: yaml: found .*; indent with spaces, not with a tab\n.*no workload; found ConfigMap\/app/,
			);
		},
	);

	test('a key or an object that is there twice is a warning with both locations, and the last one counts', async () => {
		const env = '    env: [{name: L, valueFrom: {fieldRef: {fieldPath: "metadata.labels[\'app\']"}}}]\n';
		write('q.yaml', `${POD.replace('{name: p}', '{name: q, labels: {app: a}, labels: {app: b}}')}${env}`);
		write('p.yaml', `${POD}${env}---\n${POD}${env}`);
		const key =
			'q.yaml:3:39: warning: yaml: key "labels" already set in map at q.yaml:3:21; kubectl uses the last value';
		const linted = await program('lint -f p.yaml -f q.yaml --strict');
		expect([linted.code, linted.stderr]).toEqual([1, '']);
		expect(linted.stdout).toContain(`${key} [duplicate-key]\n    remove one of the two\n`);
		expect(linted.stdout).toContain(
			'p.yaml:9:1: warning: Pod "default/p" is already defined at p.yaml:1:1; this version replaces it [duplicate-object]\n',
		);
		const printed = await program('env -f q.yaml');
		expect([printed.code, printed.stdout]).toEqual([0, 'L=b\n']);
		expect(printed.stderr).toContain('warning: q.yaml:3:39: yaml: key "labels" already set');
	});

	test('never prints a value of a Secret', async () => {
		write('bad.yaml', MANIFEST.replace('hunter2', '"hunter2\\n"').replace('port=80', '"hunter2\\t\\n2"'));
		const { stdout, stderr } = await program('lint -f bad.yaml --walk');
		expect(stdout).toContain('[env-trailing-newline]');
		expect(stdout + stderr).not.toContain('hunter2');
	});

	test.each([
		['lint -f none.yaml', 66, 'the path "none.yaml" does not exist'],
		['lint -f empty.yaml', 66, 'no workload; add the manifest'],
		['lint -f d.yaml pod/p', 66, 'workload "pod/p" not found'],
		['lint -f d.yaml what/p', 64, 'unknown kind of workload "what"'],
		['lint -f d.yaml -o yaml', 64, 'must be one of text, json'],
		['lint -f d.yaml --disable unused-volum', 64, 'unknown rule; did you mean unused-volume?'],
		['lint -f d.yaml --fix', 64, 'unknown flag: --fix'],
		['lint -f d.yaml a b', 64, 'expected one workload KIND/NAME, but also got "b"'],
	])('%s ends with %i', async (line, status, text) => {
		write('empty.yaml', '');
		const { code, stderr } = await program(line);
		expect(code).toBe(status);
		expect(stderr).toContain(text);
	});

	test('lists its rules without manifests', async () => {
		const { code, stdout } = await program('lint --list-rules');
		expect(code).toBe(0);
		expect(stdout).toMatch(/^subpath-never-updates +warning +a file mounted with subPath/m);
	});
});

describe('on a terminal', () => {
	let terminal: Terminal;
	const main = `'${process.execPath}' '${join(DIST, 'main.js')}'`;

	beforeEach(async () => {
		terminal = await Terminal.open();
		await terminal.enter(`cd '${directory}'; TERM=xterm; unset NO_COLOR; stty cols 100; echo do''ne`, /done[^$]*\$ $/);
	});
	afterEach(() => {
		terminal.close();
	});

	/** The output of a command line on a terminal. */
	async function shown(line: string): Promise<string> {
		const [text] = await terminal.enter(`${line}; echo "<$?>"`, /[\s\S]*<\d+>\r\n/);
		return text.replaceAll('\r\n', '\n');
	}

	test('env masks values that it prints into a pipe', async () => {
		const text = await shown(`${main} env -f d.yaml`);
		expect(text).toContain('DB_PASSWORD=(Secret, 7 bytes)\n');
		expect(text).toContain('<0>');
		expect(text).not.toContain('hunter2');
		expect(await shown(`${main} env -f d.yaml --show-secrets`)).toContain('DB_PASSWORD=hunter2\n');
		expect(await shown(`${main} env -f d.yaml | cat`)).toContain('DB_PASSWORD=hunter2\n');
		expect(await shown(`${main} env -f d.yaml -o export`)).not.toContain('hunter2');
	});

	test('env --explain fits the width and has colours, but not with NO_COLOR', async () => {
		const text = await shown(`${main} env -f d.yaml --explain`);
		expect(text).toContain('\x1b[1mCOLOR      \x1b[22m');
		expect(await shown(`NO_COLOR=1 ${main} env -f d.yaml --explain`)).not.toContain('\x1b[1m');
		const narrow = await shown(`stty cols 60; NO_COLOR=1 ${main} env -f d.yaml --explain`);
		expect(narrow).toContain('COLOR\n    green\n    value (env[0]) at d.yaml:17:32\n');
	});

	test('lint has colours, and a line if there are no findings', async () => {
		expect(await shown(`${main} lint -f d.yaml`)).toContain('\x1b[33mwarning:\x1b[39m');
		write('p.yaml', POD);
		expect(await shown(`${main} lint -f p.yaml`)).toContain('checked 1 workload: no findings\n<0>');
		expect(await shown(`${main} lint -f p.yaml -o json`)).not.toContain('no findings');
	});
});
