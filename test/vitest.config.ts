import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const setupFiles = ['test/support/clean-environment.ts'];

/** Limits for a test and for a hook, which only a hanging one reaches. Each allows for several waits to their deadline. */
function patience(ms: number) {
	return { testTimeout: ms, hookTimeout: ms };
}

/**
 * Files with real mounts and API servers spend half of their time waiting, so two of them run side by side, on whatever
 * machine. What they look at on it is their own: mounts below the run's TMPDIR, namespaces, ports and processes.
 */
const real = {
	setupFiles,
	...patience(600_000),
	maxWorkers: Math.min(2, availableParallelism()),
	sequence: { groupOrder: 1 },
};

export default defineConfig({
	root,
	test: {
		projects: [
			{ root, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], setupFiles, ...patience(240_000) } },
			{ root, test: { name: 'mount', include: ['test/mount/**/*.test.ts'], ...real } },
			{ root, test: { name: 'cluster', include: ['test/cluster/**/*.test.ts'], ...real } },
		],
	},
});
