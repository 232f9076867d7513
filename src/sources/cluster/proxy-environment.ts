/**
 * The proxy for a server, taken from the environment as Go programs such as kubectl do. Pure.
 * Source: golang.org/x/net v0.30 http/httpproxy, Config.ProxyFunc, with ranges such as 10.0.0.0/8 in NO_PROXY.
 */

import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** A URL; undefined if the server is reached directly. */
export function proxyFromEnvironment(server: string, environment: Environment): string | undefined {
	const { protocol, hostname, port } = new URL(server);
	const host = bareHost(hostname);
	const names = protocol === 'http:' ? ['HTTP_PROXY', 'http_proxy'] : ['HTTPS_PROXY', 'https_proxy'];
	const proxy = first(environment, names);
	if (proxy === undefined || isLoopback(host)) return undefined;
	const exceptions = first(environment, ['NO_PROXY', 'no_proxy']) ?? '';
	const effectivePort = port === '' ? (protocol === 'http:' ? '80' : '443') : port;
	if (exceptions.split(',').some((exception) => isExcepted(exception.trim().toLowerCase(), host, effectivePort))) {
		return undefined;
	}
	return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function first(environment: Environment, names: readonly string[]): string | undefined {
	for (const name of names) {
		const value = environment[name];
		if (value !== undefined && value !== '') return value;
	}
	return undefined;
}

function bareHost(hostname: string): string {
	return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

/** Whether the host is this machine. */
export function isLoopback(hostname: string): boolean {
	const host = bareHost(hostname);
	return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function isExcepted(exception: string, host: string, port: string): boolean {
	if (exception === '') return false;
	if (exception === '*') return true;
	const range = /^(.+)\/(\d+)$/.exec(exception);
	if (range !== null) return isInRange(host, range[1] ?? '', Number(range[2]));
	const [, name = exception, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(isIP(exception) === 6 ? '' : exception) ?? [];
	if (onlyPort !== undefined && onlyPort !== port) return false;
	const plain = (name === '' ? exception : name).replace(/^\*/, '');
	if (plain.startsWith('.')) return host.endsWith(plain);
	return host === plain || (isIP(host) === 0 && host.endsWith(`.${plain}`));
}

function isInRange(host: string, network: string, bits: number): boolean {
	const [hostFamily, networkFamily] = [isIP(host), isIP(network)];
	if (hostFamily === 0 || hostFamily !== networkFamily || bits > (hostFamily === 4 ? 32 : 128)) return false;
	const family = hostFamily === 4 ? 'ipv4' : 'ipv6';
	const list = new BlockList();
	list.addSubnet(network, bits, family);
	return list.check(host, family);
}
