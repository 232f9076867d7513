#!/usr/bin/env node
// @ts-check
/*
 * Finds or builds a kube-apiserver and an etcd for the tests, and prints their directory.
 *
 *     node scripts/control-plane/ensure.mjs          finds or builds them; the last line of output is the directory
 *     node scripts/control-plane/ensure.mjs --find   finds them, never builds
 *     … --json                                       the last line is an object with the path of each program
 *
 * Searches the directory in KUBEBUILDER_ASSETS (as controller-runtime's envtest does), then PATH, then the cache,
 * $XDG_CACHE_HOME/configmapfs/control-plane/VERSION. The cache is filled from Debian 12: etcd, etcdctl and kubectl from
 * binary packages, kube-apiserver and agnhost compiled from the source package. The Go compiler is the one on PATH if its
 * version fits, else Debian's. Nothing is installed, root is not needed, and no service starts. The first build takes
 * several minutes and up to 2 GB of disk, and keeps 200 MB. An interrupted build continues where it stopped.
 *
 * Progress goes to stderr. On failure, prints one line with the cure to stderr and exits with status 1.
 */

import { spawn } from 'node:child_process';
import {
	accessSync,
	chmodSync,
	constants,
	copyFileSync,
	existsSync,
	linkSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statfsSync,
	writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fail, note } from '../progress.mjs';

/** The version of Kubernetes in Debian 12, and so the name of the directory in the cache. */
const VERSION = '1.20.2';
/** The package with the version variables of the programs; the linker needs the full name for packages below vendor/. */
const VERSION_PACKAGE = 'k8s.io/kubernetes/vendor/k8s.io/component-base/version';
const SUITE = 'bookworm';
/** Go versions known to build this version of Kubernetes: the minor numbers of the oldest and the newest. */
const GO_RANGE = [15, 19];
const GO_PACKAGES = ['golang-1.19-go', 'golang-1.19-src'];
const GO_ROOT = 'usr/lib/go-1.19';
const PROGRAM_PACKAGES = ['etcd-server', 'etcd-client', 'kubernetes-client'];
const SPACE_NEEDED = 3 * 1024 ** 3;
const REPORT_MS = 20_000;
const LOCK_POLL_MS = 1000;
const TAIL_LINES = 25;
const USE_OWN_PROGRAMS =
	'set KUBEBUILDER_ASSETS to a directory with kube-apiserver, etcd and kubectl, such as one made by setup-envtest';

/**
 * @typedef {object} ControlPlanePrograms
 * @property {string} directory The directory of kube-apiserver.
 * @property {string} kubeApiServer
 * @property {string} etcd
 * @property {string} [etcdctl]
 * @property {string} [kubectl]
 * @property {string} [agnhost]
 */

/** The control plane is unavailable; the message gives the reason, then the cure. */
export class ControlPlaneError extends Error {}

/**
 * Finds existing programs; undefined if kube-apiserver or etcd is missing. Errors: ControlPlaneError if they are not in
 * the directory of KUBEBUILDER_ASSETS.
 *
 * @returns {ControlPlanePrograms | undefined}
 */
export function findControlPlane() {
	const assets = process.env.KUBEBUILDER_ASSETS;
	if (assets !== undefined && assets !== '') {
		const found = fromDirectories([resolve(assets)]);
		if (found !== undefined) return found;
		throw new ControlPlaneError(
			`KUBEBUILDER_ASSETS is ${assets}, which does not contain both kube-apiserver and etcd; correct it or unset it`,
		);
	}
	const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
	return fromDirectories(path) ?? fromDirectories([join(cacheDirectory(), VERSION)]);
}

/**
 * Finds the programs, or builds them. Errors: ControlPlaneError.
 *
 * @returns {Promise<ControlPlanePrograms>}
 */
export async function ensureControlPlane() {
	const found = findControlPlane();
	if (found !== undefined) return found;
	const cache = cacheDirectory();
	try {
		mkdirSync(cache, { recursive: true });
	} catch (error) {
		throw new ControlPlaneError(
			`cannot create ${cache} (${reason(error)}); set XDG_CACHE_HOME to a writable directory`,
		);
	}
	const job = new Job();
	try {
		await job.lock(join(cache, 'build.lock'));
		// Another run may have built it while this one waited.
		if (findControlPlane() === undefined) await build(job, cache);
	} finally {
		job.end();
	}
	const built = findControlPlane();
	if (built === undefined) throw new ControlPlaneError(`the build has ended, but ${cache} has no control plane`);
	return built;
}

