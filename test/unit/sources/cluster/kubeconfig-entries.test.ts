import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
	type ClusterEntry,
	type KubeconfigEntries,
	readKubeconfigEntries,
	type UserEntry,
} from '../../../../src/sources/cluster/kubeconfig-entries.js';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const ABSENT = 'kubectl is not on PATH: the table was not compared with it';
let directory = '';
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), 'cmfs-entries-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const HEAD = `apiVersion: v1
kind: Config
current-context: d
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
contexts: [{name: d, context: {cluster: c, user: u}}]
`;

/** A kubeconfig with one user; its fields begin at line 9, column 5. */
function user(...fields: readonly string[]): string {
	return `${HEAD}users:\n- name: u\n  user:\n${fields.map((field) => `    ${field}\n`).join('')}`;
}

/** A kubeconfig with one cluster; its fields begin at line 4, column 5. */
function cluster(...fields: readonly string[]): string {
	return `clusters:\n- name: c\n  cluster:\n${fields.map((field) => `    ${field}\n`).join('')}`;
}

function exec(fields: string): string {
	return user(`exec: {command: x, apiVersion: client.authentication.k8s.io/v1, ${fields}}`);
}

/** Files that kubectl accepts, with the values that it reads. */
const ACCEPTED: readonly (readonly [name: string, content: string | Buffer, value: object])[] = [
	['an empty file', '', {}],
	['a file of comments', '# nothing\n', {}],
	['only the current context', 'current-context: x', { currentContext: 'x' }],
	['a token with leading zero in quotes', user('token: "0123456"'), { token: '0123456' }],
	['a tagged token', user('token: !!str 0123456'), { token: '0123456' }],
	['a binary token', user('token: !!binary aGk='), { token: 'hi' }],
	['a token that looks like a date', user('token: 2020-01-01'), { token: '2020-01-01' }],
	['a token that looks like base 60', user('token: 1:20'), { token: '1:20' }],
	['a number that is too large for Go', user('token: 1e400'), { token: '1e400' }],
	['a null token', user('token: ~'), {}],
	['an empty token', user('token:', 'as: x'), { as: 'x' }],
	['equal fields, of which the last wins', user('token: a', 'token: b'), { token: 'b' }],
	['unknown fields', `foo: 5\n${user('token: x', 'Token: 5', 'tokens: [5]')}`, { token: 'x' }],
	['keys that are not strings', `yes: 5\n1: 6\n${user('token: x')}`, { token: 'x' }],
	['null groups', user('as: a', 'as-groups: [null, g]'), { as: 'a', 'as-groups': ['', 'g'] }],
	['extra keys', user('as: a', 'as-user-extra: {1: [b], yes: [c]}'), { 'as-user-extra': { '1': ['b'], true: ['c'] } }],
	['YAML 1.1 booleans', cluster('insecure-skip-tls-verify: yes'), { 'insecure-skip-tls-verify': true }],
	['YAML 1.1 booleans, off', cluster('insecure-skip-tls-verify: Off'), {}],
	['an anchor', `x: &a t\n${user('token: *a')}`, { token: 't' }],
	['a merge key', `x: &a {server: "http://m"}\n${cluster('<<: *a')}`, { server: 'http://m' }],
	[
		'a merge key after the field',
		`x: &a {server: "http://m"}\n${cluster('server: x', '<<: *a')}`,
		{ server: 'http://m' },
	],
	['a null user', `${HEAD}users: [{name: u, user: null}]`, {}],
	['an entry without name', `${HEAD}users: [{user: {token: x}}]`, { token: 'x' }],
	['null lists', `${HEAD}users:\n`, {}],
	['JSON', '{"users":[{"name":"u","user":{"token":"a","token":"b"}}]}', { token: 'b' }],
	['an invalid second document', `${user('token: x')}---\n{{{\n`, { token: 'x' }],
	['comments before the first document', `# a\n---\n${user('token: x')}`, { token: 'x' }],
	['an empty first document', `---\n---\n${user('token: x')}`, {}],
	['CRLF and a byte order mark', `\ufeff${user('token: x').replaceAll('\n', '\r\n')}`, { token: 'x' }],
	['UTF-16', Buffer.from(`\ufeff${user('token: x')}`, 'utf16le'), { token: 'x' }],
	['base64 in several lines', user('client-key-data: |', '  aG', '  k=', 'token: x'), { token: 'x' }],
];

/** Files that kubectl refuses: its reason, and our location and cure behind it. */
const REFUSED: readonly (readonly [content: string, reason: string, cure: string])[] = [
	...(
		[
			['token: 0123456', 'number', 'token'],
			['token: 12345678901234567890123', 'number', 'token'],
			['token: 1_000', 'number', 'token'],
			['token: 1.50', 'number', 'token'],
			['token: y', 'bool', 'token'],
			['password: 12345', 'number', 'password'],
			['username: 5', 'number', 'username'],
			['tokenFile: 5', 'number', 'tokenFile'],
			['as: yes', 'bool', 'as'],
			['as: N', 'bool', 'as'],
			['as-uid: 5', 'number', 'as-uid'],
		] as const
	).map(
		([field, found, name]) =>
			[
				user(field),
				`json: cannot unmarshal ${found} into Go struct field AuthInfo.users.user.${name} of type string`,
				`put the value at FILE:9:${5 + name.length + 2} in quotes`,
			] as const,
	),
	[
		`x: &a 5\n${user('token: *a')}`,
		'json: cannot unmarshal number into Go struct field AuthInfo.users.user.token of type string',
		'put the value at FILE:10:12 in quotes',
	],
	[
		user('as-groups: [a, 1]'),
		'json: cannot unmarshal number into Go struct field AuthInfo.users.user.as-groups of type string',
		'put the value at FILE:9:20 in quotes',
	],
	[
		user('as-groups: a'),
		'json: cannot unmarshal string into Go struct field AuthInfo.users.user.as-groups of type []string',
		'see FILE:9:16',
	],
	[
		user('as-user-extra: {a: [1]}'),
		'json: cannot unmarshal number into Go struct field AuthInfo.users.user.as-user-extra of type string',
		'put the value at FILE:9:25 in quotes',
	],
	[
		user('as-user-extra: [a]'),
		'json: cannot unmarshal array into Go struct field AuthInfo.users.user.as-user-extra of type map[string][]string',
		'see FILE:9:20',
	],
	[
		user('token: 5', 'as: [5]'),
		'json: cannot unmarshal array into Go struct field AuthInfo.users.user.as of type string',
		'see FILE:10:9',
	],
	[user('client-key-data: "@@@"'), 'illegal base64 data at input byte 0', 'see FILE:9:22'],
	[user('client-key-data: "aG k="'), 'illegal base64 data at input byte 2', 'see FILE:9:22'],
	[
		user('client-key-data: 1234'),
		'json: cannot unmarshal number into Go struct field AuthInfo.users.user.client-key-data of type []uint8',
		'see FILE:9:22',
	],
	[
		user('auth-provider: {name: x, config: {a: 1}}'),
		'json: cannot unmarshal number into Go struct field AuthProviderConfig.users.user.auth-provider.config of type string',
		'put the value at FILE:9:42 in quotes',
	],
	[
		exec('args: [1]'),
		'json: cannot unmarshal number into Go struct field ExecConfig.users.user.exec.args of type string',
		'put the value at FILE:9:76 in quotes',
	],
	[
		exec('env: [{name: A, value: 1}]'),
		'json: cannot unmarshal number into Go struct field ExecEnvVar.users.user.exec.env.value of type string',
		'put the value at FILE:9:92 in quotes',
	],
	[
		exec('provideClusterInfo: "yes"'),
		'json: cannot unmarshal string into Go struct field ExecConfig.users.user.exec.provideClusterInfo of type bool',
		'write true or false, without quotes, at FILE:9:89',
	],
	[
		cluster('insecure-skip-tls-verify: "true"'),
		'json: cannot unmarshal string into Go struct field Cluster.clusters.cluster.insecure-skip-tls-verify of type bool',
		'write true or false, without quotes, at FILE:4:31',
	],
	[
		cluster('disable-compression: 5'),
		'json: cannot unmarshal number into Go struct field Cluster.clusters.cluster.disable-compression of type bool',
		'write true or false, without quotes, at FILE:4:26',
	],
	[
		cluster('extensions: [{name: 5}]'),
		'json: cannot unmarshal number into Go struct field NamedExtension.clusters.cluster.extensions.name of type string',
		'put the value at FILE:4:25 in quotes',
	],
	[
		'contexts: [{name: d, context: {namespace: yes}}]',
		'json: cannot unmarshal bool into Go struct field Context.contexts.context.namespace of type string',
		'put the value at FILE:1:43 in quotes',
	],
	[
		'preferences: {colors: "x"}',
		'json: cannot unmarshal string into Go struct field Preferences.preferences.colors of type bool',
		'write true or false, without quotes, at FILE:1:23',
	],
	[
		'current-context: 5',
		'json: cannot unmarshal number into Go struct field Config.current-context of type string',
		'put the value at FILE:1:18 in quotes',
	],
	[
		'users: [{name: u, user: {token: 5}}]\nclusters: x',
		'json: cannot unmarshal string into Go struct field Config.clusters of type []v1.NamedCluster',
		'see FILE:2:11',
	],
	[
		'users: [u]',
		'json: cannot unmarshal string into Go struct field Config.users of type v1.NamedAuthInfo',
		'see FILE:1:9',
	],
	['a: .inf', 'json: unsupported value: +Inf', 'see FILE:1:4'],
	[
		'kind: 5',
		"couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
		'put the value at FILE:1:7 in quotes',
	],
	[
		'- a',
		`couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
		'see FILE:1:1',
	],
];

/** Files for which kubectl has other words: values of the entries, a Go file, or Go's own notation. */
const REFUSED_OTHERWISE: readonly (readonly [content: string, message: string])[] = [
	[
		`${HEAD}users: [{name: u, user: {token: secret}}, {name: u, user: {token: other}}]`,
		'error converting *[]NamedAuthInfo into *map[string]*api.AuthInfo: duplicate name "u" in list; rename or remove the entry at FILE:6:43',
	],
	[
		'clusters:\n- name: c\n- name: c\n',
		'error converting *[]NamedCluster into *map[string]*api.Cluster: duplicate name "c" in list; rename or remove the entry at FILE:3:3',
	],
	[
		'contexts:\n- name: c\n- name: c\n',
		'error converting *[]NamedContext into *map[string]*api.Context: duplicate name "c" in list; rename or remove the entry at FILE:3:3',
	],
	[
		'kind: Pod',
		'no kind "Pod" is registered for version "v1"; a kubeconfig has "kind: Config" and "apiVersion: v1"; see FILE:1:7',
	],
	[
		'kind: Config\napiVersion: v2',
		'no kind "Config" is registered for version "v2"; a kubeconfig has "kind: Config" and "apiVersion: v1"; see FILE:2:13',
	],
	['a: "x\x07"', 'yaml: control characters are not allowed; see FILE:1:6'],
	['~: 5', 'yaml: invalid map key: null; see FILE:1:1'],
];

function read(content: string | Buffer): KubeconfigEntries {
	return readKubeconfigEntries(Buffer.from(content), 'FILE');
}

function message(content: string): string {
	try {
		read(content);
	} catch (error) {
		expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
		return (error as Error).message;
	}
	return '';
}

/** The values of the entries in kubectl's names; of several entries, the last. */
function valuesOf({ users, clusters, currentContext }: KubeconfigEntries): object {
	const about: Partial<UserEntry> = [...users.values()].at(-1) ?? {};
	const at: Partial<ClusterEntry> = [...clusters.values()].at(-1) ?? {};
	return withoutEmpty({
		token: about.token,
		as: about.impersonateUser,
		'as-groups': about.impersonateGroups,
		'as-user-extra': about.impersonateExtra && Object.fromEntries(about.impersonateExtra),
		server: at.server,
		'insecure-skip-tls-verify': at.insecureSkipTlsVerify,
		currentContext,
	});
}

function withoutEmpty(values: Readonly<Record<string, unknown>>): object {
	const isEmpty = (value: unknown) =>
		value === undefined || value === false || value === '' || (Array.isArray(value) && value.length === 0);
	return Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}

function runKubectl(content: string | Buffer): { readonly error?: string; readonly values?: object } {
	const file = join(directory, 'config');
	writeFileSync(file, content);
	const ran = spawnSync('kubectl', ['--kubeconfig', file, 'config', 'view', '--raw', '-o', 'json'], {
		encoding: 'utf8',
	});
	if (ran.status !== 0) return { error: ran.stderr.trim() };
	const config = JSON.parse(ran.stdout);
	const about = config.users?.at(-1)?.user ?? {};
	const at = config.clusters?.at(-1)?.cluster ?? {};
	return {
		values: withoutEmpty({
			token: about.token,
			as: about.as,
			'as-groups': about['as-groups'],
			'as-user-extra': about['as-user-extra'],
			server: at.server,
			'insecure-skip-tls-verify': at['insecure-skip-tls-verify'],
			currentContext: config['current-context'],
		}),
	};
}

describe('readKubeconfigEntries', () => {
	it.each(ACCEPTED)('accepts %s', (_, content, values) => {
		expect(valuesOf(read(content))).toMatchObject(values);
	});

	it.each(REFUSED)('refuses %j', (content, reason, cure) => {
		expect(message(content)).toBe(`error loading config file "FILE": ${reason}; ${cure}`);
	});

	it.each(REFUSED_OTHERWISE)('refuses %j', (content, text) => {
		expect(message(content)).toBe(`error loading config file "FILE": ${text}`);
	});

	it('never quotes a token', () => {
		expect(message(user('token: 0987654'))).not.toContain('987654');
		expect(message(`${HEAD}users: [{name: u, user: {token: secret}}, {name: u}]`)).not.toContain('secret');
	});
});

describe('kubectl', () => {
	it('accepts the same files, with the same values', (context) => {
		if (!hasKubectl) context.skip(ABSENT);
		for (const [name, content] of ACCEPTED) {
			expect({ name, ...runKubectl(content) }).toEqual({ name, values: valuesOf(read(content)) });
		}
	});

	it('refuses the same files, for the same reasons', (context) => {
		if (!hasKubectl) context.skip(ABSENT);
		const file = join(directory, 'config');
		for (const [content, reason] of REFUSED) {
			expect(runKubectl(content)).toEqual({ error: `error: error loading config file "${file}": ${reason}` });
		}
		for (const [content] of REFUSED_OTHERWISE)
			expect(runKubectl(content).error).toMatch(/^error: error loading config file/);
	});
});
