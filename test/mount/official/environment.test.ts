/**
 * Section B: ConfigMaps as environment variables. B3 to B5 are about an API server: test/cluster/api-cases.test.ts.
 * Source: kubernetes v1.20.2 test/e2e/common/configmap.go; v1.34 for B6.
 */

import { expect } from 'vitest';
import { configMap, pod } from '../../support/pod-manifest.js';
import { THREE } from './mounttest.js';
import { officialCases } from './official.js';

const MAP = configMap('configmap-test', THREE);
const MAP_ = configMap('configmap-test-underscore', { data_1: 'value-1', data_2: 'value-2', data_3: 'value-3' });
const NUMBERS = [1, 2, 3];

/** A shell drops variables whose names are not identifiers; cases with such names run `env` without a shell. */
const SHELL_ENV = ['sh', '-c', 'env'];

officialCases(['B'], (official) => {
	official('B1', async ({ succeed }) => {
		const configMapKeyRef = { name: 'configmap-test', key: 'data-1' };
		const env = [{ name: 'CONFIG_DATA_1', valueFrom: { configMapKeyRef } }];
		const lines = (await succeed([MAP, pod('pod-configmaps', { command: SHELL_ENV, env })])).split('\n');
		expect(lines).toContain('CONFIG_DATA_1=value-1');
	});

	official('B2', async ({ succeed }) => {
		const from = (name: string, prefix: string) => [{ configMapRef: { name } }, { prefix, configMapRef: { name } }];
		const identifiers = pod('pod-configmaps', { command: SHELL_ENV, envFrom: from('configmap-test-underscore', 'p_') });
		expect((await succeed([MAP_, identifiers])).split('\n')).toEqual(
			expect.arrayContaining(NUMBERS.flatMap((n) => [`data_${n}=value-${n}`, `p_data_${n}=value-${n}`])),
		);
		// Names with dashes, which kubelet sets since 1.30.
		const dashes = pod('pod-configmaps', { command: ['env'], envFrom: from('configmap-test', 'p-') });
		const lines = (await succeed([MAP, dashes])).split('\n');
		expect(lines).toEqual(
			expect.arrayContaining(NUMBERS.flatMap((n) => [`data-${n}=value-${n}`, `p-data-${n}=value-${n}`])),
		);
	});

	official('B6', async ({ succeed }) => {
		const prefixes = ['', '1-', '$_-', 'ABC_', '#@!'];
		const envFrom = prefixes.map((prefix) => ({ prefix, configMapRef: { name: 'configmap-test' } }));
		const lines = (await succeed([MAP, pod('pod-configmaps', { command: ['env'], envFrom })])).split('\n');
		expect(lines).toEqual(
			expect.arrayContaining(prefixes.flatMap((prefix) => NUMBERS.map((n) => `${prefix}data-${n}=value-${n}`))),
		);
	});
});