/** @returns {string} */
function cacheDirectory() {
	const base = process.env.XDG_CACHE_HOME;
	// Relative paths are ignored. Source: XDG Base Directory Specification.
	return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'configmapfs/control-plane');
}

/**
 * @param {readonly string[]} folders
 * @returns {ControlPlanePrograms | undefined}
 */
function fromDirectories(folders) {
	const kubeApiServer = firstProgram(folders, 'kube-apiserver');
	const etcd = firstProgram(folders, 'etcd');
	if (kubeApiServer === undefined || etcd === undefined) return undefined;
	const directory = dirname(kubeApiServer);
	const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
	const around = [directory, dirname(etcd), join(cacheDirectory(), VERSION)];
	return {
		directory,
		kubeApiServer,
		etcd,
		...optional('etcdctl', firstProgram([...around, ...path], 'etcdctl')),
		...optional('kubectl', firstProgram([...path, ...around], 'kubectl')),
		...optional('agnhost', firstProgram([...around, ...path], 'agnhost')),
	};
}

/**
 * @param {string} name
 * @param {string | undefined} path
 * @returns {Record<string, string>}
 */
function optional(name, path) {
	return path === undefined ? {} : { [name]: path };
}

/**
 * @param {readonly string[]} folders
 * @param {string} name
 */
