/**
 * Section F: mounts with a subPath. The generic suite (section S, with our own numbers) uses volumes of storage drivers;
 * here they are directories of this machine: a claim with --local-volume, or a hostPath.
 * Source: kubernetes v1.20.2 test/e2e/storage/subpath.go and testsuites/subpath.go.
 */

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { configMap, type Fields, type Manifest, pod, secret } from '../../support/pod-manifest.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { contentLine, loop, mounttest } from './mounttest.js';
import { type CaseContext, officialCases } from './official.js';

const MAP = configMap('my-configmap', { 'configmap-key': 'configmap-value' });
const SECRET = secret('my-secret', { 'secret-key': 'secret-value' });
const POD_NAME = 'pod-subpath-test';

/** A pod whose container mounts a subPath of one volume. */
function podWithSubPath(container: Fields, volume: Fields, mountPath: string, subPath: string): Manifest {
	return pod(
		POD_NAME,
		{ ...container, volumeMounts: [{ name: 'test-volume', mountPath, subPath }] },
		{ volumes: [{ name: 'test-volume', ...volume }] },
	);
}

/** Reads the subPath in a loop, as the official pods do. It is a file and never changes. */
async function readsSubPath(
	{ agnhost, start }: CaseContext,
	part: { readonly volume: Fields; readonly subPath: string; readonly content: string; readonly mountPath?: string },
): Promise<void> {
	const { volume, subPath, content, mountPath = '/test-volume' } = part;
	const run = start([MAP, SECRET, podWithSubPath(mounttest(agnhost, loop(mountPath)), volume, mountPath, subPath)]);
	await run.waitForOutput(contentLine(mountPath, content));
	expect(run.log.map(({ msg }) => msg)).toEqual([
		`volume "test-volume": subPath "${subPath}" at ${mountPath} keeps its present content when its object changes, ` +
			'as in a pod; mount the complete volume, restart, or use --subpath=live',
	]);
	const written = await run.exec('sh', '-c', `echo x >${mountPath}`);
	expect(written.stderr).toMatch(/Read-only file system|Permission denied/);
	expect(await run.stop()).toEqual({ code: 143, signal: null });
}

const CLAIM = { persistentVolumeClaim: { claimName: 'data' } };

/** A directory of this machine that replaces the claim. */
function claim(): { readonly directory: string; readonly args: readonly string[] } {
	const directory = temporaryDirectory('volume', 0o777);
	return { directory, args: ['--local-volume', `test-volume=${directory}`] };
}

