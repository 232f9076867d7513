/**
 * Section C: $(NAME) in variables, commands, arguments and subPaths.
 * Source: kubernetes v1.20.2 test/e2e/common/expansion.go; v1.34 for C9.
 */

import { expect } from 'vitest';
import { type Fields, type Manifest, pod } from '../../support/pod-manifest.js';
import { until } from '../../support/until.js';
import { type CaseContext, officialCases } from './official.js';

const NAME = 'var-expansion';

/** A pod with one emptyDir. */
function podWithDirectory(container: Fields, annotations: Readonly<Record<string, string>> = {}): Manifest {
	return pod(NAME, container, { volumes: [{ name: 'workdir1', emptyDir: {} }] }, { annotations });
}

function mount(mountPath: string, more: Fields = {}): Fields {
	return { name: 'workdir1', mountPath, ...more };
}

officialCases(['C'], (official) => {
	official('C1', async ({ succeed }) => {
		const env = [
			{ name: 'FOO', value: 'foo-value' },
			{ name: 'BAR', value: 'bar-value' },
			{ name: 'FOOBAR', value: '$(FOO);;$(BAR)' },
		];
		const lines = (await succeed([pod(NAME, { command: ['sh', '-c', 'env'], env })])).split('\n');
		expect(lines).toEqual(expect.arrayContaining(['FOO=foo-value', 'BAR=bar-value', 'FOOBAR=foo-value;;bar-value']));
	});

	const env = [{ name: 'TEST_VAR', value: 'test-value' }];
	const script = 'TEST_VAR=wrong echo "$(TEST_VAR)"';

	official('C2', async ({ succeed }) => {
		expect(await succeed([pod(NAME, { command: ['sh', '-c', script], env })])).toBe('test-value\n');
	});

	official('C3', async ({ succeed }) => {
		expect(await succeed([pod(NAME, { command: ['sh', '-c'], args: [script], env })])).toBe('test-value\n');
	});

	official('C4', async ({ succeed }) => {
		const container = {
			command: ['sh', '-c', `test -d /testcontainer/${NAME}; echo $?`],
			env: [{ name: 'POD_NAME', value: NAME }],
			volumeMounts: [mount('/logscontainer', { subPathExpr: '$(POD_NAME)' }), mount('/testcontainer')],
		};
		expect(await succeed([podWithDirectory(container)])).toBe('0\n');
	});

	/** The run waits with the reason of a container, and ends at once on SIGTERM. */
	const refuses = async ({ start }: CaseContext, value: string, message: string) => {
		const container = {
			command: ['sh', '-c', 'echo started'],
			env: [{ name: 'POD_NAME', value }],
			volumeMounts: [mount('/logscontainer', { subPathExpr: '$(POD_NAME)' })],
		};
		const run = start([podWithDirectory(container)]);
		const line = await run.waitForLog('waiting: ');
		expect(line).toMatchObject({ reason: 'CreateContainerConfigError', msg: `waiting: ${message}` });
		expect(await run.stop()).toEqual({ code: 143, signal: null });
		expect(run.stdout).toBe('');
	};

	// Despite the title of the case, the value is two dots.
	official('C5', (context) => refuses(context, '..', "unable to provision SubPath `..`: must not contain '..'"));
	official('C6', (context) => refuses(context, '/tmp', 'error SubPath `/tmp` must not be an absolute path'));

	const container = {
		env: [
			{ name: 'POD_NAME', value: 'foo' },
			{ name: 'ANNOTATION', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } } },
		],
		volumeMounts: [mount('/subpath_mount', { subPathExpr: '$(ANNOTATION)/$(POD_NAME)' }), mount('/volume_mount')],
	};

	official('C7', async ({ start }) => {
		const command = ['sh', '-c', 'test -d /volume_mount/mypath/foo && echo running && exec sleep 1000'];
		const run = start([podWithDirectory({ ...container, command })]);
		const line = await run.waitForLog('waiting: ');
		expect(line).toMatchObject({ reason: 'CreateContainerConfigError', msg: 'waiting: missing value for ANNOTATION' });
		expect(run.stdout).toBe('');
		run.manifest.put(podWithDirectory({ ...container, command }, { mysubpath: 'mypath' }));
		await run.waitForOutput('running\n');
		expect(await run.stop()).toEqual({ code: 143, signal: null });
	});

	official('C8', async ({ start, machine }) => {
		// An additional volume shows when the annotation has changed.
		const items = [{ path: 'mysubpath', fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } }];
		const manifest = (mysubpath: string) =>
			pod(
				NAME,
				{
					...container,
					command: ['sh', '-c', 'echo running; exec sleep 1000'],
					volumeMounts: [...container.volumeMounts, { name: 'podinfo', mountPath: '/podinfo' }],
				},
				{
					volumes: [
						{ name: 'workdir1', emptyDir: {} },
						{ name: 'podinfo', downwardAPI: { items } },
					],
				},
				{ annotations: { mysubpath } },
			);
		const run = start([manifest('mypath')]);
		await run.waitForOutput('running\n');
		expect(await run.exec('touch', '/volume_mount/mypath/foo/test.log')).toMatchObject({ code: 0, stderr: '' });
		expect(await run.exec('test', '-f', '/subpath_mount/test.log')).toMatchObject({ code: 0 });
		const pid = await run.application();
		run.manifest.put(manifest('mynewpath'));
		const shown = async () => (await run.exec('cat', '/podinfo/mysubpath')).stdout;
		await until(async () => (await shown()) === 'mynewpath', 'the changed annotation');
		expect(await run.exec('test', '-f', '/subpath_mount/test.log')).toMatchObject({ code: 0 });
		expect(await run.application()).toBe(pid);
		expect(await run.stop()).toEqual({ code: 143, signal: null });
		expect(run.stdout).toBe('running\n');
		expect(machine.state()).not.toContain('subpath_mount');
	});

	official('C9', async ({ succeed }) => {
		// Every printable character of ASCII except the equals sign.
		const names = ['!"#$%&\'()', '* +,-./0123456789', ':;<>?@', '[\\]^_`{}|~', 'A to Z, a to z'];
		const variables = names.map((name, index) => ({ name, value: `value-${index}` }));
		// A shell would drop such names.
		const lines = (await succeed([pod(NAME, { command: ['env'], env: variables })])).split('\n');
		expect(lines).toEqual(expect.arrayContaining(variables.map(({ name, value }) => `${name}=${value}`)));
	});
});
