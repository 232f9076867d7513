import { expect, test } from 'vitest';
import type { Logger, LogMethod } from '../../../../src/base/log.js';
import { eventLog } from '../../../../src/cli/print/event-log.js';
import type { ControlEvent } from '../../../../src/control/events.js';

/** The records that one event makes. */
function recordsOf(event: ControlEvent): readonly object[] {
	const records: object[] = [];
	const method =
		(level: string): LogMethod =>
		(...[fields, message]: readonly unknown[]) =>
			void records.push({ level, ...(fields as object), msg: message });
	const [error, warn, info, debug, trace] = ['error', 'warn', 'info', 'debug', 'trace'].map(method) as [
		LogMethod,
		LogMethod,
		LogMethod,
		LogMethod,
		LogMethod,
	];
	const log: Logger = { error, warn, info, debug, trace, child: () => log };
	eventLog(log)(event);
	return records;
}

const FLIP = {
	type: 'published',
	generation: '..2026_01_01_00_00_00.1',
	added: [],
	changed: ['a', 'b'],
	removed: ['c'],
	keyCount: 2,
	sizeBytes: 1,
	durationUs: 5,
	isInitial: false,
} as const;

const APP_YAML = { volume: 'v', added: [], changed: ['app.yaml'], removed: [] };
const SERVER = 'https://127.0.0.1:6443';