function firstProgram(folders, name) {
	return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** @param {string} path */
function isProgram(path) {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** One build: its lock, its running command and its clock. A signal stops the running command; `end` releases the lock. */
class Job {
	#started = Date.now();
	#lock = '';
	#stoppedBy = '';
	/** @type {number | undefined} */
	#group;
	/** @type {[NodeJS.Signals, () => void][]} */
	#handlers = [];

	constructor() {
		for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
			const handler = () => {
				this.#stoppedBy = signal;
				if (this.#group !== undefined) killGroup(this.#group);
			};
			this.#handlers.push([signal, handler]);
			process.on(signal, handler);
		}
	}

	/** @param {string} text */
	report(text) {
		const seconds = Math.round((Date.now() - this.#started) / 1000);
		note(`${text} (${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')})`);
	}

	/** Takes the lock. Waits while another run holds it; removes the lock of a dead run. @param {string} path */
	async lock(path) {
		const own = `${path}.${process.pid}`;
		writeFileSync(own, `${process.pid} ${startTime(process.pid)}`);
		let announced = false;
		try {
			for (;;) {
				this.#check();
				try {
					linkSync(own, path);
					this.#lock = path;
					return;
				} catch (error) {
					if (!isCode(error, 'EEXIST')) throw error;
				}
				const holder = readOrEmpty(path);
				if (holder !== '' && !isAlive(holder)) removeStale(path, own, holder);
				else {
					if (!announced) this.report(`waiting for process ${holder.split(' ')[0]}, which is building the API server`);
					announced = true;
					await sleep(LOCK_POLL_MS);
				}
			}
		} finally {
			rmSync(own, { force: true });
		}
	}

	/**
	 * Runs a command to its end. Reports `text` at the start, then periodically with the number of lines on stderr.
	 *
	 * @param {string} text
	 * @param {readonly string[]} command
	 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, unit?: string }} [options]
	 * @returns {Promise<string>} Its standard output. Errors: ControlPlaneError with the last lines of its output.
	 */
	async run(text, command, { cwd, env, unit } = {}) {
		this.#check();
		if (text !== '') this.report(text);
		const [file = '', ...args] = command;
		// In its own process group, so that one signal also ends the compilers that it starts.
		const child = spawn(file, args, {
			stdio: ['ignore', 'pipe', 'pipe'],
			env: { ...process.env, ...env },
			detached: true,
			...(cwd === undefined ? {} : { cwd }),
		});
		this.#group = child.pid;
		let out = '';
		let all = '';
		let lines = 0;
		child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
			out += chunk;
			all = (all + chunk).slice(-64 * 1024);
		});
		child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
			lines += chunk.split('\n').length - 1;
			all = (all + chunk).slice(-64 * 1024);
		});
		const reports = setInterval(() => {
			this.report(unit === undefined ? `${text}: still running` : `${text}: ${lines} ${unit} so far`);
		}, REPORT_MS);
		const status = await new Promise((done) => {
			child.on('error', (error) => {
				all += error.message;
				done(1);
			});
			child.on('close', (code, signal) => done(code ?? signal));
		});
		clearInterval(reports);
		this.#group = undefined;
		this.#check();
		if (status === 0) return out;
		const end = all.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
		throw new ControlPlaneError(
			`${text || file} failed (${[file, ...args].join(' ').slice(0, 200)}: ${status}):\n${end}`,
		);
	}

	#check() {
		if (this.#stoppedBy === '') return;
		throw new ControlPlaneError(
			`stopped by ${this.#stoppedBy}; to continue the build, run: node scripts/control-plane/ensure.mjs`,
		);
	}

	end() {
		for (const [signal, handler] of this.#handlers) process.off(signal, handler);
		if (this.#lock !== '') rmSync(this.#lock, { force: true });
	}
}

/** @param {number} group */
function killGroup(group) {
	try {
		process.kill(-group, 'SIGTERM');
	} catch {
		// The group has ended.
	}
}

/**
 * Start time of a process, which distinguishes two processes with the same id. Unit: clock ticks since boot.
 *
 * @param {number} pid
 */
function startTime(pid) {
	const stat = readOrEmpty(`/proc/${pid}/stat`);
	return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** @param {string} holder */
function isAlive(holder) {
	const [pid = '', started = ''] = holder.split(' ');
	return started !== '' && startTime(Number(pid)) === started;
}

/**
 * Removes a stale lock. Two runs may see the same stale lock: rename lets only one of them remove it, and a lock that
 * another run has taken since is put back.
 *
 * @param {string} path
 * @param {string} own
 * @param {string} holder
 */
function removeStale(path, own, holder) {
	const aside = `${own}.stale`;
	try {
		renameSync(path, aside);
		if (readOrEmpty(aside) !== holder) linkSync(aside, path);
	} catch (error) {
		if (!isCode(error, 'ENOENT') && !isCode(error, 'EEXIST')) throw error;
	} finally {
		rmSync(aside, { force: true });
	}
}

/**
 * @param {Job} job
 * @param {string} cache
 */
async function build(job, cache) {
	const work = join(cache, `build-${VERSION}`);
	const fresh = !existsSync(work);
	const out = join(work, 'out');
	mkdirSync(out, { recursive: true });
	if (fresh) {
		const { bavail, bsize } = statfsSync(work);
		if (bavail * bsize < SPACE_NEEDED) {
			rmSync(work, { recursive: true, force: true });
			const free = Math.floor((bavail * bsize) / 1024 ** 2);
			throw new ControlPlaneError(
				`building the API server needs ${SPACE_NEEDED / 1024 ** 2} MiB in ${cache}, ${free} MiB are free; ` +
					`free some space, or set XDG_CACHE_HOME to another directory, or ${USE_OWN_PROGRAMS}`,
			);
		}
	}
	job.report(`building kube-apiserver ${VERSION} from Debian's source package; later runs find it in ${cache}`);
	const debian = new Debian(job, join(work, 'debian'));
	await once(work, 'programs', async () => {
		const root = await debian.extract("downloading Debian's etcd, etcdctl and kubectl", PROGRAM_PACKAGES, 'programs');
		for (const name of ['etcd', 'etcdctl', 'kubectl']) {
			copyFileSync(join(root, 'usr/bin', name), join(out, name));
			chmodSync(join(out, name), 0o755);
		}
		await job.run('', [join(out, 'etcd'), '--version'], { env: unsupportedArch() });
	});
	const go = (await fittingGo(job)) ?? (await debianGo(job, work, debian));
	const tree = join(work, 'go/src/k8s.io/kubernetes');
	await once(work, 'source', async () => {
		const archive = await debian.source("downloading Debian's source package of Kubernetes", 'kubernetes');
		rmSync(tree, { recursive: true, force: true });
		mkdirSync(tree, { recursive: true });
		await job.run('unpacking the source package', ['tar', '-xzf', archive, '-C', tree, '--strip-components=1']);
	});
	await compile(job, { go, tree, work, out });
	// The rename ensures that a directory with the final name is complete.
	rmSync(join(cache, VERSION), { recursive: true, force: true });
	renameSync(out, join(cache, VERSION));
	rmSync(work, { recursive: true, force: true });
	job.report(`kube-apiserver ${VERSION} is ready in ${join(cache, VERSION)}`);
}

/**
 * Runs a part of the build, unless an interrupted run has completed it.
 *
 * @param {string} work
 * @param {string} name
 * @param {() => Promise<void>} part
 */
async function once(work, name, part) {
	const mark = join(work, `${name}.done`);
	if (existsSync(mark)) return;
	await part();
	writeFileSync(mark, '');
}

/**
 * @param {Job} job
 * @param {{ go: Go, tree: string, work: string, out: string }} paths
 */
async function compile(job, { go, tree, work, out }) {
	const env = {
		...go.env,
		// Newer compilers reject this tree's go.mod; with GOPATH and vendor/ they do not read it.
		GOPATH: join(work, 'go'),
		GO111MODULE: 'off',
		GOFLAGS: '-p=2',
		GOCACHE: join(work, 'go-cache'),
		GOTMPDIR: join(work, 'tmp'),
		CGO_ENABLED: '0',
		// Go takes the location of the tree from PWD.
		PWD: tree,
	};
	/** @param {readonly string[]} args */
	const goBuild = (...args) => ['nice', '-n', '19', go.file, 'build', '-v', ...args];
	const options = { cwd: tree, env, unit: 'packages compiled' };

	mkdirSync(env.GOTMPDIR, { recursive: true });

	// The source package lacks this one generated file.
	const target = 'pkg/generated/openapi';
	await once(work, 'openapi', async () => {
		const generator = join(work, 'openapi-gen');
		const source = './vendor/k8s.io/kube-openapi/cmd/openapi-gen';
		await job.run('compiling the OpenAPI generator', goBuild('-o', generator, source), options);
		const packages = openapiPackages(tree).map((path) => `k8s.io/kubernetes/${path}`);
		const header = 'vendor/k8s.io/code-generator/hack/boilerplate.go.txt';
		const flags = ['-h', header, '-p', `k8s.io/kubernetes/${target}`, '-O', 'zz_generated.openapi'];
		const command = [generator, ...flags, '-i', packages.join(','), '-r', join(work, 'violations')];
		await job.run('generating the OpenAPI definitions', ['nice', '-n', '19', ...command], { cwd: tree, env });
		if (!existsSync(join(tree, target, 'zz_generated.openapi.go'))) {
			throw new ControlPlaneError(`openapi-gen wrote no file to ${join(tree, target)}; ${USE_OWN_PROGRAMS}`);
		}
	});

	const [major, minor] = VERSION.split('.');
	const variables = { gitVersion: `v${VERSION}`, gitMajor: major, gitMinor: minor };
	const stamps = Object.entries(variables).map(([name, value]) => `-X ${VERSION_PACKAGE}.${name}=${value}`);
	const linker = ['-ldflags', ['-s', '-w', ...stamps].join(' ')];
	await once(work, 'kube-apiserver', async () => {
		const args = [...linker, '-o', join(out, 'kube-apiserver'), './cmd/kube-apiserver'];
		await job.run('compiling kube-apiserver', goBuild(...args), options);
		const version = await job.run('', [join(out, 'kube-apiserver'), '--version']);
		if (!version.includes(VERSION)) {
			throw new ControlPlaneError(`the new kube-apiserver is ${version.trim()}, not ${VERSION}`);
		}
	});
	await once(work, 'agnhost', async () => {
		const args = [...linker, '-o', join(out, 'agnhost'), './test/images/agnhost'];
		await job.run('compiling agnhost', goBuild(...args), options);
		await job.run('', [join(out, 'agnhost'), '--help']);
	});
}

/**
 * The packages whose types belong in the OpenAPI definitions: as in upstream's makefile, those with a marker comment.
 *
 * @param {string} tree
 */
function openapiPackages(tree) {
	/** @type {Set<string>} */
	const found = new Set();
	/** @param {string} folder */
	const walk = (folder) => {
		for (const entry of readdirSync(folder, { withFileTypes: true })) {
			const path = join(folder, entry.name);
			if (entry.isDirectory()) walk(path);
			else if (entry.isFile() && entry.name.endsWith('.go') && readFileSync(path).includes('+k8s:openapi-gen=')) {
				found.add(relative(tree, folder).replace(/^staging\/src\//, 'vendor/'));
			}
		}
	};
	for (const folder of ['cmd', 'pkg', 'plugin', 'staging/src/k8s.io']) walk(join(tree, folder));
	return [...found].filter((path) => !/\/(?:code-generator|sample-apiserver)\//.test(`${path}/`)).sort();
}

/** etcd refuses to start on architectures that its authors do not test, unless this variable names the architecture. */
function unsupportedArch() {
	return process.arch === 'x64' ? {} : { ETCD_UNSUPPORTED_ARCH: process.arch };
}

/** @typedef {{ file: string, env: NodeJS.ProcessEnv }} Go */

/**
 * The Go compiler on PATH; undefined if it is absent or cannot build this version of Kubernetes.
 *
 * @param {Job} job
 * @returns {Promise<Go | undefined>}
 */
async function fittingGo(job) {
	const file = firstProgram((process.env.PATH ?? '').split(delimiter), 'go');
	if (file === undefined) return undefined;
	const env = { GOTOOLCHAIN: 'local', GO111MODULE: 'off', GOFLAGS: '' };
	const version = await job.run('', [file, 'version'], { env }).catch(() => '');
	const minor = Number(/\bgo1\.(\d+)/.exec(version)?.[1] ?? 0);
	const [oldest = 0, newest = 0] = GO_RANGE;
	return minor >= oldest && minor <= newest ? { file, env: { GOTOOLCHAIN: 'local' } } : undefined;
}

/**
 * Debian's Go compiler, unpacked but not installed.
 *
 * @param {Job} job
 * @param {string} work
 * @param {Debian} debian
 * @returns {Promise<Go>}
 */
async function debianGo(job, work, debian) {
	const root = join(work, 'debian/compiler', GO_ROOT);
	await once(work, 'compiler', async () => {
		await debian.extract("downloading Debian's Go compiler", GO_PACKAGES, 'compiler');
	});
	const go = { file: join(root, 'bin/go'), env: { GOROOT: root } };
	await job.run('', [go.file, 'version'], { env: go.env });
	return go;
}

/** Downloads Debian 12's packages with a separate apt state: the system's lists and packages stay unchanged. */
class Debian {
	#job;
	#folder;
	/** @type {string[] | undefined} */
	#apt;

	/**
	 * @param {Job} job
	 * @param {string} folder
	 */
	constructor(job, folder) {
		this.#job = job;
		this.#folder = folder;
	}

	/**
	 * @param {string} text
	 * @param {readonly string[]} names
	 * @param {string} into
	 * @returns {Promise<string>} The directory with the unpacked files.
	 */
	async extract(text, names, into) {
		const apt = await this.#ready();
		const folder = this.#emptyFolder(`${into}.deb`);
		await this.#job.run(text, [...apt, 'download', ...names], { cwd: folder });
		const root = this.#emptyFolder(into);
		for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
			await this.#job.run('', ['dpkg-deb', '-x', join(folder, name), root]);
		}
		return root;
	}

	/**
	 * @param {string} text
	 * @param {string} name
	 * @returns {Promise<string>} The path of the upstream archive.
	 */
	async source(text, name) {
		const apt = await this.#ready();
		const folder = this.#emptyFolder('source');
		await this.#job.run(text, [...apt, 'source', '--download-only', name], { cwd: folder });
		const archive = readdirSync(folder).find((file) => /\.orig\.tar\.gz$/.test(file));
		if (archive === undefined || !archive.includes(VERSION)) {
			throw new ControlPlaneError(
				archive === undefined
					? `Debian's source package ${name} has no upstream archive; ${USE_OWN_PROGRAMS}`
					: `Debian's source package ${name} contains ${archive}, not ${VERSION}; ${USE_OWN_PROGRAMS}`,
			);
		}
		return join(folder, archive);
	}

	/** @param {string} name */
	#emptyFolder(name) {
		const folder = join(this.#folder, name);
		rmSync(folder, { recursive: true, force: true });
		mkdirSync(folder, { recursive: true });
		return folder;
	}

	/** The apt-get command with its options. The first call downloads the package lists. */
	async #ready() {
		if (this.#apt !== undefined) return this.#apt;
		if (!existsSync('/usr/bin/apt-get')) {
			throw new ControlPlaneError(
				`building the API server needs apt-get, which is not installed; install it, or ${USE_OWN_PROGRAMS}`,
			);
		}
		/** @type {string[]} */
		const problems = [];
		for (const mirror of await this.#mirrors()) {
			const apt = this.#prepare(mirror);
			try {
				await this.#job.run(`downloading the package lists of Debian ${SUITE}`, [...apt, 'update']);
				this.#apt = apt;
				return apt;
			} catch (error) {
				if (!(error instanceof ControlPlaneError)) throw error;
				problems.push(error.message);
			}
		}
		throw new ControlPlaneError(
			`${problems.join('\n') || "apt's sources name no mirror of Debian"}\n` +
				`cannot download the packages of Debian ${SUITE}; add a reachable mirror of Debian to apt's sources and run ` +
				`node scripts/control-plane/ensure.mjs again, or ${USE_OWN_PROGRAMS}`,
		);
	}

	/** @param {string} mirror */
	#prepare(mirror) {
		const lists = this.#emptyFolder('lists');
		const archives = this.#emptyFolder('cache');
		mkdirSync(join(lists, 'partial'));
		mkdirSync(join(archives, 'archives/partial'), { recursive: true });
		const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
		const options = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
		const list = join(this.#folder, 'sources.list');
		writeFileSync(list, ['deb', 'deb-src'].map((type) => `${type} ${options}${mirror} ${SUITE} main\n`).join(''));
		const settings = [
			`Dir::Etc::sourcelist=${list}`,
			'Dir::Etc::sourceparts=/dev/null',
			'Dir::Etc::preferences=/dev/null',
			'Dir::Etc::preferencesparts=/dev/null',
			`Dir::State::Lists=${lists}`,
			`Dir::Cache=${archives}`,
			'Acquire::Languages=none',
			'Acquire::Retries=3',
			// Makes a list that the mirror lacks an error; by default, update only warns.
			'APT::Update::Error-Mode=any',
			...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
		];
		return ['apt-get', '-qq', ...settings.flatMap((setting) => ['-o', setting])];
	}

	/** The Debian mirrors in this machine's apt sources, those with the wanted release first. */
	async #mirrors() {
		const format = ['--no-release-info', '--format', '$(REPO_URI) $(RELEASE)', 'Component: main'];
		const rows = await this.#job.run('', ['apt-get', 'indextargets', ...format]).catch(() => '');
		const plain = rows
			.split('\n')
			.map((row) => row.split(' '))
			.filter(([uri = '', release = '']) => /debian/.test(uri) && /^[a-z]+$/.test(release));
		const rank = (/** @type {string | undefined} */ release) => (release === SUITE ? 0 : 1);
		plain.sort(([, one], [, other]) => rank(one) - rank(other));
		return [...new Set(plain.map(([uri = '']) => uri))];
	}
}

/** @param {string} path */
function readOrEmpty(path) {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isCode(error, code) {
	return error instanceof Error && 'code' in error && error.code === code;
}

/** @param {unknown} error */
function reason(error) {
	return error instanceof Error ? error.message : String(error);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
	try {
		const found = process.argv.includes('--find') ? findControlPlane() : await ensureControlPlane();
		if (found === undefined) {
			throw new ControlPlaneError(
				'kube-apiserver and etcd are not available; to build them, run: node scripts/control-plane/ensure.mjs',
			);
		}
		process.stdout.write(`${process.argv.includes('--json') ? JSON.stringify(found) : found.directory}\n`);
	} catch (error) {
		if (!(error instanceof ControlPlaneError)) throw error;
		fail(error.message);
		process.exitCode = 1;
	}
}
