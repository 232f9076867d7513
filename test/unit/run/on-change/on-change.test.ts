import { describe, expect, test } from 'vitest';
import {
	hideCredentials,
	ON_CHANGE_NONE,
	parseOnChange,
	parseOnChangeFlags,
} from '../../../../src/run/on-change/on-change.js';

describe('parseOnChange', () => {
	test.each([
		['none', { kind: 'none' }],
		['restart', { kind: 'restart' }],
		['signal:HUP', { kind: 'signal', signal: 'SIGHUP' }],
		['signal:SIGHUP', { kind: 'signal', signal: 'SIGHUP' }],
		['signal:hup', { kind: 'signal', signal: 'SIGHUP' }],
		['signal:1', { kind: 'signal', signal: 'SIGHUP' }],
		['signal:USR2', { kind: 'signal', signal: 'SIGUSR2' }],
		['signal:12', { kind: 'signal', signal: 'SIGUSR2' }],
		['signal:WINCH', { kind: 'signal', signal: 'SIGWINCH' }],
		['exec:make reload', { kind: 'exec', command: 'make reload' }],
		['exec:A=b c:d | e', { kind: 'exec', command: 'A=b c:d | e' }],
		['http:http://localhost:9090/-/reload', { kind: 'http', method: 'POST', url: 'http://localhost:9090/-/reload' }],
		['http://localhost:1/x?a=b', { kind: 'http', method: 'POST', url: 'http://localhost:1/x?a=b' }],
		['https://user:pw@host/', { kind: 'http', method: 'POST', url: 'https://user:pw@host/' }],
		['http:PUT:http://h/', { kind: 'http', method: 'PUT', url: 'http://h/' }],
		['http:get:https://h/', { kind: 'http', method: 'GET', url: 'https://h/' }],
	])('%s', (text, action) => {
		expect(parseOnChange(text)).toEqual(action);
	});

	test.each([
		['signal:HUB', '--on-change signal:HUB: unknown signal "HUB"; did you mean "signal:HUP"?'],
		['signal:SIGUSR3', '--on-change signal:SIGUSR3: unknown signal "SIGUSR3"; did you mean "signal:USR1"?'],
		['signal:99', '--on-change signal:99: unknown signal "99"; "kill -l" lists them'],
		['signal:', '--on-change signal:: the signal is missing; use signal:HUP'],
		['signal', '--on-change signal: the signal is missing; use signal:HUP'],
		['exec:', '--on-change exec:: the command is missing; use exec:COMMAND'],
		['exec:  ', '--on-change exec:  : the command is missing; use exec:COMMAND'],
		['restart:now', '--on-change restart:now: "restart" takes no argument; use restart alone'],
		['none:', '--on-change none:: "none" takes no argument; use none alone'],
		[
			'restrat',
			'--on-change restrat: unknown action "restrat"; did you mean "restart"? Use none, signal:NAME, restart, exec:COMMAND or http:URL',
		],
		['', '--on-change : unknown action ""; use none, signal:NAME, restart, exec:COMMAND or http:URL'],
		[
			'http:localhost:80/x',
			'--on-change http:localhost:80/x: only http:// and https:// are supported; use one of them',
		],
		['http:/x', '--on-change http:/x: not a URL; use http:http://HOST:PORT/PATH'],
		['http://u:p@/x', '--on-change http:///x: not a URL; use http:http://HOST:PORT/PATH'],
	])('%s is refused with the cure', (text, message) => {
		expect(() => parseOnChange(text)).toThrow(expect.objectContaining({ code: 'USAGE', message }));
	});
});

describe('parseOnChangeFlags', () => {
	test('no flag: no action', () => {
		expect(parseOnChangeFlags([])).toEqual(ON_CHANGE_NONE);
		expect(ON_CHANGE_NONE.otherwise).toEqual({ kind: 'none' });
	});

	test('one for all volumes, others by name; the last one counts', () => {
		const policy = parseOnChangeFlags(['restart', 'signal:HUP', 'tls=restart', 'tls=exec:a=b', 'c-2=http://h/?x=y']);
		expect(policy.otherwise).toEqual({ kind: 'signal', signal: 'SIGHUP' });
		expect([...policy.volumes]).toEqual([
			['tls', { kind: 'exec', command: 'a=b' }],
			['c-2', { kind: 'http', method: 'POST', url: 'http://h/?x=y' }],
		]);
	});

	test('an equals sign inside an action does not name a volume', () => {
		expect(parseOnChangeFlags(['exec:X=1 make', 'http://h/?a=b'])).toEqual({
			otherwise: { kind: 'http', method: 'POST', url: 'http://h/?a=b' },
			volumes: new Map(),
		});
	});

	test.each([
		['config=', '--on-change : unknown action ""'],
		['Config=restart', '--on-change Config=restart: unknown action "Config=restart"'],
	])('%s is refused', (value, message) => {
		expect(() => parseOnChangeFlags([value])).toThrow(message);
	});
});

test.each([
	['http://user:pass@host:1/p?q=a@b', 'http://host:1/p?q=a@b'],
	['https://token@host/', 'https://host/'],
	['http://host/a@b', 'http://host/a@b'],
])('hideCredentials(%s)', (url, shown) => {
	expect(hideCredentials(url)).toBe(shown);
});
