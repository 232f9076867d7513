/** Command lines of `run`. */

import { describe, expect, test } from 'vitest';
import { RUN_OPTIONS, readRunLine } from '../../../../src/cli/flags/run-flags.js';

const read = (...args: readonly string[]) => readRunLine(args, '/checkout');

describe('readRunLine', () => {
	test('nothing but a source: the defaults', () => {
		expect(read('-f', 'deploy.yaml')).toEqual({
			pod: {
				workload: undefined,
				sources: [{ kind: 'filename', path: 'deploy.yaml' }],
				recursive: false,
				fieldValidation: 'warn',
				cluster: undefined,
				namespace: undefined,
				container: undefined,
				kubeletDelay: undefined,
			},
			command: undefined,
			keepArgs: false,
			given: { variables: [], files: [] },
			envInherit: { base: 'path', names: [] },
			strictEnvNames: false,
			allowHostPath: false,
			localVolumes: new Map(),
			liveSubPaths: false,
			mapRoot: false,
			rootDir: undefined,
			driver: 'auto',
			snapshotGraceMs: 0,
			waitTimeoutMs: undefined,
			onChange: { otherwise: { kind: 'none' }, volumes: new Map() },
			logLevel: 'warn',
			logFormat: 'pretty',
			logFile: undefined,
		});
	});

	test('every flag', () => {
		const line = read(
			...['deploy/web', '-Rf', 'k8s/', '-n', 'shop', '-c', 'sidecar', '--kubelet-delay=1s..2s'],
			...['--keep-args', '--env-inherit', 'all,JAVA_HOME', '--strict-env-names'],
			...['-e', 'A=b=c', '--env=D', '--env-file', 'x.env', '-eE='],
			...['--allow-host-path', '--local-volume', 'data=./d', '--local-volume=tmp=/tmp', '--subpath', 'live'],
			...['--map-root', '--driver', 'directory', '--snapshot-grace', '5s', '--wait-timeout=1m30s'],
			...['--on-change', 'restart', '--on-change', 'tls=signal:HUP'],
			...['--log-level', 'debug', '--log-format', 'json', '--log-file', 'log'],
			...['--', './my-app', '-f', '--', 'x'],
		);
		expect(line).toMatchObject({
			pod: {
				workload: 'deploy/web',
				sources: [{ kind: 'filename', path: 'k8s/' }],
				recursive: true,
				namespace: 'shop',
				container: 'sidecar',
				kubeletDelay: { minMs: 1000, maxMs: 2000 },
			},
			command: ['./my-app', '-f', '--', 'x'],
			keepArgs: true,
			given: { variables: ['A=b=c', 'D', 'E='], files: ['x.env'] },
			envInherit: { base: 'all', names: ['JAVA_HOME'] },
			strictEnvNames: true,
			allowHostPath: true,
			liveSubPaths: true,
			mapRoot: true,
			driver: 'directory',
			snapshotGraceMs: 5000,
			waitTimeoutMs: 90_000,
			logLevel: 'debug',
			logFormat: 'json',
			logFile: 'log',
		});
		expect([...line.localVolumes]).toEqual([
			['data', '/checkout/d'],
			['tmp', '/tmp'],
		]);
		expect(line.onChange.volumes.get('tls')).toEqual({ kind: 'signal', signal: 'SIGHUP' });
	});

	test('sources in the order in which they were typed', () => {
		const { sources } = read('-f', 'a', '--create', 'app', '--from-literal=k=v', '-k', 'dir', '-f', 'b').pod;
		expect(sources.map(({ kind }) => kind)).toEqual(['filename', 'create', 'kustomize', 'filename']);
	});

	test('a cluster is requested if no source is given, or if a flag names one', () => {
		expect(read('deploy/web').pod.cluster).toMatchObject({ context: undefined });
		expect(read('-f', 'a').pod.cluster).toBeUndefined();
		expect(read('-f', 'a', '--context', 'staging').pod.cluster).toMatchObject({ context: 'staging' });
	});

	test('--volume and --env-from name ConfigMaps, and Secrets by kind', () => {
		const flags = [
			'--volume',
			'app=/etc/app',
			'--volume=secret/tls=/etc/a=b',
			'--env-from',
			'cm/env',
			'--env-from=secrets/db',
		];
		expect(read(...flags, '--', 'x').pod.flagPod).toEqual({
			volumes: [
				{ kind: 'configMap', name: 'app', mountPath: '/etc/app' },
				{ kind: 'secret', name: 'tls', mountPath: '/etc/a=b' },
			],
			envFrom: [
				{ kind: 'configMap', name: 'env' },
				{ kind: 'secret', name: 'db' },
			],
		});
	});

	test('--env-inherit with only names keeps the default; of several words the last one counts', () => {
		expect(read('--env-inherit', 'JAVA_HOME').envInherit).toEqual({ base: 'path', names: ['JAVA_HOME'] });
		expect(read('--env-inherit', 'all,X,none').envInherit).toEqual({ base: 'none', names: ['X'] });
	});

	test('--root-dir is relative to the working directory; an empty -n is the default, as in kubectl', () => {
		expect(read('-f', 'a', '--root-dir', 'root').rootDir).toBe('/checkout/root');
		expect(read('-f', 'a', '-n', '').pod.namespace).toBeUndefined();
	});

	test('a command that begins like a flag or a path is one behind --', () => {
		expect(read('-f', 'a', '--', '--help').command).toEqual(['--help']);
		expect(read('-f', 'a', 'web', '--', './app').pod.workload).toBe('web');
	});

	test.each([
		[['-f', 'a', '--'], 'the command after "--" is missing'],
		[['a', 'b'], 'expected one workload KIND/NAME, but also got "b"; to run a command, put -- before it'],
		[['-f', 'a', './app'], '"./app" is not a workload KIND/NAME; to run a command, put -- before it: -- ./app'],
		[['-f', 'a', '/bin/sh'], '"/bin/sh" is not a workload KIND/NAME; to run a command, put -- before it: -- /bin/sh'],
		[['-f', 'a', '../app'], '"../app" is not a workload KIND/NAME; to run a command, put -- before it: -- ../app'],
		[['-n', 'a', '-n', 'b'], 'a pod has one namespace; pass -n once'],
		[['--root-dir', ''], 'the value of --root-dir is empty'],
		[
			['--map-root', '--root-dir', 'x'],
			'--map-root needs a namespace, which --root-dir does not use; drop one of the two',
		],
		[['--local-volume', 'data'], 'invalid argument "data" for "--local-volume": expected VOLUME=DIR'],
		[['--local-volume', '=x'], 'invalid argument "=x" for "--local-volume": expected VOLUME=DIR'],
		[['--local-volume', 'data='], 'invalid argument "data=" for "--local-volume": expected VOLUME=DIR'],
		[['--subpath', 'x'], 'invalid argument "x" for "--subpath": must be one of frozen, live'],
		[
			['--env-inherit', 'pth,X'],
			'invalid argument "pth,X" for "--env-inherit": ' +
				'expected none, path, all, or names of variables, such as path,JAVA_HOME; did you mean "path"?',
		],
		[
			['--env-inherit', 'path,'],
			'invalid argument "path," for "--env-inherit": ' +
				'expected none, path, all, or names of variables, such as path,JAVA_HOME',
		],
		...['app', 'app=', 'app=etc', '=/etc', 'pod/a=/etc', 'secret/a/b=/etc'].map((text): [string[], string] => [
			['--volume', text],
			`invalid argument "${text}" for "--volume": ` +
				'expected NAME=/PATH for a ConfigMap or secret/NAME=/PATH, such as app=/etc/app',
		]),
		[['--env-from', 'x/'], 'invalid argument "x/" for "--env-from": expected NAME for a ConfigMap or secret/NAME'],
		[['--env-from', 'x'], 'without a workload there is no command; pass one after --'],
		[
			['--env-from', 'x', 'sh'],
			'--volume and --env-from describe a pod of their own, so "sh" is not used; drop it, or put -- before a command',
		],
		[['-e', '=x'], 'invalid argument "=x" for "-e, --env": expected NAME=VALUE or NAME'],
		[['--env-file', ''], 'the value of --env-file is empty'],
		[
			['--wait-timeout', '5'],
			'invalid argument "5" for "--wait-timeout": expected a duration such as 500ms, 5s or 1m30s',
		],
		[
			['--kubelet-delay=2s..1s'],
			'invalid argument "2s..1s" for "--kubelet-delay": expected MIN..MAX, such as 60s..90s',
		],
		[
			['--on-change', 'x'],
			'--on-change x: unknown action "x"; use none, signal:NAME, restart, exec:COMMAND or http:URL',
		],
		[['--name', 'x'], 'unknown flag: --name; did you mean --namespace? see "configmapfs run --help"'],
	])('%j is refused', (args, message) => {
		expect(() => read(...args)).toThrow(expect.objectContaining({ code: 'USAGE', message }));
	});
});

test('each flag has a description and a group, and no letter stands for two flags', () => {
	const short = Object.values(RUN_OPTIONS).flatMap((option) => ('alias' in option ? [option.alias] : []));
	expect(new Set(short).size).toBe(short.length);
	for (const { describe: text, group } of Object.values(RUN_OPTIONS)) {
		expect(text).not.toBe('');
		expect(group).toMatch(/:$/);
	}
});
