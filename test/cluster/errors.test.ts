/**
 * Errors when the cluster cannot be followed: one line with a cure, the right exit status, and no mount. An unreachable
 * server is waited for, and reported once.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { useControlPlane } from '../support/control-plane.js';
import { answers, startFaultProxy, stopProxies } from '../support/fault-proxy.js';
import { manifestText } from '../support/manifest.js';
import { launchMount, runCommand, runProgram, startMount, stopAll } from '../support/mount-process.js';
import { mountsBelow, removeTemporaries, temporaryDirectory } from '../support/temporary.js';
import { until } from '../support/until.js';

const cluster = useControlPlane();

afterEach(async () => {
	await stopAll();
	await stopProxies();
	removeTemporaries();
});

/** Runs a `mount` that must fail; returns its status and its only line. */
async function refused(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
	const dir = temporaryDirectory('mount');
	const { code, stdout, stderr } = await runProgram(['mount', dir, ...args], { env });
	const lines = stderr.split('\n');
	expect(stdout).toBe('');
	expect(lines).toEqual([expect.stringMatching(/^error: /), '']);
	expect(mountsBelow(dir)).toEqual([]);
	return { code, line: lines[0]?.slice('error: '.length) ?? '' };
}

function file(name: string, text: string): string {
	const path = join(temporaryDirectory('kubeconfig'), name);
	writeFileSync(path, text, { mode: 0o600 });
	return path;
}

/** The administrator's kubeconfig after a change. */
function changed(change: (config: Record<string, Record<string, never>[]>) => void): string {
	const config = JSON.parse(readFileSync(cluster().kubeconfig, 'utf8'));
	change(config);
	return file('changed', JSON.stringify(config));
}

describe('the kubeconfig', () => {
	test('there is no kubeconfig, and no other source', async () => {
		const home = temporaryDirectory('home');
		expect(await refused([], { HOME: home, KUBECONFIG: '' })).toEqual({
			code: 78,
			line: `no kubeconfig: no configuration has been provided in "${home}/.kube/config"; set KUBECONFIG, pass --kubeconfig FILE, or give local manifests with -f`,
		});
	});

	test('the named file does not exist', async () => {
		expect(await refused(['--kubeconfig', '/nonexistent/config'])).toEqual({
			code: 66,
			line: 'cannot read the kubeconfig: stat /nonexistent/config: no such file or directory',
		});
	});

	test('the file is not YAML, or not a kubeconfig', async () => {
		const broken = file('broken', 'clusters: [1,\n  users: }\n');
		expect(await refused(['--kubeconfig', broken])).toEqual({
			code: 78,
			line: expect.stringMatching(/^error loading config file "\/.*\/broken": yaml: .*; see \/.*\/broken:2:\d+$/),
		});
		const list = file('list', '- a\n');
		// Of the files in KUBECONFIG, the invalid one is named.
		expect(await refused([], { KUBECONFIG: `${cluster().kubeconfig}:${list}` })).toEqual({
			code: 78,
			line: expect.stringMatching(
				`^error loading config file "${list}": .*json: cannot unmarshal array into Go value of type .*; see ${list}:1:1$`,
			),
		});
	});

	test.each([
		[['--context', 'tset'], 'context "tset" does not exist; pass --context NAME; known: "test"'],
		[['--cluster', 'tset'], 'cluster "tset" does not exist; pass --cluster NAME; known: "test"'],
		[['--user', 'usr'], 'auth info "usr" does not exist; pass --user NAME; known: "user"'],
	])('%j names the existing entries', async (args, line) => {
		expect(await refused(['--kubeconfig', cluster().kubeconfig, ...args])).toEqual({ code: 78, line });
	});
});