officialCases(['F', 'S'], (official) => {
	official('F1', (context) =>
		readsSubPath(context, {
			volume: { secret: { secretName: 'my-secret' } },
			subPath: 'secret-key',
			content: 'secret-value',
		}),
	);

	const volume = { configMap: { name: 'my-configmap' } };
	const value = { volume, subPath: 'configmap-key', content: 'configmap-value' };

	official('F2', (context) => readsSubPath(context, value));

	official('F3', async (context) => {
		const before = readFileSync('/etc/resolv.conf');
		await readsSubPath(context, { ...value, mountPath: '/etc/resolv.conf' });
		expect(readFileSync('/etc/resolv.conf')).toEqual(before);
	});

	official('F4', (context) =>
		readsSubPath(context, {
			volume: { downwardAPI: { items: [{ path: 'downward/podname', fieldRef: { fieldPath: 'metadata.name' } }] } },
			subPath: 'downward/podname',
			content: POD_NAME,
		}),
	);

	official('F5', (context) => {
		const items = [{ key: 'configmap-key', path: 'projected/configmap-key' }];
		return readsSubPath(context, {
			volume: { projected: { sources: [{ configMap: { name: 'my-configmap', items } }] } },
			subPath: 'projected/configmap-key',
			content: 'configmap-value',
		});
	});

	// In a cluster a probe restarts the container; here --on-change restart does, exactly once for each change.
	official('F6', async ({ start }) => {
		const map = (text: string) => configMap('my-configmap-to-modify', { 'configmap-key': text });
		const container = { command: ['sh', '-c', 'echo "[$(cat /test-volume)]"; exec sleep 1000'] };
		const volume = { configMap: { name: 'my-configmap-to-modify' } };
		const run = start([map('configmap-value'), podWithSubPath(container, volume, '/test-volume', 'configmap-key')], {
			args: ['--on-change', 'restart'],
		});
		await run.waitForOutput('[configmap-value]\n');
		run.manifest.put(map('configmap-modified-value'));
		await run.waitForOutput('[configmap-modified-value]\n');
		run.manifest.put(configMap('another', { key: 'value' }));
		run.manifest.put(map('configmap-modified-again'));
		await run.waitForOutput('[configmap-modified-again]\n');
		expect(await run.stop()).toEqual({ code: 143, signal: null });
		expect(run.stdout).toBe('[configmap-value]\n[configmap-modified-value]\n[configmap-modified-again]\n');
	});

	official('S1', async ({ succeed }) => {
		const { directory, args } = claim();
		const container = { command: ['sh', '-c', 'echo written >/test-volume/test-file'] };
		await succeed([podWithSubPath(container, CLAIM, '/test-volume', 'not/there')], { args });
		expect(readFileSync(join(directory, 'not/there/test-file'), 'utf8')).toBe('written\n');
		// Also in a volume that is empty at each start.
		const script = 'test -d /test-volume && echo written >/test-volume/test-file && cat /whole/not/there/test-file';
		const manifest = pod(
			POD_NAME,
			{
				command: ['sh', '-c', script],
				volumeMounts: [
					{ name: 'test-volume', mountPath: '/test-volume', subPath: 'not/there' },
					{ name: 'test-volume', mountPath: '/whole' },
				],
			},
			{ volumes: [{ name: 'test-volume', emptyDir: {} }] },
		);
		expect(await succeed([manifest])).toBe('written\n');
	});

	official('S2', async ({ succeed }) => {
		const { directory, args } = claim();
		mkdirSync(join(directory, 'there'));
		writeFileSync(join(directory, 'there/old'), 'old\n');
		const container = { command: ['sh', '-c', 'cat /test-volume/old'] };
		expect(await succeed([podWithSubPath(container, CLAIM, '/test-volume', 'there')], { args })).toBe('old\n');
	});

	official('S3', async ({ agnhost, succeed }) => {
		const { directory, args } = claim();
		mkdirSync(join(directory, 'there'));
		writeFileSync(join(directory, 'there/test-file'), 'mount-tester new file\n');
		const container = mounttest(agnhost, ['--file_content_in_loop=/test-volume/test-file']);
		expect(await succeed([podWithSubPath(container, CLAIM, '/test-volume', 'there')], { args })).toBe(
			contentLine('/test-volume/test-file', 'mount-tester new file\n'),
		);
	});

	official('S4', async ({ agnhost, succeed }) => {
		const { directory, args } = claim();
		writeFileSync(join(directory, 'file'), 'namespace');
		const container = mounttest(agnhost, ['--file_content=/test-volume']);
		expect(await succeed([podWithSubPath(container, CLAIM, '/test-volume', 'file')], { args })).toBe(
			contentLine('/test-volume', 'namespace'),
		);
	});

	/** The subPath is a link to a path outside the volume. */
	const pointsOutside = async ({ toEnd }: CaseContext, to: string) => {
		const { directory, args } = claim();
		symlinkSync(to, join(directory, 'link'));
		const manifest = podWithSubPath({ command: ['echo', 'started'] }, CLAIM, '/test-volume', 'link');
		const { code, stdout, stderr } = await toEnd([manifest], { args });
		expect(code).toBe(125);
		expect(stdout).toBe('');
		expect(stderr).toContain('failed to prepare subPath for volumeMount "test-volume" of container "test": "link" ');
	};

	official('S5', (context) => pointsOutside(context, '/bin'));
	official('S6', (context) => pointsOutside(context, '/bin/sh'));
	official('S7', (context) => pointsOutside(context, '/bin/notanexistingpath'));
	official('S8', (context) => pointsOutside(context, '../'));

	official('S9', async ({ succeed }) => {
		const { directory, args } = claim();
		const manifest = pod(
			POD_NAME,
			{
				command: ['sh', '-c', 'echo one >/first/file; echo two >/second/file; cat /whole/1/file /whole/2/file'],
				volumeMounts: [
					{ name: 'test-volume', mountPath: '/first', subPath: '1' },
					{ name: 'test-volume', mountPath: '/second', subPath: '2' },
					{ name: 'test-volume', mountPath: '/whole' },
				],
			},
			{ volumes: [{ name: 'test-volume', ...CLAIM }] },
		);
		expect(await succeed([manifest], { args })).toBe('one\ntwo\n');
		expect(readFileSync(join(directory, '2/file'), 'utf8')).toBe('two\n');
	});

	/** Starts the container twice with the same subPath. */
	const restarts = async ({ start }: CaseContext, subPath: string, file: string) => {
		const { directory, args } = claim();
		mkdirSync(join(directory, 'directory'));
		writeFileSync(join(directory, 'directory/file'), 'content');
		const env = [{ name: 'TIME', valueFrom: { configMapKeyRef: { name: 'times', key: 'time' } } }];
		const container = { command: ['sh', '-c', `echo "$TIME [$(cat ${file})]"; exec sleep 1000`], env };
		const run = start(
			[configMap('times', { time: 'first' }), podWithSubPath(container, CLAIM, '/test-volume', subPath)],
			{
				args: [...args, '--on-change', 'restart'],
			},
		);
		await run.waitForOutput('first [content]\n');
		run.manifest.put(configMap('times', { time: 'second' }));
		await run.waitForOutput('second [content]\n');
		expect(await run.stop()).toEqual({ code: 143, signal: null });
	};

	official('S10', (context) => restarts(context, 'directory', '/test-volume/file'));
	official('S11', (context) => restarts(context, 'directory/file', '/test-volume'));

	/** The container can read the path, but not write it. */
	const cannotWrite = async (
		{ toEnd }: CaseContext,
		volume: Fields,
		mount: Fields,
		paths: { readonly read: string; readonly write: string },
	) => {
		const { directory, args } = claim();
		mkdirSync(join(directory, 'directory'));
		chmodSync(join(directory, 'directory'), 0o777);
		writeFileSync(join(directory, 'directory/file'), 'content\n');
		const script = `cat ${paths.read}; echo x >${paths.write}`;
		const manifest = pod(
			POD_NAME,
			{
				command: ['sh', '-c', script],
				volumeMounts: [{ name: 'test-volume', mountPath: '/test-volume', ...mount }],
			},
			{ volumes: [{ name: 'test-volume', ...volume }] },
		);
		const { code, stdout, stderr } = await toEnd([manifest], { args });
		expect(stdout).toBe('content\n');
		expect(stderr).toContain('Read-only file system');
		expect(code).not.toBe(0);
	};
	const inDirectory = { read: '/test-volume/file', write: '/test-volume/new' };

	official('S12', (context) => cannotWrite(context, CLAIM, { subPath: 'directory', readOnly: true }, inDirectory));
	official('S13', (context) =>
		cannotWrite(
			context,
			CLAIM,
			{ subPath: 'directory/file', readOnly: true },
			{ read: '/test-volume', write: '/test-volume' },
		),
	);
	const readOnlyClaim = { persistentVolumeClaim: { claimName: 'data', readOnly: true } };
	official('S14', (context) =>
		cannotWrite(context, readOnlyClaim, {}, { read: '/test-volume/directory/file', write: '/test-volume/new' }),
	);
	official('S15', (context) => cannotWrite(context, readOnlyClaim, { subPath: 'directory' }, inDirectory));

	official('S16', async ({ start }) => {
		const { directory, args } = claim();
		const container = { command: ['sh', '-c', 'echo running; exec sleep 1000'] };
		const run = start([podWithSubPath(container, CLAIM, '/test-volume', 'part')], { args });
		await run.waitForOutput('running');
		expect(await run.exec('rmdir', join(directory, 'part'))).toMatchObject({ code: 0 });
		expect(await run.stop()).toEqual({ code: 143, signal: null });
	});
});
