// @ts-check
/*
 * Prepares a fresh clone: checks Node's version and /dev/fuse, installs system and npm packages, compiles the program.
 *
 *     npm run setup            prepares for `npm start`
 *     npm run setup -- --test  also installs the tools that the tests run, and finds or builds their API server
 *
 * `npm start` and `npm test` run it first; completed steps are not repeated. Missing system packages are installed with
 * apt-get if the user is root or sudo needs no password; otherwise it prints the command to run.
 * Progress and warnings go to stderr. On failure, prints one line with the cure and exits with status 1.
 */

import { spawnSync } from 'node:child_process';
import {
	chmodSync,
	closeSync,
	constants,
	existsSync,
	mkdirSync,
	openSync,
	readFileSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { ControlPlaneError, ensureControlPlane } from './control-plane/ensure.mjs';
import { fail, note, step, warn } from './progress.mjs';
import { SYSTEM_PACKAGES } from './system-packages.mjs';

/** @typedef {import('./system-packages.mjs').SystemPackage} SystemPackage */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Names of the packages that apt-get could not install. */
const APT_FAILURES = join(ROOT, 'node_modules/.cache/configmapfs/apt-failures');
const DAY_MS = 24 * 60 * 60 * 1000;
const OLDEST_NODE = [20, 19];
const IS_ROOT = process.getuid?.() === 0;

/** A problem that only the user can solve; the message gives the reason and the cure. */
export class SetupError extends Error {}

/**
 * Runs all steps in order. Errors: SetupError if the program cannot run.
 *
 * @param {{ forTests: boolean }} options
 * @returns {{ fuseProblem: string | undefined }} The reason why /dev/fuse is unusable, with the cure.
 */
export function setUp({ forTests }) {
	checkNode();
	installSystemPackages(forTests);
	const fuseProblem = prepareFuseDevice();
	if (fuseProblem !== undefined && !forTests) warn(fuseProblem);
	installNodePackages();
	compile();
	return { fuseProblem };
}

function checkNode() {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
	if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
	throw new SetupError(
		`configmapfs needs Node.js ${OLDEST_NODE.join('.')} or newer, ${process.execPath} is ${process.version}; ` +
			'download it from https://nodejs.org/en/download, or with nvm: nvm install 20',
	);
}

/** @param {boolean} forTests */
function installSystemPackages(forTests) {
	const wanted = SYSTEM_PACKAGES.filter(({ usedBy }) => forTests || usedBy === 'start');
	const missing = wanted.filter(({ present }) => !present());
	if (missing.length === 0) return;

	const hasApt = existsSync('/usr/bin/apt-get');
	const prefix = IS_ROOT ? [] : ['sudo', '-n'];
	if (hasApt && !failedRecently(missing) && (IS_ROOT || succeeds('sudo', ['-n', 'true']))) {
		installWithApt(missing, prefix);
		rememberFailure(missing.filter(({ present }) => !present()));
	}

	const still = missing.filter(({ present }) => !present());
	for (const { names, without } of still.filter(({ optional }) => optional)) {
		warn(`${names[0]} is not installed: ${without}`);
	}
	if (still.length === 0) return;
	const line = `apt-get install -y --no-install-recommends ${still.map(({ names }) => names[0]).join(' ')}`;
	const cure = hasApt
		? `run: ${IS_ROOT ? '' : 'sudo '}${line}`
		: `install with your distribution's tools (Debian's names): ${still.map(({ names }) => names[0]).join(', ')}`;
	const required = still.filter(({ optional }) => !optional);
	if (required.length > 0) {
		const reasons = required.map(({ names, purpose }) => `${names[0]} (${purpose})`).join(' and ');
		throw new SetupError(`${reasons} is not installed; ${cure}`);
	}
	note(hasApt ? `to install the missing packages, ${cure}` : cure);
}

/**
 * Whether apt-get failed to install these optional packages within the last day. Trying each time would slow each start.
 *
 * @param {readonly SystemPackage[]} packages
 */
function failedRecently(packages) {
	if (!existsSync(APT_FAILURES) || Date.now() - statSync(APT_FAILURES).mtimeMs > DAY_MS) return false;
	const failed = readFileSync(APT_FAILURES, 'utf8').split('\n');
	return packages.every(({ names, optional }) => optional && failed.includes(names[0] ?? ''));
}

/** @param {readonly SystemPackage[]} packages */
function rememberFailure(packages) {
	// Before the first npm ci, node_modules does not exist, and npm ci would remove the file.
	if (packages.length === 0 || !existsSync(join(ROOT, 'node_modules'))) return;
	mkdirSync(dirname(APT_FAILURES), { recursive: true });
	writeFileSync(APT_FAILURES, packages.map(({ names }) => names[0]).join('\n'));
}

/**
 * @param {readonly SystemPackage[]} packages
 * @param {readonly string[]} prefix
 */
function installWithApt(packages, prefix) {
	/** @param {readonly string[]} args */
	const apt = (...args) =>
		capture([
			...prefix,
			'env',
			'DEBIAN_FRONTEND=noninteractive',
			'apt-get',
			'-qq',
			'-o',
			'DPkg::Lock::Timeout=120',
			...args,
		]);
	/** @param {readonly string[]} names */
	const install = (names) => apt('install', '-y', '--no-install-recommends', ...names);

	const updated = step("downloading Debian's package lists", () => apt('update'));
	if (!updated.ok) warn(`apt-get update failed, continuing with the old lists: ${lastLine(updated.text)}`);
	const names = packages.map((row) => row.names.find((name) => succeeds('apt-cache', ['show', name])) ?? row.names[0]);
	const wanted = names.filter((name) => name !== undefined);
	if (step(`installing ${wanted.join(', ')}`, () => install(wanted)).ok) return;
	// One unavailable package must not prevent the installation of the others.
	for (const name of wanted) {
		const one = install([name]);
		if (!one.ok) warn(`apt-get install ${name} failed: ${lastLine(one.text)}`);
	}
}

/** @returns {string | undefined} The reason why /dev/fuse is unusable, with the cure. */
function prepareFuseDevice() {
	const device = '/dev/fuse';
	const code = openErrorCode(device);
	if (code === undefined) return undefined;
	if (code === 'EACCES') {
		// fusermount3 opens the device as root, so only mounts in user namespaces fail.
		return existsSync('/usr/bin/fusermount3')
			? undefined
			: `cannot open ${device}: permission denied; run: sudo chmod 666 ${device}`;
	}
	const prefix = IS_ROOT ? [] : ['sudo', '-n'];
	if (IS_ROOT || succeeds('sudo', ['-n', 'true'])) {
		if (!kernelHasFuse()) capture([...prefix, 'modprobe', 'fuse']);
		if (IS_ROOT && kernelHasFuse() && !existsSync(device)) {
			if (capture(['mknod', device, 'c', '10', '229']).ok) chmodSync(device, 0o666);
		}
		if (openErrorCode(device) === undefined) {
			note(`${device} was missing and is now ready`);
			return undefined;
		}
	}
	if (!kernelHasFuse()) {
		return `the kernel has no FUSE (${device}: ${code}); run: ${IS_ROOT ? '' : 'sudo '}modprobe fuse`;
	}
	if (existsSync(device)) {
		return (
			`cannot open ${device} (${openErrorCode(device)}); in a container, start the container with ` +
			'--device /dev/fuse --cap-add SYS_ADMIN'
		);
	}
	return (
		`${device} is missing; run: ${IS_ROOT ? '' : 'sudo '}mknod -m 666 ${device} c 10 229 (in a container, start the ` +
		'container with --device /dev/fuse --cap-add SYS_ADMIN)'
	);
}

/**
 * @param {string} device
 * @returns {string | undefined} The error code; undefined if the device opens.
 */
function openErrorCode(device) {
	try {
		closeSync(openSync(device, constants.O_RDWR));
		return undefined;
	} catch (error) {
		return error instanceof Error && 'code' in error ? String(error.code) : String(error);
	}
}

function kernelHasFuse() {
	return /\tfuse$/m.test(readFileSync('/proc/filesystems', 'utf8'));
}

function installNodePackages() {
	if (nodePackagesMatch()) return;
	const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
	// No package needs its install script: koffi and fuse-native contain prebuilt binaries.
	const run = step('installing npm packages', () => capture(['npm', ...args, '--ignore-scripts']));
	if (!run.ok) throw new SetupError(`npm ci failed:\n${withoutUsage(run.text)}`);
}

/**
 * npm's error messages without the usage text that follows them.
 *
 * @param {string} text
 */
function withoutUsage(text) {
	return (text.split('npm error Clean install a project')[0] ?? text).replace(/(?:\s*npm error)?\s*$/, '');
}

/** Whether node_modules matches package-lock.json, according to npm's own record in node_modules. */
function nodePackagesMatch() {
	const wanted = readLock(join(ROOT, 'package-lock.json'));
	const found = readLock(join(ROOT, 'node_modules/.package-lock.json'));
	if (wanted === undefined)
		throw new SetupError('package-lock.json is missing or damaged, so the checkout is incomplete; clone it again');
	if (found === undefined) return false;
	const paths = new Set([...Object.keys(wanted), ...Object.keys(found)]);
	paths.delete('');
	return [...paths].every((path) => {
		// Optional packages may be for other platforms: their versions must match only if they are installed.
		if (found[path] === undefined) return wanted[path]?.optional === true || wanted[path]?.devOptional === true;
		return found[path]?.version === wanted[path]?.version;
	});
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> | undefined}
 */
function readLock(path) {
	try {
		return JSON.parse(readFileSync(path, 'utf8')).packages;
	} catch {
		return undefined;
	}
}

function compile() {
	if (isBuilt()) return;
	const { ok, text } = step('compiling', () => build('pipe'));
	if (!ok) throw new SetupError(`compilation failed:\n${text.trim()}`);
}

/** @param {readonly string[]} command */
function capture(command) {
	const [file = '', ...args] = command;
	const run = spawnSync(file, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
	const text = run.error ? `${file}: ${run.error.message}` : `${run.stdout}${run.stderr}`;
	return { ok: run.status === 0, text };
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 */
function succeeds(file, args) {
	return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

/** @param {string} text */
function lastLine(text) {
	return text.trim().split('\n').at(-1) ?? '';
}

/**
 * Runs the setup for another script. On a SetupError, prints it and returns undefined.
 *
 * @param {{ forTests: boolean }} options
 */
export function setUpOrExplain(options) {
	try {
		return setUp(options);
	} catch (error) {
		if (!(error instanceof SetupError)) throw error;
		fail(error.message);
		return undefined;
	}
}

/**
 * Finds or builds kube-apiserver and etcd for the tests.
 *
 * @returns {Promise<string | undefined>} The reason for a failure, with the cure.
 */
export async function prepareControlPlane() {
	try {
		await ensureControlPlane();
		return undefined;
	} catch (error) {
		if (!(error instanceof ControlPlaneError)) throw error;
		return error.message;
	}
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
	const forTests = process.argv.includes('--test');
	const result = setUpOrExplain({ forTests });
	const needed = forTests && result !== undefined ? [result.fuseProblem, await prepareControlPlane()] : [];
	const problems = needed.filter((problem) => problem !== undefined);
	for (const problem of problems) fail(problem);
	if (result !== undefined && problems.length === 0) note(`ready; next: npm ${forTests ? 'test' : 'start'}`);
	process.exitCode = result === undefined || problems.length > 0 ? 1 : 0;
}
