// @ts-check
/*
 * Makes a fresh clone ready: Node's version, system packages, /dev/fuse, npm's packages, the compiled program.
 *
 *     npm run setup            what `npm start` needs
 *     npm run setup -- --test  and the tools that the tests drive, and the API server that they run against
 *
 * `npm start` and `npm test` call it first; what is there already is not done again. Missing system packages are
 * installed with apt-get by root or with a sudo that asks for no password; anyone else gets the line to type.
 * Progress and warnings go to stderr. When it cannot go on it prints one line with the cure and exits 1.
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
const APT_TRIED = join(ROOT, 'node_modules/.cache/configmapfs/apt-tried');
const DAY_MS = 24 * 60 * 60 * 1000;
const OLDEST_NODE = [20, 19];
const IS_ROOT = process.getuid?.() === 0;

/** Something that a person has to do before this can go on; the message is complete. */
export class SetupError extends Error {}

/**
 * Everything in order. Errors: SetupError when the program cannot run at all.
 *
 * @param {{ forTests: boolean }} options
 * @returns {{ fuseProblem: string | undefined }} Why /dev/fuse cannot be used, with the cure.
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
		`configmapfs needs Node.js ${OLDEST_NODE.join('.')} or newer, ${process.execPath} is ${process.version}. ` +
			'Get one from https://nodejs.org/en/download, or with nvm: nvm install 20',
	);
}

/** @param {boolean} forTests */
function installSystemPackages(forTests) {
	const wanted = SYSTEM_PACKAGES.filter(({ usedBy }) => forTests || usedBy === 'start');
	const missing = wanted.filter(({ present }) => !present());
	if (missing.length === 0) return;

	const hasApt = existsSync('/usr/bin/apt-get');
	const prefix = IS_ROOT ? [] : ['sudo', '-n'];
	if (hasApt && !triedLately(missing) && (IS_ROOT || succeeds('sudo', ['-n', 'true']))) {
		installWithApt(missing, prefix);
		rememberTry(missing.filter(({ present }) => !present()));
	}

	const still = missing.filter(({ present }) => !present());
	for (const { names, without } of still.filter(({ optional }) => optional)) {
		warn(`${names[0]} is not installed: ${without}`);
	}
	if (still.length === 0) return;
	const line = `apt-get install -y --no-install-recommends ${still.map(({ names }) => names[0]).join(' ')}`;
	const cure = hasApt
		? `${IS_ROOT ? '' : 'sudo '}${line}`
		: `install them with your distribution's tools (Debian's names: ${still.map(({ names }) => names[0]).join(', ')})`;
	const required = still.filter(({ optional }) => !optional);
	if (required.length > 0) {
		const reasons = required.map(({ names, purpose }) => `${names[0]} (${purpose})`).join(' and ');
		throw new SetupError(`${reasons} is not installed. ${hasApt ? 'Type: ' : 'Please '}${cure}`);
	}
	note(`${hasApt ? 'To install what is missing, type: ' : 'Please '}${cure}`);
}

/**
 * Whether apt-get could not install all of these within the last day; asking it each time would make each start slow.
 *
 * @param {readonly SystemPackage[]} packages
 */
function triedLately(packages) {
	if (!existsSync(APT_TRIED) || Date.now() - statSync(APT_TRIED).mtimeMs > DAY_MS) return false;
	const tried = readFileSync(APT_TRIED, 'utf8').split('\n');
	return packages.every(({ names, optional }) => optional && tried.includes(names[0] ?? ''));
}

/** @param {readonly SystemPackage[]} packages */
function rememberTry(packages) {
	// Before the first npm ci there is nowhere to write it, and npm ci would remove it.
	if (packages.length === 0 || !existsSync(join(ROOT, 'node_modules'))) return;
	mkdirSync(dirname(APT_TRIED), { recursive: true });
	writeFileSync(APT_TRIED, packages.map(({ names }) => names[0]).join('\n'));
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

	const updated = step("Reading Debian's package lists", () => apt('update'));
	if (!updated.ok) warn(`apt-get update failed, going on with the lists that are here: ${lastLine(updated.text)}`);
	const names = packages.map((row) => row.names.find((name) => succeeds('apt-cache', ['show', name])) ?? row.names[0]);
	const wanted = names.filter((name) => name !== undefined);
	if (step(`Installing ${wanted.join(', ')}`, () => install(wanted)).ok) return;
	// One that cannot be had must not keep the others away.
	for (const name of wanted) {
		const one = install([name]);
		if (!one.ok) warn(`apt-get install ${name} failed: ${lastLine(one.text)}`);
	}
}

