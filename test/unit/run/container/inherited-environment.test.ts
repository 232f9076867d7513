import { describe, expect, test } from 'vitest';
import { type EnvInheritBase, inheritedEnvironment } from '../../../../src/run/container/inherited-environment.js';

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

const only = (base: EnvInheritBase) => ({ base, names: [] });

describe('inheritedEnvironment', () => {
	test('none: no variable', () => {
		expect(inheritedEnvironment(CALLER, only('none'), 'pod')).toEqual({});
	});

	test('path: the variables that a local process needs, and the name of the pod', () => {
		const { HOSTNAME: _, EDITOR: _editor, SECRET_TOKEN: _token, UNSET: _unset, ...basics } = CALLER;
		expect(inheritedEnvironment(CALLER, only('path'), 'pod')).toEqual({ ...basics, HOSTNAME: 'pod' });
		expect(inheritedEnvironment({}, only('path'), 'pod')).toEqual({ HOSTNAME: 'pod' });
	});

	test('all: every variable, with the name of the pod', () => {
		const { UNSET: _, ...all } = CALLER;
		expect(inheritedEnvironment(CALLER, only('all'), 'pod')).toEqual({ ...all, HOSTNAME: 'pod' });
	});

	test('names: these variables too, if they are set', () => {
		const names = ['EDITOR', 'UNSET', 'OTHER'];
		expect(inheritedEnvironment(CALLER, { base: 'none', names }, 'pod')).toEqual({ EDITOR: 'vi' });
		const path = inheritedEnvironment(CALLER, only('path'), 'pod');
		expect(inheritedEnvironment(CALLER, { base: 'path', names }, 'pod')).toEqual({ ...path, EDITOR: 'vi' });
	});

	test('a long name is cut as kubelet does: 63 characters, without a dot or dash at the end', () => {
		const name = `${'a'.repeat(60)}.-.bcd`;
		expect(inheritedEnvironment({}, only('path'), name).HOSTNAME).toBe('a'.repeat(60));
		expect(inheritedEnvironment({}, only('path'), 'a'.repeat(253)).HOSTNAME).toHaveLength(63);
	});
});
