import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadKubeconfig } from '../../../../src/sources/cluster/kubeconfig.js';

let directory: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'cmfs-kubeconfig-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
	const path = join(directory, name);
	mkdirSync(join(path, '..'), { recursive: true });
	writeFileSync(path, content);
	return path;
}

const ONE = `
apiVersion: v1
kind: Config
current-context: dev
clusters:
- {name: c1, cluster: {server: "https://one:6443/", certificate-authority: ca.pem, tls-server-name: sni, proxy-url: "http://proxy:1", extensions: [{name: other}, {name: client.authentication.k8s.io/exec, extension: {audience: x}}]}}
- {name: shared, cluster: {server: "https://first"}}
users:
- {name: u1, user: {token: t, tokenFile: secrets/token, client-certificate: cert.pem, client-key: /abs/key.pem, as: boss, as-groups: [g], as-uid: id, as-user-extra: {scopes: [a, b]}}}
- {name: plug, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/plug, args: [a], env: [{name: E, value: v}]}}}
contexts:
- {name: dev, context: {cluster: c1, user: u1, namespace: team}}
- {name: bare, context: {cluster: shared}}
`;
const TWO = `
current-context: other
clusters: [{name: shared, cluster: {server: "https://second"}}, {name: c2, cluster: {server: "https://two", insecure-skip-tls-verify: true}}]
users: [{name: u2, user: {username: me, password: pw}}]
contexts: [{name: other, context: {cluster: c2, user: u2}}]
`;

describe('loadKubeconfig', () => {
	it('reads only the file of the flag, with file names relative to it', () => {
		const kubeconfig = loadKubeconfig({ kubeconfig: file('one', ONE), environment: { KUBECONFIG: file('two', TWO) } });
		expect(kubeconfig).toMatchObject({ contextName: 'dev', userName: 'u1', namespace: 'team' });
		expect(kubeconfig.cluster).toMatchObject({
			server: 'https://one:6443',
			caFile: join(directory, 'ca.pem'),
			tlsServerName: 'sni',
			proxyUrl: 'http://proxy:1',
			execConfig: { audience: 'x' },
			insecureSkipTlsVerify: false,
		});
		expect(kubeconfig.user).toMatchObject({
			tokenFile: join(directory, 'secrets/token'),
			certFile: join(directory, 'cert.pem'),
			keyFile: '/abs/key.pem',
			impersonateUser: 'boss',
			impersonateGroups: ['g'],
			impersonateUid: 'id',
			impersonateExtra: new Map([['scopes', ['a', 'b']]]),
		});
	});

	it('merges the files of KUBECONFIG: missing ones are skipped, and of each entry the first wins', () => {
		const KUBECONFIG = ['', join(directory, 'absent'), file('one', ONE), file('two', TWO)].join(':');
		const environment = { KUBECONFIG, HOME: directory };
		expect(loadKubeconfig({ environment }).contextName).toBe('dev');
		expect(loadKubeconfig({ environment, context: 'bare' }).cluster.server).toBe('https://first');
		const other = loadKubeconfig({ environment, context: 'other' });
		expect(other).toMatchObject({ namespace: 'default', cluster: { insecureSkipTlsVerify: true } });
		expect(other.user).toMatchObject({ username: 'me', password: 'pw' });
		expect(loadKubeconfig({ environment, cluster: 'c2', user: 'plug' })).toMatchObject({
			cluster: { server: 'https://two' },
			user: { exec: { command: join(directory, 'bin/plug'), args: ['a'], env: [{ name: 'E', value: 'v' }] } },
			namespace: 'team',
		});
	});

	it('reads ~/.kube/config by default, also if the variable is empty', () => {
		file('.kube/config', ONE);
		expect(loadKubeconfig({ environment: { HOME: directory, KUBECONFIG: '' } }).contextName).toBe('dev');
	});

	it('uses the service account of a pod if there is no kubeconfig', () => {
		const serviceAccountDirectory = join(directory, 'account');
		file('account/token', 'secret\n');
		file('account/ca.crt', 'pem');
		file('account/namespace', 'own\n');
		const environment = { HOME: directory, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
		expect(loadKubeconfig({ environment, serviceAccountDirectory })).toMatchObject({
			contextName: undefined,
			namespace: 'own',
			cluster: { server: 'https://[fd00::1]:443', caFile: join(serviceAccountDirectory, 'ca.crt') },
			user: { tokenFile: join(serviceAccountDirectory, 'token') },
		});
	});

	it('reads all files again on reload', () => {
		const kubeconfig = loadKubeconfig({ kubeconfig: file('one', ONE), context: 'dev' });
		file('one', ONE.replace('as: boss', 'as: nobody'));
		expect(kubeconfig.reload().user.impersonateUser).toBe('nobody');
	});

	it.each([
		[
			'no kubeconfig at all',
			{},
			/^no kubeconfig: no configuration has been provided in ".*\.kube\/config"; set KUBECONFIG/,
		],
		['a context that does not exist', { context: 'nope' }, /^context "nope" does not exist; .*known: "bare", "dev"$/],
		['a cluster that does not exist', { cluster: 'nope' }, /^cluster "nope" does not exist; .*known: "c1", "shared"$/],
		['a user that does not exist', { user: 'nope' }, /^auth info "nope" does not exist; .*known: "plug", "u1"$/],
	])('explains %s', (name, options, text) => {
		const environment = { HOME: directory };
		if (name !== 'no kubeconfig at all') file('.kube/config', ONE);
		const expected = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(text) });
		expect(() => loadKubeconfig({ ...options, environment })).toThrow(expected);
	});

	it.each([
		['invalid YAML', 'a: [', /^error loading config file ".*bad": /],
		['another kind', 'kind: Pod', /no kind "Pod" is registered for version "v1"; .* "kind: Config"/],
		['a list instead of a mapping', '- a', /cannot unmarshal array into Go value of type struct .*; see .*:1:1$/],
		[
			'a token that is a number',
			'users: [{name: u, user: {token: 0123456}}]',
			/; put the value at .*bad:1:33 in quotes$/,
		],
		['no current context', 'contexts: [{name: x, context: {}}]', /^current-context is not set; .*; known: "x"$/],
		[
			'a server that is not a URL',
			'clusters: [{name: c, cluster: {server: x}}]\ncontexts: [{name: d, context: {cluster: c}}]\ncurrent-context: d',
			/"x" is not an http or https URL$/,
		],
	])('explains a file with %s', (_, content, text) => {
		const expected = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(text) });
		expect(() => loadKubeconfig({ kubeconfig: file('bad', content) })).toThrow(expected);
	});

	it('reports the errors of all files, as kubectl does', () => {
		const KUBECONFIG = [file('a', 'clusters: 5'), file('one', ONE), file('b', 'kind: Pod')].join(':');
		const lines = /^error loading config file ".*\/a": json: .*\nerror loading config file ".*\/b": no kind "Pod" .*$/;
		const expected = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(lines) });
		expect(() => loadKubeconfig({ environment: { KUBECONFIG, HOME: directory } })).toThrow(expected);
	});

	it('explains a missing file of the flag', () => {
		const expected = expect.objectContaining({
			code: 'INPUT_MISSING',
			message: expect.stringContaining('stat /nowhere'),
		});
		expect(() => loadKubeconfig({ kubeconfig: '/nowhere' })).toThrow(expected);
	});
});
