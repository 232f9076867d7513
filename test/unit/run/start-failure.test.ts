/** Why a command cannot start here although it starts in a cluster. */

import { describe, expect, test } from 'vitest';
import { ConfigMapFsError, type ErrorCode } from '../../../src/base/errors.js';
import { explainStartFailure, type FailedStart } from '../../../src/run/start-failure.js';

type Failure = Partial<Omit<FailedStart, 'selected'>> & {
	readonly code?: ErrorCode;
	readonly container?: object;
	readonly existing?: readonly string[];
};

/** The message for a pod with the emptyDir `t` at /tmp and a ConfigMap at /tmp/conf. */
function explained({ code = 'COMMAND_NOT_FOUND', container = {}, existing = [], ...more }: Failure): string {
	const volumeMounts = [
		{ name: 't', mountPath: '/tmp/' },
		{ name: 'app', mountPath: '/tmp/conf' },
	];
	const volumes = [
		{ name: 't', source: { kind: 'emptyDir' } },
		{ name: 'app', source: { kind: 'configMap' } },
	];
	const error = explainStartFailure(new ConfigMapFsError(code, 'as before'), {
		selected: { pod: { spec: { volumes } }, container: { name: 'c', volumeMounts, ...container } },
		command: ['./prog'],
		isContainersOwn: false,
		isInNamespace: true,
		env: {},
		cwd: '/srv',
		localVolumes: new Map(),
		exists: (path: string) => existing.includes(path),
		...more,
	} as unknown as FailedStart);
	expect(error).toMatchObject({ code });
	return (error as Error).message;
}

describe('an emptyDir hides', () => {
	const cure = `is hidden by the emptyDir volume "t", which the pod mounts at /tmp; --local-volume t=/tmp mounts this machine's /tmp instead`;

	test('the working directory', () => {
		expect(explained({ code: 'COMMAND_REFUSED', cwd: '/tmp/x', existing: ['/tmp/x'] })).toBe(
			`the working directory "/tmp/x" ${cure}`,
		);
	});

	test('the command: relative, absolute, and in PATH', () => {
		const existing = ['/tmp/prog'];
		expect(explained({ cwd: '/tmp', existing })).toBe(`"./prog" (/tmp/prog) ${cure}`);
		expect(explained({ command: ['/tmp/prog'], existing })).toBe(`"/tmp/prog" ${cure}`);
		expect(explained({ command: ['prog'], env: { PATH: '/bin:/tmp' }, existing })).toBe(`"prog" (/tmp/prog) ${cure}`);
	});

	test('nothing that exists for the application, or nowhere', () => {
		const command = ['/tmp/prog'];
		const existing = ['/tmp/prog', '/tmp/conf/prog', '/srv/prog', '/tmp'];
		expect(explained({ command, existing: [] })).toBe('as before');
		expect(explained({ command, existing, isInNamespace: false })).toBe('as before');
		expect(explained({ command, existing, localVolumes: new Map([['t', '/x']]) })).toBe('as before');
		expect(explained({ command, existing, code: 'INTERNAL' })).toBe('as before');
		expect(explained({ command: ['/tmp/conf/prog'], existing })).toBe('as before');
		expect(explained({ command: ['/srv/prog'], existing })).toBe('as before');
		expect(explained({ code: 'COMMAND_REFUSED', cwd: '/tmp', existing })).toBe('as before');
	});
});

describe("the container's own command", () => {
	const own = { isContainersOwn: true } as const;

	test('is not installed here', () => {
		expect(explained({ ...own, command: ['/app/checkout'] })).toBe(
			"the container's command /app/checkout does not exist on this machine; " +
				'name your own after --: configmapfs run … -- ./checkout',
		);
		expect(explained({ ...own, command: ['/app/checkout', '-v'], container: { args: ['-v'] } })).toMatch(
			/: configmapfs run … --keep-args -- \.\/checkout$/,
		);
		expect(explained({ ...own, command: ['checkout'] })).toBe(
			"the container's command checkout is not in the PATH of this machine; " +
				'name your own after --: configmapfs run … -- PATH/TO/COMMAND',
		);
		expect(explained({ ...own, command: [''] })).toBe('as before');
		expect(explained({ command: ['/app/checkout'] })).toBe('as before');
	});

	test('starts in a directory of the image', () => {
		const refused = { ...own, code: 'COMMAND_REFUSED', cwd: '/app', container: { workingDir: '/app' } } as const;
		expect(explained(refused)).toBe(
			"the container's working directory /app does not exist on this machine; create it, " +
				'or pass a command after --, which starts in the current directory',
		);
		expect(explained({ ...refused, existing: ['/app'] })).toBe('as before');
		expect(explained({ ...refused, isContainersOwn: false })).toBe('as before');
	});
});
