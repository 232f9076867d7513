// @ts-check
/*
 * The targets of a comparison: the same volumes on tmpfs, through each driver, and through other FUSE programs.
 *
 * Imported by bench. The results name each target that is unavailable on this machine, with the reason.
 */

import { spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('./host.mjs', import.meta.url));
const SFTP_SERVERS = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server', '/usr/lib/ssh/sftp-server'];
/** Uid and gid of the unprivileged user of the rootless target: nobody. */
const UNPRIVILEGED = 65534;
/** A host that takes longer to unmount is killed. Unit: milliseconds. */
const UNMOUNT_MS = 5000;

/** @typedef {Record<string, Record<string, number>>} Volumes Sizes of keys by volume. Unit: bytes. */

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} folder The directory of the volumes.
 * @property {import('./loop.mjs').Wrap} wrap Makes a command run in a namespace and as a user that can read the folder.
 * @property {Host | undefined} host The process that changes the volumes; undefined: the target shows the tmpfs tree.
 * @property {boolean} counts Whether requests to user space are counted.
 * @property {() => Promise<void>} close
 */

/** @typedef {{ name: string, reason: string }} Missing */

/** A host process, and the requests that wait for its answers. */
export class Host {
	#child;
	#id = 0;
	/** @type {Map<number, (answer: { result?: any, error?: string }) => void>} */
	#waiting = new Map();
	#ended;

