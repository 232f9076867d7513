/**
 * Section E: combined volumes, many volumes, and pods that wait. E6, in which an API server denies access, is in
 * test/cluster/run-cases.test.ts.
 * Source: kubernetes v1.20.2 test/e2e/common/projected_combined.go, storage/empty_dir_wrapper.go, common/volumes.go,
 * storage/ephemeral_volume.go, upgrades/configmaps.go.
 */

import { expect } from 'vitest';
import { configMap, type Fields, ManifestFile, pod, secret } from '../../support/pod-manifest.js';
import { contentLine, modeLine, mounttest } from './mounttest.js';
import { officialCases } from './official.js';

/** ConfigMaps and runs of the case about many volumes. It has three rounds; here root and an ordinary user are one each. */
const MAPS = 50;
const PODS = 5;

officialCases(['E'], (official) => {
	official('E1', async ({ succeed }) => {
		const name = 'projected-volume';
		const sources = [
			{ downwardAPI: { items: [{ path: 'podname', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }] } },
			{ secret: { name: 'secret-projected-all', items: [{ key: 'secret-data', path: 'secret-data' }] } },
			{ configMap: { name: 'configmap-projected-all', items: [{ key: 'configmap-data', path: 'configmap-data' }] } },
		];
		const output = await succeed([
			secret('secret-projected-all', { 'secret-data': 'secret-value-1' }),
			configMap('configmap-projected-all', { 'configmap-data': 'configmap-value-1' }),
			pod(
				name,
				{
					command: ['sh', '-c', 'cat /all/podname && cat /all/secret-data && cat /all/configmap-data'],
					volumeMounts: [{ name: 'podinfo', mountPath: '/all', readOnly: false }],
				},
				{ volumes: [{ name: 'podinfo', projected: { sources } }] },
			),
		]);
		expect(output).toBe('projected-volumesecret-value-1configmap-value-1');
	});

	official('E2', async ({ succeed }) => {
		const value = 'value-1\n';
		const output = await succeed([
			secret('emptydir-wrapper-test', { 'data-1': value }),
			{
				...configMap('emptydir-wrapper-test', {}),
				binaryData: { 'data-1': Buffer.from(value).toString('base64') },
			},
			pod(
				'pod-secrets',
				{
					command: ['cat', '/etc/secret-volume/data-1', '/etc/configmap-volume/data-1'],
					volumeMounts: [
						{ name: 'secret-volume', mountPath: '/etc/secret-volume' },
						{ name: 'configmap-volume', mountPath: '/etc/configmap-volume' },
					],
				},
				{
					volumes: [
						{ name: 'secret-volume', secret: { secretName: 'emptydir-wrapper-test' } },
						{ name: 'configmap-volume', configMap: { name: 'emptydir-wrapper-test' } },
					],
				},
			),
		]);
		expect(output).toBe(`${value}${value}`);
	});

	official('E3', async ({ start }) => {
		const numbers = Array.from({ length: MAPS }, (_, index) => index);
		const file = new ManifestFile(
			...numbers.map((n) => configMap(`racey-configmap-${n}`, { 'data-1': 'value-1' })),
			pod(
				'wrapped-volume-race',
				{
					command: ['sh', '-c', 'cat /etc/config-*/data-1'],
					volumeMounts: numbers.map((n) => ({ name: `racey-configmap-${n}`, mountPath: `/etc/config-${n}` })),
				},
				{
					volumes: numbers.map((n) => ({
						name: `racey-configmap-${n}`,
						configMap: { name: `racey-configmap-${n}`, items: [{ key: 'data-1', path: 'data-1' }] },
					})),
				},
			),
		);
		const ends = await Promise.all(Array.from({ length: PODS }, async () => await start(file).end()));
		for (const end of ends) expect(end).toMatchObject({ code: 0, stderr: '', stdout: 'value-1'.repeat(MAPS) });
	});

	official('E4', async ({ succeed }) => {
		const texts = {
			first: 'this is the first file',
			second: 'this is the second file',
			third: 'this is the third file',
		};
		const volume = (name: string, key: string): Fields => ({
			name,
			configMap: { name: 'configmap', items: [{ key, path: `${key}file` }] },
		});
		const output = await succeed([
			configMap('configmap', texts),
			pod(
				'configmap-client',
				{
					command: ['sh', '-c', 'cd /opt && cat 0/firstfile && echo && cat 1/secondfile && ls 0 1'],
					volumeMounts: [
						{ name: 'first', mountPath: '/opt/0' },
						{ name: 'second', mountPath: '/opt/1' },
					],
				},
				{ volumes: [volume('first', 'first'), volume('second', 'second')] },
			),
		]);
		expect(output).toBe(`${texts.first}\n${texts.second}0:\nfirstfile\n\n1:\nsecondfile\n`);
	});

	// Instead of deleting a pod, the test stops a run that waits.
	official('E5', async ({ start }) => {
		const volumes: Readonly<Record<string, Fields>> = {
			configmap: { configMap: { name: 'invalid' } },
			projected: { projected: { sources: [{ configMap: { name: 'invalid' } }] } },
		};
		await Promise.all(
			Object.entries(volumes).map(async ([name, volume]) => {
				const manifest = pod(
					`pod-ephm-test-${name}`,
					{ command: ['echo', 'started'], volumeMounts: [{ name: 'test-volume', mountPath: '/test-volume' }] },
					{ volumes: [{ name: 'test-volume', ...volume }] },
				);
				const run = start([manifest]);
				await run.waitForLog('configmap "invalid" not found');
				run.signal('SIGTERM');
				expect(await run.end()).toMatchObject({ code: 143, stdout: '' });
			}),
		);
	});

	official('E7', async ({ agnhost, succeed, toEnd }) => {
		const path = '/etc/configmap-volume/data';
		const configMapKeyRef = { name: 'upgrade-configmap', key: 'data' };
		const file = new ManifestFile(
			configMap('upgrade-configmap', { data: 'some configmap data' }),
			pod(
				'pod-configmap',
				[
					{
						name: 'configmap-volume-test',
						...mounttest(agnhost, [`--file_content=${path}`, `--file_mode=${path}`]),
						volumeMounts: [{ name: 'configmap-volume', mountPath: '/etc/configmap-volume' }],
					},
					{
						name: 'configmap-env-test',
						command: ['sh', '-c', 'env'],
						env: [{ name: 'CONFIGMAP_DATA', valueFrom: { configMapKeyRef } }],
					},
				],
				{ volumes: [{ name: 'configmap-volume', configMap: { name: 'upgrade-configmap' } }] },
			),
		);
		for (const _ of ['before', 'after']) {
			const { code, stdout } = await toEnd(file, { args: ['-c', 'configmap-volume-test'] });
			expect(code).toBe(0);
			expect(stdout).toContain(contentLine(path, 'some configmap data'));
			expect(stdout).toContain(modeLine(path, '-rw-r--r--'));
			const lines = (await succeed(file, { args: ['-c', 'configmap-env-test'] })).split('\n');
			expect(lines).toContain('CONFIGMAP_DATA=some configmap data');
		}
	});
});
