import { describe, expect, it } from 'vitest';
import { proxyFromEnvironment } from '../../../../src/sources/cluster/proxy-environment.js';

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
	])('finds the proxy for %s in %j', (server, environment, proxy) => {
		expect(proxyFromEnvironment(server, environment)).toBe(proxy);
	});
});