test.each<readonly [ControlEvent, string]>([
	[{ ...FLIP, configMap: 'default/app' }, 'info default/app: changed a, b; removed c (2 keys, 1 byte)'],
	[{ ...FLIP, volume: 'config', isInitial: true }, 'debug volume "config": changed a, b; removed c (2 keys, 1 byte)'],
	[
		{ ...FLIP, configMap: 'default/app', changed: [], removed: [], keyCount: 0, sizeBytes: 0 },
		'info default/app: published (0 keys, 0 bytes)',
	],
	[
		{ type: 'server-fault', where: 'READ', stack: 'Error: x\n    at f (a.js:1:2)\n    at b.js:3:4' },
		'error internal error in READ: Error: x at f (a.js:1:2) at b.js:3:4; please report this',
	],
	[{ type: 'removed', configMap: 'default/app' }, 'info default/app: removed'],
	[{ type: 'problem', location: 'a.yaml:3:1', reason: 'bad' }, 'error a.yaml:3:1: bad'],
	[{ type: 'resolved', locations: ['a.yaml:3:1'] }, 'error all sources are valid again'],
	[
		{ type: 'contact-lost', server: SERVER, reason: 'connection refused', hasContent: false },
		`warn cannot reach the API server ${SERVER}: connection refused; retrying`,
	],
	[
		{ type: 'contact-lost', server: SERVER, reason: 'connection refused', hasContent: true },
		`warn lost contact with the API server ${SERVER}: connection refused; the last content stays`,
	],
	[{ type: 'contact-back', server: SERVER, awaySeconds: 6 }, `warn reconnected to ${SERVER} after 6 s`],
	[
		{ type: 'staleness', server: SERVER, ageSeconds: 90, reason: 'connection refused' },
		`warn no contact with the API server ${SERVER} yet: connection refused; starting from the last state, which is 90 s old`,
	],
	[{ type: 'waiting', message: 'configmap "a" not found' }, 'warn waiting: configmap "a" not found'],
	[
		{ type: 'waiting', message: 'configmap "a" not found', cure: 'use --optional' },
		'warn waiting: configmap "a" not found; use --optional',
	],
	[{ type: 'complete' }, 'warn nothing is missing any more'],
	[
		{ type: 'kept', volume: 'v', message: 'configmap "a" not found' },
		'warn configmap "a" not found; the last content stays',
	],
	[{ type: 'found', volume: 'v' }, 'warn volume "v": nothing is missing any more'],
	[
		{ type: 'frozen', volume: 'v', target: '/etc/app.yaml', paths: ['app.yaml'] },
		'warn app.yaml changed in volume v, but the subPath mount at /etc/app.yaml keeps the old content, as in a pod; ' +
			'restart it, or use --subpath=live',
	],
	[
		{ type: 'reaction', action: 'signal', signal: 'SIGHUP', causes: [APP_YAML], outcome: 'done' },
		'warn app.yaml changed in volume v: sent SIGHUP to the application',
	],
	[
		{
			type: 'reaction',
			action: 'signal',
			signal: 'SIGHUP',
			causes: [APP_YAML],
			outcome: 'skipped',
			reason: 'it has ended',
		},
		'debug app.yaml changed in volume v: did not send SIGHUP to the application: it has ended',
	],
	[
		{ type: 'reaction', action: 'restart', causes: [APP_YAML], outcome: 'done' },
		'warn app.yaml changed in volume v: restarting the application',
	],
	[
		{ type: 'reaction', action: 'exec', command: './x', causes: [APP_YAML], outcome: 'done', status: 0 },
		'warn app.yaml changed in volume v: ran the --on-change command "./x"',
	],
	[
		{ type: 'reaction', action: 'exec', command: './x', causes: [APP_YAML], outcome: 'failed', status: 3 },
		'warn app.yaml changed in volume v: the --on-change command "./x" failed with status 3',
	],
	[
		{ type: 'reaction', action: 'exec', command: './x', causes: [APP_YAML], outcome: 'failed', reason: 'spawn EACCES' },
		'warn app.yaml changed in volume v: cannot run the --on-change command "./x": spawn EACCES',
	],
	[
		{
			type: 'reaction',
			action: 'http',
			method: 'POST',
			url: 'http://a/',
			causes: [APP_YAML],
			outcome: 'done',
			status: 204,
			tries: 1,
		},
		'warn app.yaml changed in volume v: called the --on-change URL: POST http://a/ (status 204)',
	],
	[
		{
			type: 'reaction',
			action: 'http',
			method: 'POST',
			url: 'http://a/',
			causes: [APP_YAML],
			outcome: 'failed',
			status: 500,
			tries: 3,
		},
		'warn app.yaml changed in volume v: the --on-change call POST http://a/ failed after 3 tries: status 500',
	],
	[
		{
			type: 'reaction',
			action: 'restart',
			causes: [
				{ volume: 'v', added: ['x'], changed: ['a', 'b', 'c', 'd', 'e'], removed: ['y', 'z'] },
				{ ...APP_YAML, volume: 'w' },
			],
			variables: ['PORT'],
			outcome: 'done',
		},
		'warn x added to volume v, a, b, c and 2 more changed in volume v, y and z removed from volume v, ' +
			'app.yaml changed in volume w, PORT changed: restarting the application',
	],
	[
		{ type: 'reaction', action: 'restart', causes: [], outcome: 'done' },
		'warn the workload changed: restarting the application',
	],
	[
		{ type: 'environment-changed', names: ['PORT'], isWorkload: false },
		'warn PORT changed; the running process keeps the old value, as in a pod; restart it, or use --on-change restart',
	],
	[
		{ type: 'environment-changed', names: ['A', 'B', 'C'], isWorkload: false },
		'warn A, B and C changed; the running process keeps the old values, as in a pod; restart it, or use --on-change restart',
	],
	[
		{ type: 'environment-changed', names: [], isWorkload: true },
		'warn the workload changed; the running process keeps what it started with, as in a pod; restart it, or use --on-change restart',
	],
	[
		{ type: 'mounted', mountPoint: '/mnt', volumes: 1, driver: 'kernel' },
		'info mounted 1 ConfigMap on /mnt (kernel driver)',
	],
	[{ type: 'unmounted', signal: 'SIGINT', upcalls: { LOOKUP: 3 } }, 'info unmounted after SIGINT'],
	[{ type: 'unmounted', upcalls: {} }, 'info unmounted from outside'],
	[{ type: 'application-started', pid: 7 }, 'debug started the application (pid 7)'],
	[{ type: 'application-ended', pid: 7, status: 1 }, 'debug the application (pid 7) ended with status 1'],
	[{ type: 'application-ended', pid: 7, signal: 'SIGTERM' }, 'debug the application (pid 7) ended by SIGTERM'],
])('%j', (event, line) => {
	const records = recordsOf(event);
	expect(records).toMatchObject([{ event: event.type }]);
	const [record] = records as readonly { readonly level: string; readonly msg: string }[];
	expect(`${record?.level} ${record?.msg}`).toBe(line);
});

test('a record has the fields of its event, without lists that are empty', () => {
	expect(recordsOf({ ...FLIP, configMap: 'default/app' })).toEqual([
		{
			level: 'info',
			event: 'published',
			configMap: 'default/app',
			generation: '..2026_01_01_00_00_00.1',
			changed: ['a', 'b'],
			removed: ['c'],
			keyCount: 2,
			sizeBytes: 1,
			durationUs: 5,
			isInitial: false,
			msg: 'default/app: changed a, b; removed c (2 keys, 1 byte)',
		},
	]);
});
