import { describe, expect, test } from 'vitest';
import { inheritedEnvironment } from '../../../../src/run/container/inherited-environment.js';

const CALLER = {
	PATH: '/bin',
	HOME: '/home/me',
	TERM: 'xterm',
	COLORTERM: 'truecolor',
	LANG: 'de_DE.UTF-8',
	LANGUAGE: 'de',
	LC_ALL: 'C',
	LC_TIME: 'C',
	TZ: 'UTC',
	TMPDIR: '/tmp/me',
	HOSTNAME: 'laptop',
	EDITOR: 'vi',
	SECRET_TOKEN: 'x',
	UNSET: undefined,
};

describe('inheritedEnvironment', () => {
	test('none: no variable', () => {
		expect(inheritedEnvironment(CALLER, 'none', 'pod')).toEqual({});
	});

	test('path: the variables that a local process needs, and the name of the pod', () => {
		const { HOSTNAME: _, EDITOR: _editor, SECRET_TOKEN: _token, UNSET: _unset, ...basics } = CALLER;
		expect(inheritedEnvironment(CALLER, 'path', 'pod')).toEqual({ ...basics, HOSTNAME: 'pod' });
		expect(inheritedEnvironment({}, 'path', 'pod')).toEqual({ HOSTNAME: 'pod' });
	});

	test('all: every variable, with the name of the pod', () => {
		const { UNSET: _, ...all } = CALLER;
		expect(inheritedEnvironment(CALLER, 'all', 'pod')).toEqual({ ...all, HOSTNAME: 'pod' });
	});

	test('a long name is cut as kubelet does: 63 characters, without a dot or dash at the end', () => {
		const name = `${'a'.repeat(60)}.-.bcd`;
		expect(inheritedEnvironment({}, 'path', name).HOSTNAME).toBe('a'.repeat(60));
		expect(inheritedEnvironment({}, 'path', 'a'.repeat(253)).HOSTNAME).toHaveLength(63);
	});
});