describe('the server refuses', () => {
	test('a certificate of an unknown authority, and one for another name', async () => {
		const unknown = changed(({ clusters }) => {
			delete clusters?.[0]?.cluster?.['certificate-authority-data'];
		});
		expect(await refused(['--kubeconfig', unknown])).toEqual({
			code: 78,
			line: expect.stringMatching(
				`^Unable to connect to the server ${cluster().url}: x509: .*; set certificate-authority in the kubeconfig to the authority that signed the server's certificate$`,
			),
		});
		const misnamed = changed(({ clusters }) => {
			Object.assign(clusters?.[0]?.cluster ?? {}, { 'tls-server-name': 'elsewhere.example' });
		});
		expect(await refused(['--kubeconfig', misnamed])).toEqual({
			code: 78,
			line: expect.stringMatching(/x509: .*elsewhere\.example.*; set tls-server-name in the kubeconfig to a name that/),
		});
	});

	test('401', async () => {
		const stranger = cluster().writeKubeconfig({ token: 'nobody-has-this' });
		expect(await refused(['--kubeconfig', stranger])).toEqual({
			code: 77,
			line: `You must be logged in to the server (Unauthorized): ${cluster().url} refuses the credentials as user "user"; renew them, or choose others with --user or --context`,
		});
	});

	test('403 names verb, resource and namespace', async () => {
		const ns = await cluster().namespace();
		const rules = [{ verbs: ['list', 'watch'], resources: ['configmaps'], resourceNames: ['mine'] }];
		const user = await cluster().user('restricted', rules, { namespace: ns });
		const cure =
			'a Role has to allow "list" and "watch"; if it does so by resourceNames, pass --name for each; if it allows only "get", add --change-detection=get';
		expect(await refused(['--kubeconfig', user.kubeconfig, '-n', ns])).toEqual({
			code: 77,
			line: `Error from server (Forbidden): configmaps is forbidden: User "restricted" cannot list resource "configmaps" in API group "" in the namespace "${ns}"; ${cure}`,
		});
		expect(await refused(['--kubeconfig', user.kubeconfig, '-A'])).toEqual({
			code: 77,
			line: expect.stringContaining('cannot list resource "configmaps" in API group "" at the cluster scope'),
		});
		const get = ['--change-detection=get', '--name', 'mine'];
		expect(await refused(['--kubeconfig', user.kubeconfig, '-n', ns, ...get])).toEqual({
			code: 77,
			line: expect.stringContaining(
				'configmaps "mine" is forbidden: User "restricted" cannot get resource "configmaps"',
			),
		});
	});

	test('bad selectors', async () => {
		expect(await refused(['--kubeconfig', cluster().kubeconfig, '-l', 'a in (b'])).toMatchObject({
			code: 64,
			line: expect.stringMatching(/invalid argument "a in \(b" for "-l, --selector": .*expected: ',' or '\)'/),
		});
		const field = await refused(['--kubeconfig', cluster().kubeconfig, '--field-selector', 'spec.colour=red']);
		expect(field).toMatchObject({ code: 64, line: expect.stringMatching(/^Error from server \(BadRequest\): /) });
		expect(field.line).toContain('"spec.colour" is not a known field selector');
	});
});

describe('the server is away', () => {
	test('the mount waits, reports it once, and ends on SIGINT', async () => {
		const proxy = await startFaultProxy(cluster());
		const kubeconfig = proxy.kubeconfig();
		await proxy.refuse();
		const dir = temporaryDirectory('mount');
		const { mount } = launchMount(dir, ['--kubeconfig', kubeconfig]);
		const line = await mount.waitForLog(({ level }) => level === 'warn');
		expect(line).toMatchObject({
			event: 'contact-lost',
			msg: `cannot reach the API server ${proxy.url}: connection refused; retrying`,
			server: proxy.url,
			reason: 'connection refused',
		});
		await proxy.accept();
		proxy.inject({ respond: answers.unavailable() });
		await until(() => proxy.count() > 0, 'another attempt');
		expect(await mount.stop('SIGINT')).toEqual({ code: 130, signal: null });
		expect(mount.logLines().map(({ level, msg }) => `${level} ${msg}`)).toEqual([
			`warn cannot reach the API server ${proxy.url}: connection refused; retrying`,
			'info stopped by SIGINT before the mount was made',
		]);
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('the log for people has one sentence, and the mount follows when the server is back', async () => {
		const ns = await cluster().namespace();
		await cluster().kubectlOk(['create', 'cm', 'app', '-n', ns, '--from-literal=key=one']);
		const proxy = await startFaultProxy(cluster());
		const log = join(temporaryDirectory('log'), 'log');
		await proxy.refuse();
		const args = ['--kubeconfig', proxy.kubeconfig(), '-n', ns, '--log-format=pretty', '--log-file', log];
		const { mount, ready } = launchMount(temporaryDirectory('mount'), args);
		await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('connection refused'), 'the sentence');
		await proxy.accept();
		await ready;
		expect(await readFile(join(mount.dir, 'app/key'), 'utf8')).toBe('one');
		const lines = readFileSync(log, 'utf8').trim().split('\n');
		expect(lines).toHaveLength(3);
		expect(lines[1]).toMatch(new RegExp(`reconnected to ${proxy.url} after \\d+ s$`));
		expect(lines[2]).toContain('mounted 1 ConfigMap');
	});

	test('a namespace that does not exist is empty and reported, and filled once it exists', async () => {
		const args = ['--kubeconfig', cluster().kubeconfig, '-n', 'not-yet'];
		const mount = await startMount(temporaryDirectory('mount'), args);
		const { msg } = await mount.waitForLog(({ level }) => level === 'error');
		expect(msg).toContain('namespaces "not-yet" not found; it is shown once it exists, or choose another with -n');
		await cluster().kubectlOk(['create', 'namespace', 'not-yet']);
		await cluster().kubectlOk(['apply', '-f', '-'], {
			input: manifestText({ name: 'app', namespace: 'not-yet', data: { key: 'one' } }),
		});
		await until(
			async () => (await readFile(join(mount.dir, 'app/key'), 'utf8').catch(() => '')) === 'one',
			'the new object',
		);
		await mount.waitForLog(({ event }) => event === 'resolved');
		expect((await runCommand('ls', [mount.dir])).stdout).toBe('app\n');
	});
});