/** @returns {string | undefined} */
function prepareFuseDevice() {
	const device = '/dev/fuse';
	const why = openProblem(device);
	if (why === undefined) return undefined;
	if (why === 'EACCES') {
		// fusermount3 opens it as root, so this is in the way of user namespaces only.
		return existsSync('/usr/bin/fusermount3')
			? undefined
			: `${device} may not be opened. Type: sudo chmod 666 ${device}`;
	}
	const prefix = IS_ROOT ? [] : ['sudo', '-n'];
	if (IS_ROOT || succeeds('sudo', ['-n', 'true'])) {
		if (!kernelHasFuse()) capture([...prefix, 'modprobe', 'fuse']);
		if (IS_ROOT && kernelHasFuse() && !existsSync(device)) {
			if (capture(['mknod', device, 'c', '10', '229']).ok) chmodSync(device, 0o666);
		}
		if (openProblem(device) === undefined) {
			note(`${device} was missing, it is ready now`);
			return undefined;
		}
	}
	if (!kernelHasFuse()) {
		return `This kernel has no FUSE (${device}: ${why}). Type: ${IS_ROOT ? '' : 'sudo '}modprobe fuse`;
	}
	if (existsSync(device)) {
		return (
			`${device} is there but cannot be opened (${openProblem(device)}). In a container, start it with ` +
			'--device /dev/fuse --cap-add SYS_ADMIN'
		);
	}
	return (
		`${device} is missing. Type: ${IS_ROOT ? '' : 'sudo '}mknod -m 666 ${device} c 10 229 (in a container, start it ` +
		'with --device /dev/fuse --cap-add SYS_ADMIN)'
	);
}

/**
 * @param {string} device
 * @returns {string | undefined}
 */
function openProblem(device) {
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
	// No package needs its install script: koffi and fuse-native carry what they load, ready for use.
	const run = step("Installing npm's packages", () => capture(['npm', ...args, '--ignore-scripts']));
	if (!run.ok) throw new SetupError(`npm ci failed:\n${withoutUsage(run.text)}`);
}

/**
 * npm's reasons without the description of the command that it prints after them.
 *
 * @param {string} text
 */
function withoutUsage(text) {
	return (text.split('npm error Clean install a project')[0] ?? text).replace(/(?:\s*npm error)?\s*$/, '');
}

/** Whether node_modules holds what package-lock.json asks for, by the note that npm leaves there. */
function nodePackagesMatch() {
	const wanted = readLock(join(ROOT, 'package-lock.json'));
	const found = readLock(join(ROOT, 'node_modules/.package-lock.json'));
	if (wanted === undefined)
		throw new SetupError('package-lock.json is missing or damaged; this is no complete checkout');
	if (found === undefined) return false;
	const paths = new Set([...Object.keys(wanted), ...Object.keys(found)]);
	paths.delete('');
	return [...paths].every((path) => {
		// Optional packages are those of other machines: only their versions must agree, where they are there.
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
	const { ok, text } = step('Compiling', () => build('pipe'));
	if (!ok) throw new SetupError(`The sources do not compile:\n${text.trim()}`);
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
 * For the scripts that begin with the set-up: its result, or undefined after the reason was printed.
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
 * Finds or builds the kube-apiserver and etcd of the tests.
 *
 * @returns {Promise<string | undefined>} Why there are none, with the cure.
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
	if (result !== undefined && problems.length === 0) note(`Ready. Next: npm ${forTests ? 'test' : 'start'}`);
	process.exitCode = result === undefined || problems.length > 0 ? 1 : 0;
}
