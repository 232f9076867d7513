import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../../../src/base/log.js';
import { ExecPlugin } from '../../../../src/sources/cluster/exec-plugin.js';
import type { ClusterEntry } from '../../../../src/sources/cluster/kubeconfig-entries.js';
import { until } from '../../../support/until.js';
import { HeldTimers } from './held-timers.js';

const V1 = 'client.authentication.k8s.io/v1';

/** Messages at level info. */
let logged: unknown[];
const log = { ...SILENT, info: (...entry: readonly unknown[]) => void logged.push(entry[0]) };
/** Moves only where a test moves it. */
let timers: HeldTimers;
let directory: string;
let closing: AbortController;
beforeEach(() => {
	closing = new AbortController();
	logged = [];
	timers = new HeldTimers();
	directory = mkdtempSync(join(tmpdir(), 'cmfs-exec-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const cluster = {
	server: 'https://a',
	caFile: undefined,
	caData: 'Q0E=',
	insecureSkipTlsVerify: false,
	tlsServerName: undefined,
	proxyUrl: undefined,
};

function plugin(script: string, more: { provideClusterInfo?: boolean; installHint?: string } = {}): ExecPlugin {
	const command = join(directory, 'plugin');
	writeFileSync(command, `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO $E $1" >> ${directory}/runs\n${script}\n`, {
		mode: 0o755,
	});
	return make(command, more);
}

function make(
	command: string,
	more: { provideClusterInfo?: boolean; installHint?: string } = {},
	about: ClusterEntry = cluster,
): ExecPlugin {
	const exec = {
		apiVersion: V1,
		command,
		args: ['arg'],
		env: [{ name: 'E', value: 'val' }],
		installHint: more.installHint,
		provideClusterInfo: more.provideClusterInfo ?? false,
	};
	return new ExecPlugin({ exec, cluster: about, environment: process.env, signal: closing.signal, timers, log });
}

function answer(status: object): string {
	return print(JSON.stringify({ kind: 'ExecCredential', apiVersion: V1, status }));
}

function print(output: string): string {
	return `cat <<'X'\n${output}\nX`;
}

function runs(): readonly string[] {
	return readFileSync(join(directory, 'runs'), 'utf8').trim().split('\n');
}

function readNumber(path: string): number | undefined {
	return existsSync(path) ? Number(readFileSync(path, 'utf8')) || undefined : undefined;
}

describe('ExecPlugin', () => {
	it('runs the program with its input, and keeps a credential without expiry', async () => {
		const one = plugin(answer({ token: 't' }), { provideClusterInfo: true });
		expect(await one.credential(0)).toMatchObject({ token: 't', expiresAt: undefined });
		await one.credential(1e15);
		expect(runs()).toHaveLength(1);
		const [info = '', value, arg] = runs()[0]?.split(' ') ?? [];
		expect([value, arg]).toEqual(['val', 'arg']);
		expect(JSON.parse(info)).toEqual({
			kind: 'ExecCredential',
			apiVersion: V1,
			spec: { cluster: { server: 'https://a', 'certificate-authority-data': 'Q0E=' }, interactive: false },
		});
	});

	it('passes the authority of a file and the configuration of the cluster to the plugin', async () => {
		const caFile = join(directory, 'ca.crt');
		writeFileSync(caFile, 'CA');
		plugin(answer({ token: 't' }));
		const about = { ...cluster, caFile, caData: undefined, execConfig: { audience: 'x' } };
		await make(join(directory, 'plugin'), { provideClusterInfo: true }, about).credential(0);
		const [info = ''] = runs()[0]?.split(' ') ?? [];
		expect(JSON.parse(info).spec.cluster).toEqual({
			server: 'https://a',
			'certificate-authority-data': 'Q0E=',
			config: { audience: 'x' },
		});
	});

	it('runs the program again shortly before the credential expires', async () => {
		const expires = Date.parse('2030-01-01T00:00:00Z');
		const one = plugin(answer({ token: 't', expirationTimestamp: '2030-01-01T00:00:00Z' }));
		await one.credential(expires - 60_000);
		await one.credential(expires - 11_000);
		expect(runs()).toHaveLength(1);
		await one.credential(expires - 9_000);
		expect(runs()).toHaveLength(2);
	});

	it('ends a program that hangs, and does not wait for its children', async () => {
		const one = plugin('sleep 60 & echo $! > "$(dirname "$0")/child"; wait');
		const waiting = one.credential(0);
		const child = await until(() => readNumber(join(directory, 'child')), 'the plugin runs');
		closing.abort();
		await expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
		process.kill(child);
		await expect(one.credential(0)).rejects.toMatchObject({ kind: 'aborted' });
		expect(runs()).toHaveLength(1);
	});

	it('logs the lines of a program that waits for the user while it runs', async () => {
		const one =
			plugin(`printf 'To sign in, open\\n\\nthe page' >&2; until test -e "$(dirname "$0")/go"; do sleep 0.05; done
			echo ' and type X' >&2; ${answer({ token: 't' })}`);
		const waiting = one.credential(0);
		const command = join(directory, 'plugin');
		await until(() => existsSync(join(directory, 'runs')), 'the plugin runs');
		await timers.advance(1_000);
		await until(() => logged.length > 0, 'the first line');
		expect(logged).toEqual([`credential plugin ${command}: To sign in, open`]);
		writeFileSync(join(directory, 'go'), '');
		expect(await waiting).toMatchObject({ token: 't' });
		expect(logged.slice(1)).toEqual([`credential plugin ${command}: the page and type X`]);
	});

	it('does not log the lines of a program that answers at once', async () => {
		await plugin(`echo 'a newer version is available' >&2; ${answer({ token: 't' })}`).credential(0);
		expect(logged).toEqual([]);
	});

	it('accepts a certificate with its key', async () => {
		const one = plugin(answer({ clientCertificateData: 'CERT', clientKeyData: 'KEY' }));
		expect(await one.credential(0)).toMatchObject({ certificate: 'CERT', key: 'KEY', token: undefined });
	});

	it('accepts YAML, as kubectl does', async () => {
		const one = plugin(print(`apiVersion: ${V1}\nkind: ExecCredential\nstatus:\n  token: t`));
		expect(await one.credential(0)).toMatchObject({ token: 't' });
	});

	it.each([
		[
			'fails',
			'echo "log in first" >&2; exit 3',
			/^getting credentials: exec: executable .*plugin failed with exit code 3: log in first$/,
		],
		['prints nothing', '', /is configured to use API version .*v1, plugin returned version .*\/__internal$/],
		['prints no JSON', print('{"status": secret'), /decoding stdout: .*json parse error: it is not JSON$/],
		[
			'prints no object',
			print('secret'),
			/json parse error: json: cannot unmarshal string into Go value of type struct/,
		],
		[
			'prints another kind',
			print(`{"apiVersion":"${V1}","kind":"Pod"}`),
			/no kind "Pod" is registered for version ".*v1"$/,
		],
		[
			'prints another version',
			print(`{"apiVersion":"${V1}beta1","kind":"ExecCredential","status":{"token":"t"}}`),
			/is configured to use API version .*v1, plugin returned version .*v1beta1$/,
		],
		['prints no status', print(`{"apiVersion":"${V1}","kind":"ExecCredential"}`), /didn't return a status field$/],
		['prints no token', answer({}), /didn't return a token or cert\/key pair$/],
		['prints half a pair', answer({ clientKeyData: 'KEY' }), /only certificate or key, not both$/],
		[
			'prints a number as token',
			answer({ token: 123456 }),
			/decoding stdout: json: cannot unmarshal number into Go struct field ExecCredentialStatus.status.token of type string$/,
		],
		[
			'prints a number as token in YAML',
			print(`apiVersion: ${V1}\nstatus: {token: 0123456}`),
			/decoding stdout: json: cannot unmarshal number into Go struct field ExecCredentialStatus.status.token of type string$/,
		],
		[
			'prints a date as expiry',
			answer({ token: 't', expirationTimestamp: '2030-01-01' }),
			/decoding stdout: parsing time "2030-01-01" as "2006-01-02T15:04:05Z07:00"; RFC 3339 is required$/,
		],
	])('explains a program that %s', async (_, script, text) => {
		await expect(plugin(script).credential(0)).rejects.toMatchObject({
			kind: 'credentials',
			message: expect.stringMatching(text),
		});
	});

	it('gives the hint of the kubeconfig for a program that is not installed', async () => {
		const attempt = make('no-such-plugin', { installHint: 'Install it from here.' }).credential(0);
		await expect(attempt).rejects.toThrow(/executable no-such-plugin not found\n\nInstall it from here\.$/);
	});
});
