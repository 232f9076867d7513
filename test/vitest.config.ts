import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
	root,
	test: {
		projects: [
			{ root, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 } },
			{
				root,
				test: {
					name: 'mount',
					include: ['test/mount/**/*.test.ts'],
					testTimeout: 60_000,
					hookTimeout: 60_000,
					fileParallelism: false,
				},
			},
			{
				root,
				test: {
					name: 'cluster',
					include: ['test/cluster/**/*.test.ts'],
					testTimeout: 60_000,
					hookTimeout: 120_000,
					fileParallelism: false,
				},
			},
		],
	},
});
