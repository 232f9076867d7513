/**
 * Section H: command and arguments that override those of an image, which a local process does not have.
 * Source: kubernetes v1.20.2 test/e2e/common/docker_containers.go.
 */

import { expect } from 'vitest';
import { pod } from '../../support/pod-manifest.js';
import { officialCases } from './official.js';

const NAME = 'client-containers';
/** Prints each of its arguments. */
const WORDS = ['printf', '[%s]'];

officialCases(['H'], (official) => {
	official('H1', async ({ toEnd, succeed }) => {
		const { code, stdout, stderr } = await toEnd([pod(NAME, {})]);
		expect(code).toBe(125);
		expect(stdout).toBe('');
		expect(stderr).toContain(
			'container "test" has no command of its own, and its image\'s is not available here; pass one after --',
		);
		expect(await succeed([pod(NAME, {})], { command: [...WORDS, 'entrypoint'] })).toBe('[entrypoint]');
	});

	official('H2', async ({ toEnd, succeed }) => {
		const manifest = pod(NAME, { args: ['override', 'arguments $(A)', ''], env: [{ name: 'A', value: 'b' }] });
		const { code, stderr } = await toEnd([manifest]);
		expect(code).toBe(125);
		expect(stderr).toContain(
			'container "test" has args but no command of its own, and its image\'s is not available here',
		);
		expect(stderr).toContain('; pass a command after --, and --keep-args before it to keep the args');
		expect(await succeed([manifest], { args: ['--keep-args'], command: WORDS })).toBe('[override][arguments b][]');
		expect(await succeed([manifest], { command: [...WORDS, 'given'] })).toBe('[given]');
	});

	official('H3', async ({ succeed }) => {
		expect(await succeed([pod(NAME, { command: [...WORDS, 'override'] })])).toBe('[override]');
	});

	official('H4', async ({ succeed }) => {
		const manifest = pod(NAME, { command: WORDS, args: ['override', 'arguments'] });
		expect(await succeed([manifest])).toBe('[override][arguments]');
		expect(await succeed([manifest], { command: ['echo', 'mine'] })).toBe('mine\n');
	});
});
