// @ts-check
/*
 * What is measured beside each other: the same volumes on tmpfs, through each driver, and through other FUSE programs.
 *
 * Imported by bench. A target that cannot be had here is a reason instead, which goes into the results.
 */

import { spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('./host.mjs', import.meta.url));
const SFTP_SERVERS = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server', '/usr/lib/ssh/sftp-server'];
/** The unprivileged user whose rights are tried when everything else runs as root: nobody. */
const SOMEBODY = 65534;
/** A host that takes longer to unmount is ended. Unit: milliseconds. */
const LAST_CHANCE_MS = 5000;

/** @typedef {Record<string, Record<string, number>>} Volumes Sizes of keys by volume. Unit: bytes. */

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} folder Holds the volumes.
 * @property {import('./loop.mjs').Wrap} wrap Runs a command where and as who can read the folder.
 * @property {Host | undefined} host Who changes it; undefined: it follows tmpfs.
 * @property {boolean} counts Whether requests to user space are counted.
 * @property {() => Promise<void>} close
 */

/** @typedef {{ name: string, reason: string }} Missing */

/** A host process and its answers. */
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
		let complaint = '';
		this.#child.stderr?.on('data', (chunk) => {
			complaint += chunk;
		});
		this.#child.on('message', (/** @type {any} */ answer) => {
			this.#waiting.get(answer.id)?.(answer);
			this.#waiting.delete(answer.id);
		});
		this.#ended = new Promise((resolve) => {
			const end = (/** @type {unknown} */ detail) => {
				const said = complaint.split('\n').find((line) => /error/i.test(line)) ?? complaint.split('\n')[0];
				const error = said || `the host process ended (${detail})`;
				for (const answer of this.#waiting.values()) answer({ error });
				this.#waiting.clear();
				resolve(undefined);
			};
			this.#child.on('error', end);
			// Not 'close': its server may keep the pipe for a moment.
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
	async ask(command, args) {
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
		const byName = await this.ask('upcalls');
		return { total: Object.values(byName).reduce((sum, count) => sum + count, 0), byName };
	}

	/** Unmounts and ends. */
	async close() {
		if (this.#child.connected) this.#child.disconnect();
		const timer = setTimeout(() => this.#child.kill('SIGKILL'), LAST_CHANCE_MS);
		await this.#ended;
		clearTimeout(timer);
	}
}

/** @type {import('./loop.mjs').Wrap} */
const asIs = (command) => command;

/**
 * Every target that can be had, tmpfs first, and the reasons for the others.
 *
 * @param {object} options
 * @param {string} options.dist
 * @param {string} options.scratch On tmpfs.
 * @param {Volumes} options.volumes
 * @param {(target: { close: () => Promise<void> }) => void} options.opened Told at once, so that nothing stays mounted.
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
	if (targets[0]?.name !== 'tmpfs') throw new Error(`nothing to compare with: ${missing[0]?.reason}`);
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
	const { children } = await host.ask('start', { choice, mountPoint: folder, volumes: options.volumes });
	if (choice === 'fuse-native' && !children.some((/** @type {{ fuseNative: boolean }} */ one) => one.fuseNative)) {
		await close();
		throw new Error('this build answers with the kernel driver where fuse-native is asked for');
	}
	const wrap = how === undefined ? asIs : how.wrapOf(host.pid);
	return { name, folder, wrap, host, counts: choice !== 'directory', close };
}

/**
 * The kernel driver through fusermount3. In a mount namespace of its own where /dev/fuse is not for everybody, as it is
 * on an ordinary machine: the node there is.
 *
 * @param {Options} options
 */
async function openRootless(options) {
	const folder = join(options.scratch, 'rootless');
	mkdirSync(folder);
	chownSync(folder, SOMEBODY, SOMEBODY);
	const id = String(SOMEBODY);
	const asSomebody = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups'];
	if (spawnSync('setpriv', [...asSomebody.slice(1), 'test', '-r', HOST]).status !== 0) {
		throw new Error('an unprivileged user cannot read this checkout, or there is no setpriv');
	}
	if ((statSync('/dev/fuse').mode & 0o006) === 0o006) {
		return await openHosted(options, 'kernel, rootless', 'kernel', {
			folder,
			command: asSomebody,
			wrapOf: () => (command) => [...asSomebody, ...command],
		});
	}
	const devices = join(options.scratch, 'devices');
	mkdirSync(devices);
	const script =
		'mount -t tmpfs bench "$1" && mknod -m 666 "$1/fuse" c 10 229 && mount --bind "$1/fuse" /dev/fuse && shift && exec "$@"';
	return await openHosted(options, 'kernel, rootless', 'kernel', {
		folder,
		command: ['unshare', '-m', '--', 'sh', '-c', script, 'sh', devices, ...asSomebody],
		wrapOf: (pid) => (command) => ['nsenter', '-m', '-t', String(pid), '--', ...asSomebody, ...command],
	});
}

/** @param {Options} options */
async function openBindfs(options) {
	const folder = join(options.scratch, 'bindfs');
	return await openPeer('bindfs', folder, options, ['bindfs', '-f', join(options.scratch, 'tmpfs'), folder]);
}

/**
 * sshfs without a network and without ssh: it speaks with an sftp server through a pipe.
 *
 * @param {Options} options
 */
async function openSshfs(options) {
	const folder = join(options.scratch, 'sshfs');
	const server = SFTP_SERVERS.find((path) => existsSync(path));
	if (spawnSync('sshfs', ['--version']).error !== undefined) throw new Error('not installed');
	if (server === undefined) throw new Error('installed, but there is no sftp-server for it to speak with');
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
	let complaint = '';
	child.stderr.on('data', (chunk) => {
		complaint += chunk;
	});
	/** @type {Error | undefined} */
	let failure;
	const ended = new Promise((resolve) => {
		child.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
			failure = new Error(error.code === 'ENOENT' ? 'not installed' : error.message);
			resolve(undefined);
		});
		child.on('close', () => {
			failure ??= new Error(complaint.trim().split('\n')[0] || 'it ended');
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
	return { name, folder, wrap: asIs, host: undefined, counts: false, close };
}

/** @param {string} folder */
export function unmount(folder) {
	if (spawnSync('umount', ['-l', folder], { stdio: 'ignore' }).status === 0) return;
	spawnSync('fusermount3', ['-u', '-z', folder], { stdio: 'ignore' });
}

/** Whether a program can be found and started. @param {string} name */
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
