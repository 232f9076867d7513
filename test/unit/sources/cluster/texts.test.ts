import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import { compareResourceVersions } from '../../../../src/sources/cluster/cluster-object.js';
import { clusterTargets } from '../../../../src/sources/cluster/cluster-source.js';
import { failureText, toFailure } from '../../../../src/sources/cluster/failure-text.js';
import { proxyFromEnvironment } from '../../../../src/sources/cluster/proxy-environment.js';
import { failures } from './fake-client.js';

const context = { server: 'https://host:6443', userName: 'dev' };
const network = (systemCode: string) => new ApiError('network', 'reason', { systemCode });

describe('failureText', () => {
	it.each([
		[
			network('ECONNREFUSED'),
			'CLUSTER_UNREACHABLE',
			/^The connection to the server host:6443 was refused - did you specify the right host or port\?$/,
		],
		[network('ENOTFOUND'), 'CLUSTER_UNREACHABLE', /dial tcp: lookup host: no such host$/],
		[network('ETIMEDOUT'), 'CLUSTER_UNREACHABLE', /^Unable to connect to the server https:\/\/host:6443: reason$/],
		[network('SELF_SIGNED_CERT_IN_CHAIN'), 'CONFIG_INVALID', /x509: reason; set certificate-authority/],
		[network('CERT_HAS_EXPIRED'), 'CONFIG_INVALID', /renew the server's certificate/],
		[network('ERR_TLS_CERT_ALTNAME_INVALID'), 'CONFIG_INVALID', /set tls-server-name/],
		[
			new ApiError('status', 'Unauthorized', { code: 401 }),
			'CLUSTER_FORBIDDEN',
			/^You must be logged in to the server \(Unauthorized\): .* as user "dev"; renew them/,
		],
		[
			failures.forbidden(),
			'CLUSTER_FORBIDDEN',
			/cannot list resource "configmaps" .* namespace "a"; a Role has to allow "list" and "watch"/,
		],
		[new ApiError('credentials', 'getting credentials: exec: x'), 'CLUSTER_FORBIDDEN', /exec: x$/],
		[
			new ApiError('status', 'bad', { code: 400, reason: 'BadRequest' }),
			'USAGE',
			/^Error from server \(BadRequest\): bad$/,
		],
		[new ApiError('timeout', 'no answer'), 'CLUSTER_UNREACHABLE', /no answer$/],
		[new ApiError('protocol', 'no JSON'), 'CLUSTER_UNREACHABLE', /does not answer as a Kubernetes API does/],
	])('explains %s', (error, code, text) => {
		expect(failureText(error, context)).toMatch(text);
		expect(toFailure(error, context)).toMatchObject({ code, cause: error });
	});
});

describe('compareResourceVersions', () => {
	it.each([
		['1', '2', -1],
		['10', '9', 1],
		['99999999999999999999', '100000000000000000000', -1],
		['5', '5', 0],
		['a', 'b', undefined],
		['05', '6', undefined],
		['', '6', undefined],
	])('of %s and %s', (a, b, order) => {
		const result = compareResourceVersions(a, b);
		expect(result === undefined ? undefined : Math.sign(result)).toBe(order);
	});
});

describe('clusterTargets', () => {
	it('is one for each namespace and name, each once', () => {
		const none = { labelSelector: undefined, fieldSelector: undefined };
		const of = (namespaces: readonly string[] | 'all', names: readonly string[]) =>
			clusterTargets({ namespaces, names, ...none }).map(({ namespace, name }) => `${namespace}/${name}`);
		expect(of(['a', 'b', 'a'], [])).toEqual(['a/undefined', 'b/undefined']);
		expect(of('all', ['x', 'x', 'y'])).toEqual(['undefined/x', 'undefined/y']);
	});
});

describe('proxyFromEnvironment', () => {
	it.each([
		['https://api.example.com', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
		['https://api.example.com', { https_proxy: 'p:1' }, 'http://p:1'],
		['http://api.example.com', { HTTPS_PROXY: 'http://p:1' }, undefined],
		['https://127.0.0.1:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
		['https://[::1]:6443', { HTTPS_PROXY: 'http://p:1' }, undefined],
		['https://localhost', { HTTPS_PROXY: 'http://p:1' }, undefined],
		['https://api.example.com', { HTTPS_PROXY: 'p', NO_PROXY: 'x, example.com' }, undefined],
		['https://api.example.com', { HTTPS_PROXY: 'p', NO_PROXY: '.example.com' }, undefined],
		['https://example.com', { HTTPS_PROXY: 'p', NO_PROXY: '.example.com' }, 'http://p'],
		['https://notexample.com', { HTTPS_PROXY: 'p', NO_PROXY: 'example.com' }, 'http://p'],
		['https://a.b:6443', { HTTPS_PROXY: 'p', NO_PROXY: 'a.b:443' }, 'http://p'],
		['https://a.b:6443', { HTTPS_PROXY: 'p', NO_PROXY: 'a.b:6443' }, undefined],
		['https://10.1.2.3', { HTTPS_PROXY: 'p', NO_PROXY: '10.0.0.0/8' }, undefined],
		['https://11.1.2.3', { HTTPS_PROXY: 'p', NO_PROXY: '10.0.0.0/8' }, 'http://p'],
		['https://a.b', { HTTPS_PROXY: 'p', NO_PROXY: '*' }, undefined],
		['https://a.b', {}, undefined],
	])('for %s with %j', (server, environment, proxy) => {
		expect(proxyFromEnvironment(server, environment)).toBe(proxy);
	});
});
