// @ts-check
/*
 * Runs the setup, then the program of this checkout.
 *
 *     npm start                             mounts the examples at ./mnt in the checkout, until Ctrl-C
 *     npm start -- mount DIR -f MANIFESTS   runs any command; paths are relative to the caller's working directory
 *
 * The exit status is the program's. After Ctrl-C or SIGTERM, waits until the program has unmounted. If the setup fails,
 * prints one line with the cure and exits with status 1.
 */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUpOrExplain } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MOUNT_EXAMPLES = ['mount', './mnt', '-f', 'examples', '-R', '--mkdir'];

const args = process.argv.slice(2);
// npm runs scripts in the root of the checkout, and passes the caller's working directory in INIT_CWD.
const callerDirectory = (process.env.npm_lifecycle_event === 'start' && process.env.INIT_CWD) || process.cwd();

if (setUpOrExplain({ forTests: false }) === undefined) process.exitCode = 1;
else if (args.length > 0) run(args, callerDirectory);
else run(MOUNT_EXAMPLES, ROOT);

/**
 * @param {readonly string[]} command
 * @param {string} cwd
 */
function run(command, cwd) {
	const child = spawn(process.execPath, [join(ROOT, 'dist/main.js'), ...command], { cwd, stdio: 'inherit' });

	// A terminal sends SIGINT to the program too; passing it on would deliver it twice.
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
