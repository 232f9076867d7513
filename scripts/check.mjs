// @ts-check
/*
 * Runs the static checks side by side: lint and format, types of src/ and test/, types of scripts/, layers.
 *
 *     npm run check
 *
 * Prints the output of each check that fails, then one line that names every check with its result and duration.
 * Exits 1 if any check failed. Both compiler runs are incremental; their state is in node_modules/.cache.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

/** The arguments of node for each check. */
const CHECKS = {
	lint: [BIOME, 'check', '--config-path=scripts/lint.json', 'src', 'test', 'scripts'],
	types: [TSC, '-p', 'tsconfig.json'],
	'script types': [TSC, '-p', 'scripts'],
	layers: [join(ROOT, 'scripts/check-layers.mjs')],
};

const results = await Promise.all(Object.entries(CHECKS).map(([name, args]) => run(name, args)));
process.stdout.write(`${results.map(({ summary }) => summary).join(', ')}\n`);
if (results.some(({ passed }) => !passed)) process.exitCode = 1;

/**
 * @param {string} name
 * @param {readonly string[]} args
 * @returns {Promise<{ passed: boolean, summary: string }>}
 */
function run(name, args) {
	const start = performance.now();
	return new Promise((resolve) => {
		const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
		/** @type {Buffer[]} */
		const output = [];
		child.stdout.on('data', (chunk) => output.push(chunk));
		child.stderr.on('data', (chunk) => output.push(chunk));
		child.on('close', (status) => {
			const seconds = ((performance.now() - start) / 1000).toFixed(1);
			if (status !== 0) process.stderr.write(Buffer.concat(output));
			resolve({ passed: status === 0, summary: `${name} ${status === 0 ? 'passed' : 'failed'} (${seconds} s)` });
		});
	});
}
