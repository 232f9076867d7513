// @ts-check
/*
 * Mounts one driver with its volumes, in a separate process, so that the measuring process does not also serve the mount.
 * Started by bench with an IPC channel; unmounts and exits when the channel closes.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = process.argv[2] ?? '';
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(dist, path)).href);

let problems = 0;
/** @type {import('../../src/base/log.js').Logger} */
const silent = {
	trace() {},
	debug() {},
	info() {},
	warn: () => void problems++,
	error: () => void problems++,
	child: () => silent,
};
/** @type {any} */
let driver;
/** @type {Map<string, any>} */
const volumes = new Map();
/** Time spent in unlink and rmdir, which remove old generations. Unit: milliseconds. */
let removalMs = 0;
let removals = 0;

/** @type {Record<string, (args: any) => unknown>} */
const COMMANDS = {
	/** @param {{ choice: 'kernel' | 'fuse-native' | 'directory', mountPoint: string, volumes: Record<string, Record<string, number>> }} args */
	async start(args) {
		/** @type {typeof import('../../src/mount/driver-choice.js')} */
		const { makeDriver } = await load('mount/driver-choice.js');
		/** @type {typeof import('../../src/mount/volume-session.js')} */
		const { VolumeSession } = await load('mount/volume-session.js');
		const caller = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: process.getgroups?.() ?? [] };
		driver = makeDriver({
			choice: args.choice,
			mountPoint: args.mountPoint,
			allowOther: false,
			owner: {},
			rootMode: 0o755,
			caller,
			runtime: { uid: caller.uid, xdgRuntimeDirectory: undefined, temporary: tmpdir() },
			now: () => new Date(),
			trace: false,
		});
		timeRemovals(driver.tree);
		for (const [name, keys] of Object.entries(args.volumes)) {
			const retention = { snapshotGraceMs: 0, history: 1 };
			const session = new VolumeSession({
				subject: { configMap: `default/${name}` },
				path: name,
				driver,
				retention,
				now: () => new Date(),
				log: silent,
				onEvent: () => {},
				isVisible: () => false,
			});
			volumes.set(name, { session, keys, generation: 0 });
			write(name);
		}
		await driver.mount();
		return { children: inspectChildren() };
	},

	/** @param {{ volume: string }} args */
	flip({ volume }) {
		const from = process.hrtime.bigint();
		write(volume);
		return { us: Number(process.hrtime.bigint() - from) / 1000 };
	},

	/**
	 * Flips the volumes one after the other at `rate` per second; 0: as fast as possible.
	 *
	 * @param {{ names: string[], seconds: number, rate: number }} args
	 */
	async flips({ names, seconds, rate }) {
		const from = performance.now();
		[removalMs, removals, problems] = [0, 0, 0];
		let [count, latest, busyMs] = [0, 0, 0];
		for (;;) {
			const now = performance.now();
			if (now - from >= seconds * 1000) break;
			const due = rate === 0 ? count + 8 : Math.floor(((now - from) / 1000) * rate);
			for (let flipped = 0; count < due && flipped < 8; flipped++, count++) write(names[count % names.length] ?? '');
			busyMs += performance.now() - now;
			latest = Math.max(latest, due - count);
			if (rate === 0 || count < due) await new Promise((resolve) => setImmediate(resolve));
			else await new Promise((resolve) => setTimeout(resolve, 1));
		}
		const wallMs = performance.now() - from;
		const removalUs = removals === 0 ? 0 : (removalMs * 1000) / (removals / 6);
		return { count, perSecond: (count / wallMs) * 1000, flipUs: (busyMs * 1000) / count, removalUs, latest, problems };
	},

	async upcalls() {
		return await driver.upcalls();
	},

	async stop() {
		await stop();
	},
};

/**
 * Measures the removal of old generations.
 *
 * @param {any} tree
 */
function timeRemovals(tree) {
	for (const name of ['unlink', 'rmdir']) {
		const original = tree[name].bind(tree);
		tree[name] = (/** @type {unknown[]} */ ...args) => {
			const from = performance.now();
			original(...args);
			removalMs += performance.now() - from;
			removals++;
		};
	}
}

/**
 * Writes the next generation: the bytes of every key repeat the name and the number of the generation.
 *
 * @param {string} name
 */
function write(name) {
	const volume = volumes.get(name);
	volume.generation++;
	const line = `${name} ${String(volume.generation).padStart(12, '0')}\n`;
	/** @type {[string, { bytes: Buffer, mode: number }][]} */
	const files = Object.entries(volume.keys).map(([key, size]) => {
		return [key, { bytes: Buffer.alloc(Number(size), line), mode: 0o644 }];
	});
	volume.session.write(new Map(files));
}

/** Whether each child process has loaded fuse-native, which shows the driver that really serves the mount. */
function inspectChildren() {
	return readdirSync('/proc')
		.filter((pid) => /^\d+$/.test(pid))
		.flatMap((pid) => {
			try {
				const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
				if (Number(parent) !== process.pid) return [];
				return [
					{ pid: Number(pid), fuseNative: /fuse-native|libfuse/.test(readFileSync(`/proc/${pid}/maps`, 'utf8')) },
				];
			} catch {
				return [];
			}
		});
}

async function stop() {
	for (const { session } of volumes.values()) session.close();
	await driver?.unmount();
}

process.on('message', async (/** @type {{ id: number, command: string, args: unknown }} */ message) => {
	const { id, command, args } = message;
	try {
		const result = await COMMANDS[command]?.(args);
		process.send?.({ id, result });
	} catch (error) {
		process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
	}
});
process.on('disconnect', async () => {
	await stop();
	process.exit(0);
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});
