// @ts-check
/*
 * The complete test run: set-up with the test tools, the static checks, every test, and a check for leftovers.
 *
 *     npm test                                everything
 *     npm test -- test/unit/model             the files whose path contains this
 *     npm test -- --project unit -t 'a name'  any argument of `vitest run`
 *
 * The last line is `N passed, N failed` (and `, N skipped`), counted by vitest. Skipped tests are named with their reasons
 * (skip-reporter.mjs). Each other problem is named above the last line and counts as one failure: the set-up, the static
 * checks, a missing /dev/fuse, a test file that does not load, an empty run, a mount or a process left behind. Exits 0
 * only if nothing failed.
 */

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { leftovers, mounts, processes, RUN_MARK, removeLeftovers } from './leftovers.mjs';
import { fail } from './progress.mjs';
import { prepareControlPlane, setUpOrExplain } from './setup.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist/');
/** The environment variable that gives the tests the reason for a missing API server. */
const CONTROL_PLANE_PROBLEM = 'CONFIGMAPFS_CONTROL_PLANE_PROBLEM';
/** The projects of the test configuration; each is also a folder of test/. */
const PROJECTS = ['unit', 'mount', 'cluster'];
/** How long a signalled process may take to end. Unit: milliseconds. */
const SETTLE_MS = 15_000;

/** @typedef {{ passed: number, failed: number, skipped: number, problems: string[] }} Outcome */

const filters = process.argv.slice(2);
/** @type {import('node:child_process').ChildProcess | undefined} */
let running;
let stopped = false;
// A signal stops the running step; the check for leftovers still runs.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
	process.on(signal, () => {
		stopped = true;
		// The terminal sends Ctrl-C to the child, too.
		if (signal !== 'SIGINT' || !process.stdin.isTTY) running?.kill(signal);
	});
}

const outcome = await testAll();
for (const problem of outcome.problems) fail(problem);
const failed = outcome.failed + outcome.problems.length;
const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : '';
process.exitCode = failed > 0 ? 1 : 0;
process.stdout.write(`${outcome.passed} passed, ${failed} failed${skipped}\n`);

/** @returns {Promise<Outcome>} */
async function testAll() {
	/** @type {string[]} */
	const problems = [];
	const ready = setUpOrExplain({ forTests: true });
	if (ready === undefined)
		return { passed: 0, failed: 0, skipped: 0, problems: ['the set-up failed, no test was run'] };
	if (ready.fuseProblem !== undefined && mayRun('mount', 'cluster')) problems.push(ready.fuseProblem);
	// Without an API server, the tests that need one fail with this reason.
	const controlPlaneProblem = mayRun('mount', 'cluster') ? await prepareControlPlane() : undefined;
	if (controlPlaneProblem !== undefined) fail(controlPlaneProblem);

	// Every mount below the run's own folder belongs to the run. As open as /tmp, for tests as other users.
	const folder = mkdtempSync(join(tmpdir(), 'configmapfs-test-'));
	chmodSync(folder, 0o1777);
	const mark = `${process.pid}-${Date.now()}`;
	const run = { mountsBefore: mounts(), processesBefore: processes(DIST, mark), dist: DIST, mark, folder };
	const without = controlPlaneProblem === undefined ? {} : { [CONTROL_PLANE_PROBLEM]: controlPlaneProblem };
	const env = { ...process.env, TMPDIR: folder, [RUN_MARK]: mark, ...without };

	if ((await command('npm', ['run', '-s', 'check'], process.env)) !== 0) {
		problems.push('npm run check failed, see its messages above');
	}
	const counted = await runVitest(join(folder, 'report.json'), env);
	problems.push(...counted.problems, ...(await lookForLeftovers(run)));
	if (!mounts().some(({ point }) => point.startsWith(folder))) rmSync(folder, { recursive: true, force: true });
	return { ...counted, problems };
}

/**
 * Whether the filters may select a test of these projects.
 *
 * @param {readonly string[]} projects
 */
function mayRun(...projects) {
	const others = PROJECTS.filter((name) => !projects.includes(name));
	const named = filters.filter((_, index) => filters[index - 1] === '--project');
	const paths = filters.filter((filter) => filter.startsWith('test/'));
	const allNamed = named.length > 0 && named.every((name) => others.includes(name));
	const allPaths = paths.length > 0 && paths.every((path) => others.includes(path.split('/')[1] ?? ''));
	return !(allNamed || allPaths);
}

/**
 * @param {string} report
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Outcome>}
 */
async function runVitest(report, env) {
	const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
	const skips = `--reporter=${join(ROOT, 'scripts/skip-reporter.mjs')}`;
	const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, skips];
	const args = [vitest, 'run', '--config', 'test/vitest.config.ts', ...reporters, ...filters];
	const status = await command(process.execPath, args, env);

	/** @type {string[]} */
	const problems = [];
	const none = { passed: 0, failed: 0, skipped: 0, problems };
	if (stopped) problems.push('the run was stopped');
	const counts = readReport(report);
	if (counts === undefined && stopped) return none;
	if (counts === undefined) {
		problems.push(`vitest ended with status ${status} before it could report`);
		return none;
	}
	const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, numTotalTests, testResults } = counts;
	const broken = testResults.filter(
		({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
	);
	for (const { name, message } of broken) problems.push(`${name}: ${message.split('\n')[0]}`);
	if (numTotalTests === 0 && broken.length === 0) problems.push('no test was run');
	if (status !== 0 && numFailedTests === 0 && problems.length === 0) {
		problems.push(`vitest ended with status ${status} although no test failed, see its messages above`);
	}
	return { passed, failed: numFailedTests, skipped: numPendingTests + numTodoTests, problems };
}

/**
 * @typedef {object} Report
 * @property {number} numTotalTests
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ name: string, status: string, message: string, assertionResults: { status: string }[] }[]} testResults
 */

/**
 * @param {string} path
 * @returns {Report | undefined}
 */
function readReport(path) {
	try {
		return JSON.parse(readFileSync(path, 'utf8'));
	} catch {
		return undefined;
	}
}

/**
 * @param {Parameters<typeof leftovers>[0]} run
 * @returns {Promise<string[]>} One line for each leftover, after its removal.
 */
async function lookForLeftovers(run) {
	const deadline = Date.now() + SETTLE_MS;
	let left = leftovers(run);
	while (left.mounts.length + left.processes.length > 0 && Date.now() < deadline) {
		await sleep(100);
		left = leftovers(run);
	}
	removeLeftovers(left, run.folder);
	return [
		...left.mounts.map(({ point, type }) => `the tests left a mount behind: ${point} (${type})`),
		...left.processes.map(({ pid, command: line }) => `the tests left a process behind: ${pid} ${line}`),
	];
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} The exit status; 1 if the process could not start or a signal ended it.
 */
function command(file, args, env) {
	if (stopped) return Promise.resolve(1);
	return new Promise((resolve) => {
		const child = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
		running = child;
		child.on('error', (error) => {
			fail(`${file}: ${error.message}`);
			resolve(1);
		});
		child.on('exit', (status) => resolve(status ?? 1));
	});
}