	/** @param {readonly string[]} command */
	constructor(command) {
		const [file = '', ...args] = command;
		this.#child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
		let stderr = '';
		this.#child.stderr?.on('data', (chunk) => {
			stderr += chunk;
		});
		this.#child.on('message', (/** @type {any} */ answer) => {
			this.#waiting.get(answer.id)?.(answer);
			this.#waiting.delete(answer.id);
		});
		this.#ended = new Promise((resolve) => {
			const end = (/** @type {unknown} */ detail) => {
				const lines = stderr.split('\n');
				const error = (lines.find((line) => /error/i.test(line)) ?? lines[0]) || `the host process ended (${detail})`;
				for (const answer of this.#waiting.values()) answer({ error });
				this.#waiting.clear();
				resolve(undefined);
			};
			this.#child.on('error', end);
			// Not 'close': the server of the host may hold the pipe open a little longer.
			this.#child.on('exit', end);
		});
	}

	get pid() {
		return this.#child.pid ?? 0;
	}

	/**
	 * @param {string} command
	 * @param {unknown} [args]
	 * @returns {Promise<any>}
	 */
	async request(command, args) {
		const id = ++this.#id;
		const answer = await new Promise((resolve) => {
			this.#waiting.set(id, resolve);
			this.#child.send({ id, command, args }, (error) => {
				if (error !== null) resolve({ error: error.message });
			});
		});
		if (answer.error !== undefined) throw new Error(answer.error);
		return answer.result;
	}

	/** Requests that reached user space. */
	async upcalls() {
		/** @type {Record<string, number>} */
		const byName = await this.request('upcalls');
		return { total: Object.values(byName).reduce((sum, count) => sum + count, 0), byName };
	}

	/** Unmounts and ends the process. */
	async close() {
		if (this.#child.connected) this.#child.disconnect();
		const timer = setTimeout(() => this.#child.kill('SIGKILL'), UNMOUNT_MS);
		await this.#ended;
		clearTimeout(timer);
	}
}

/** @type {import('./loop.mjs').Wrap} */
const unchanged = (command) => command;

/**
 * Opens every available target, tmpfs first, and returns the reasons for the missing ones.
 *
 * @param {object} options
 * @param {string} options.dist
 * @param {string} options.scratch On tmpfs.
 * @param {Volumes} options.volumes
 * @param {(target: { close: () => Promise<void> }) => void} options.opened Called before the mount, so that the caller
 *   can close it after any error.
 * @returns {Promise<{ targets: Target[], missing: Missing[] }>}
 */
export async function openTargets(options) {
	const isRoot = process.getuid?.() === 0;
	/** @type {Target[]} */
	const targets = [];
	/** @type {Missing[]} */
	const missing = [];
	/** @type {[string, () => Promise<Target>][]} */
	const makers = [
		['tmpfs', () => openHosted(options, 'tmpfs', 'directory')],
		['kernel', () => openHosted(options, 'kernel', 'kernel')],
		['fuse-native', () => openHosted(options, 'fuse-native', 'fuse-native')],
		['bindfs', () => openBindfs(options)],
		['sshfs', () => openSshfs(options)],
	];
	if (isRoot) makers.splice(2, 0, ['kernel, rootless', () => openRootless(options)]);
	for (const [name, make] of makers) {
		try {
			targets.push(await make());
		} catch (error) {
			missing.push({ name, reason: error instanceof Error ? error.message : String(error) });
		}
	}
	if (targets[0]?.name !== 'tmpfs')
		throw new Error(`the tmpfs target, the base of comparison, failed: ${missing[0]?.reason}`);
	return { targets, missing };
}

/** @typedef {Parameters<typeof openTargets>[0]} Options */

/**
 * @param {Options} options
 * @param {string} name
 * @param {string} choice
 * @param {{ folder: string, command: readonly string[], wrapOf: (pid: number) => import('./loop.mjs').Wrap }} [how]
 * @returns {Promise<Target>}
 */
async function openHosted(options, name, choice, how) {
	const folder = how?.folder ?? join(options.scratch, name);
	mkdirSync(folder, { recursive: true });
	const host = new Host([...(how?.command ?? []), process.execPath, '--no-warnings', HOST, options.dist]);
	const close = () => host.close();
	options.opened({ close });
	const { children } = await host.request('start', { choice, mountPoint: folder, volumes: options.volumes });
	if (choice === 'fuse-native' && !children.some((/** @type {{ fuseNative: boolean }} */ child) => child.fuseNative)) {
		await close();
		throw new Error('this build used the kernel driver instead of fuse-native');
	}
	const wrap = how === undefined ? unchanged : how.wrapOf(host.pid);
	return { name, folder, wrap, host, counts: choice !== 'directory', close };
}

/**
 * The kernel driver through fusermount3, as an unprivileged user. If that user cannot open /dev/fuse, which ordinary
 * machines allow, the target runs in a new mount namespace with a /dev/fuse of mode 0666.
 *
 * @param {Options} options
 */
async function openRootless(options) {
	const folder = join(options.scratch, 'rootless');
	mkdirSync(folder);
	chownSync(folder, UNPRIVILEGED, UNPRIVILEGED);
	const id = String(UNPRIVILEGED);
	const asUser = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups'];
	if (spawnSync('setpriv', [...asUser.slice(1), 'test', '-r', HOST]).status !== 0) {
		throw new Error('an unprivileged user cannot read this checkout, or setpriv is not installed');
	}
	if ((statSync('/dev/fuse').mode & 0o006) === 0o006) {
		return await openHosted(options, 'kernel, rootless', 'kernel', {
			folder,
			command: asUser,
			wrapOf: () => (command) => [...asUser, ...command],
		});
	}
	const devices = join(options.scratch, 'devices');
	mkdirSync(devices);
	const script =
		'mount -t tmpfs bench "$1" && mknod -m 666 "$1/fuse" c 10 229 && mount --bind "$1/fuse" /dev/fuse && shift && exec "$@"';
	return await openHosted(options, 'kernel, rootless', 'kernel', {
		folder,
		command: ['unshare', '-m', '--', 'sh', '-c', script, 'sh', devices, ...asUser],
		wrapOf: (pid) => (command) => ['nsenter', '-m', '-t', String(pid), '--', ...asUser, ...command],
	});
}

/** @param {Options} options */
async function openBindfs(options) {
	const folder = join(options.scratch, 'bindfs');
	return await openPeer('bindfs', folder, options, ['bindfs', '-f', join(options.scratch, 'tmpfs'), folder]);
}

/**
 * sshfs without network or ssh: it is connected to an sftp server by a pipe.
 *
 * @param {Options} options
 */
async function openSshfs(options) {
	const folder = join(options.scratch, 'sshfs');
	const server = SFTP_SERVERS.find((path) => existsSync(path));
	if (spawnSync('sshfs', ['--version']).error !== undefined) throw new Error('not installed');
	if (server === undefined) throw new Error('sftp-server, which sshfs connects to, is not installed');
	const pipe = join(options.scratch, 'sftp-by-pipe');
	writeFileSync(pipe, `#!/bin/sh\nexec ${server}\n`);
	chmodSync(pipe, 0o755);
	const source = `here:${join(options.scratch, 'tmpfs')}`;
	return await openPeer('sshfs', folder, options, ['sshfs', '-f', '-o', `ssh_command=${pipe}`, source, folder]);
}

/**
 * Another FUSE program over the tmpfs tree.
 *
 * @param {string} name
 * @param {string} folder
 * @param {Pick<Options, 'opened'>} options
 * @param {readonly string[]} command
 * @returns {Promise<Target>}
 */
export async function openPeer(name, folder, options, command) {
	mkdirSync(folder, { recursive: true });
	const before = statSync(folder).dev;
	const [file = '', ...args] = command;
	const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
	let stderr = '';
	child.stderr.on('data', (chunk) => {
		stderr += chunk;
	});
	/** @type {Error | undefined} */
	let failure;
	const ended = new Promise((resolve) => {
		child.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
			failure = new Error(error.code === 'ENOENT' ? 'not installed' : error.message);
			resolve(undefined);
		});
		child.on('close', () => {
			failure ??= new Error(stderr.trim().split('\n')[0] || `${name} ended`);
			resolve(undefined);
		});
	});
	let closing = false;
	const close = async () => {
		if (closing) return;
		closing = true;
		if (failure === undefined) unmount(folder);
		await ended;
	};
	options.opened({ close });
	for (let waited = 0; failure === undefined && statSync(folder).dev === before; waited += 5) {
		if (waited > 5000) {
			child.kill();
			throw new Error('no mount after 5 s');
		}
		await sleep(5);
	}
	if (failure !== undefined) throw failure;
	return { name, folder, wrap: unchanged, host: undefined, counts: false, close };
}

/** @param {string} folder */
export function unmount(folder) {
	if (spawnSync('umount', ['-l', folder], { stdio: 'ignore' }).status === 0) return;
	spawnSync('fusermount3', ['-u', '-z', folder], { stdio: 'ignore' });
}

/** Whether PATH contains an executable of this name. @param {string} name */
export function isInstalled(name) {
	return (process.env.PATH ?? '').split(':').some((folder) => {
		try {
			accessSync(join(folder, name), constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
}
