// @ts-check
/*
 * Runs the program from this checkout, after the set-up.
 *
 *     npm start                                     mounts the examples at ./mnt of the checkout, until Ctrl-C
 *     npm start -- mount DIR -f MANIFESTS           any command of the program; paths are relative to where you are
 *
 * The exit status is the program's. A stop by Ctrl-C or SIGTERM waits for the program to unmount. When the set-up
 * cannot go on it prints one line with the cure and exits 1.
 */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUpOrExplain } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHOW_EXAMPLES = ['mount', './mnt', '-f', 'examples', '-R', '--mkdir'];

const given = process.argv.slice(2);
// npm runs scripts in the checkout's root and keeps where the person was in INIT_CWD.
const whereThePersonIs = (process.env.npm_lifecycle_event === 'start' && process.env.INIT_CWD) || process.cwd();

if (setUpOrExplain({ forTests: false }) === undefined) process.exitCode = 1;
else run(given.length > 0 ? given : SHOW_EXAMPLES, given.length > 0 ? whereThePersonIs : ROOT);

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(args, cwd) {
	const child = spawn(process.execPath, [join(ROOT, 'dist/main.js'), ...args], { cwd, stdio: 'inherit' });

	// A terminal sends Ctrl-C to the whole group, the program included; a second one would ask it to hurry.
	const terminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
	process.on('SIGINT', () => {
		if (!terminal) child.kill('SIGINT');
	});
	for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));

	child.on('error', (error) => {
		process.stderr.write(`${process.execPath}: ${error.message}\n`);
		process.exitCode = 1;
	});
	child.on('exit', (status, signal) => {
		process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];
	});
}
