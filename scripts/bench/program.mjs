// @ts-check
/*
 * Measures the complete program through its command line: start-up, saves of a manifest, CPU and memory of a large start,
 * idle, and cold walks. Imported by bench.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { activity, cpuSeconds, family, median, pause, quantile, residentBytes } from './measure.mjs';
import { openPeer } from './targets.mjs';

const KEYS = 5;
const KEY_SIZE = 1024;

/**
 * @typedef {object} Setting
 * @property {string} dist
 * @property {string} scratch
 * @property {(target: { close: () => Promise<void> }) => void} opened
 * @property {(text: string) => void} progress
 */

/**
 * Starts the program and waits for READY=1.
 *
 * @param {Setting} setting
 * @param {string} folder
 * @param {readonly string[]} args
 */
export async function mount(setting, folder, args) {
	mkdirSync(folder, { recursive: true });
	const from = performance.now();
	const main = join(setting.dist, 'main.js');
	const child = spawn(process.execPath, [main, 'mount', folder, ...args, '--log-level=error', '--ready-fd=3'], {
		stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
	});
	const ended = new Promise((resolve) => child.on('close', resolve));
	const close = async () => {
		child.kill('SIGTERM');
		await ended;
	};
	setting.opened({ close });
	const ready = await Promise.race([
		new Promise((resolve) => child.stdio[3]?.once('data', () => resolve(true))),
		ended.then(() => false),
	]);
	if (!ready) throw new Error('the program ended before its mount was ready');
	return { readyMs: performance.now() - from, pid: child.pid ?? 0, folder, close };
}

/**
 * Start-up, alternating with the start of a bare Node. A mount includes two starts of Node: the daemon's, then the
 * server's.
 *
 * @param {Setting} setting @param {number} rounds
 */
export async function startUp(setting, rounds) {
	/** @type {Record<'ready' | 'node' | 'version', number[]>} */
	const samples = { ready: [], node: [], version: [] };
	const args = ['--create', 'app', '--from-literal', 'key=value'];
	/** @param {readonly string[]} command */
	const timed = (command) => {
		const from = performance.now();
		spawnSync(process.execPath, command, { stdio: 'ignore' });
		return performance.now() - from;
	};
	for (let round = 0; round < rounds; round++) {
		const mounted = await mount(setting, join(setting.scratch, 'start'), args);
		samples.ready.push(mounted.readyMs);
		await mounted.close();
		samples.node.push(timed(['-e', '0']));
		samples.version.push(timed([join(setting.dist, 'main.js'), '--version']));
	}
	const [readyMs, nodeMs, versionMs] = [median(samples.ready), median(samples.node), median(samples.version)];
	return { rounds, readyMs, nodeMs, versionMs, oursMs: readyMs - 2 * nodeMs, slowestMs: Math.max(...samples.ready) };
}

/** Latency from the end of a save to the first read of the new bytes. @param {Setting} setting @param {number} saves */
export async function saveLatency(setting, saves) {
	const sources = join(setting.scratch, 'sources');
	mkdirSync(sources, { recursive: true });
	const manifest = join(sources, 'app.yaml');
	/** @param {number} generation */
	const text = (generation) =>
		`apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n  generation: "${generation}"\n  other: |\n    a: 1\n    b: 2\n`;
	writeFileSync(manifest, text(0));
	const mounted = await mount(setting, join(setting.scratch, 'saves'), ['-f', sources]);
	const key = join(mounted.folder, 'app/generation');
	/** @type {Record<'rename' | 'truncate', number[]>} */
	const latencies = { rename: [], truncate: [] };
	try {
		for (let save = 1; save <= saves; save++) {
			const method = save % 2 === 0 ? 'rename' : 'truncate';
			if (method === 'rename') {
				writeFileSync(`${manifest}.new`, text(save));
				renameSync(`${manifest}.new`, manifest);
			} else {
				writeFileSync(manifest, text(save));
			}
			const from = performance.now();
			while (readFileSync(key, 'latin1') !== String(save)) {
				if (performance.now() - from > 10_000) throw new Error(`save ${save} was not readable after 10 s`);
				pause(0.25);
			}
			latencies[method].push(performance.now() - from);
			await sleep(20 + Math.random() * 40);
		}
	} finally {
		await mounted.close();
	}
	/** @param {readonly number[]} all */
	const summary = (all) => ({ p50: quantile(all, 0.5), p99: quantile(all, 0.99), max: Math.max(...all) });
	const all = [...latencies.rename, ...latencies.truncate];
	return { saves, all: summary(all), rename: summary(latencies.rename), truncate: summary(latencies.truncate) };
}

/**
 * Writes one List in JSON, as in the response of an API server.
 *
 * @param {string} path
 * @param {number} count
 */
function writeList(path, count) {
	const items = Array.from({ length: count }, (_, index) => {
		const name = `cm-${String(index).padStart(5, '0')}`;
		const entries = Array.from({ length: KEYS }, (_, key) => [
			`key-${key}`,
			`${name}-${key} `.repeat(100).slice(0, KEY_SIZE),
		]);
		const data = Object.fromEntries(entries);
		return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
	});
	writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** F5: CPU time until the mount is ready, and resident memory. @param {Setting} setting @param {readonly number[]} counts */
export async function scale(setting, counts) {
	const list = join(setting.scratch, 'list.json');
	const rows = [];
	for (const count of counts) {
		setting.progress(`${count} ConfigMaps`);
		writeList(list, count);
		const mounted = await mount(setting, join(setting.scratch, 'scale'), ['-f', list]);
		const [daemon = 0, server = 0] = family(mounted.pid);
		const cpu = { daemon: cpuSeconds(daemon), server: cpuSeconds(server) };
		await sleep(1000);
		const resident = { daemon: residentBytes(daemon), server: residentBytes(server) };
		rows.push({ count, payloadBytes: count * KEYS * KEY_SIZE, readyMs: mounted.readyMs, cpu, resident });
		await mounted.close();
	}
	rmSync(list);
	return rows;
}

/** V8 collects garbage once, about ten seconds after the last work; idle is measured after it. Unit: milliseconds. */
export const SETTLE_MS = 15_000;

/** F6: wake-ups and CPU time of daemon and server while nothing changes. @param {Setting} setting @param {number} seconds */
export async function idle(setting, seconds) {
	const sources = join(setting.scratch, 'idle-sources');
	mkdirSync(sources, { recursive: true });
	writeList(join(sources, 'list.json'), 100);
	const mounted = await mount(setting, join(setting.scratch, 'idle'), ['-f', sources]);
	await sleep(SETTLE_MS);
	const pids = family(mounted.pid);
	const before = pids.map(activity);
	await sleep(seconds * 1000);
	const after = pids.map(activity);
	await mounted.close();
	const [daemon, server] = pids.map((_, index) => {
		const [from, to] = [before[index], after[index]];
		const runNs = (to?.runNs ?? 0) - (from?.runNs ?? 0);
		return { wakeUps: (to?.wakeUps ?? 0) - (from?.wakeUps ?? 0), cpuPercent: runNs / seconds / 1e7 };
	});
	return { seconds, daemon, server };
}

/**
 * F5: the first walk over a fresh mount, alternating with tmpfs and the peers over the same tree.
 *
 * @param {Setting} setting
 * @param {{ count: number, rounds: number, peers: readonly string[] }} options
 */
export async function coldWalks(setting, { count, rounds, peers }) {
	const list = join(setting.scratch, 'walk.json');
	writeList(list, count);
	const plain = join(setting.scratch, 'walk-tmpfs');
	const base = await mount(setting, plain, ['-f', list, '--driver=directory']);
	/** @type {Record<string, { find: number[], grep: number[] }>} */
	const samples = {};
	/** @param {string} name @param {string} folder */
	const walk = (name, folder) => {
		const lane = samples[name] ?? { find: [], grep: [] };
		samples[name] = lane;
		for (const [kind, command] of /** @type {const} */ ([
			['find', ['find', folder]],
			['grep', ['grep', '-rc', 'never-there', folder]],
		])) {
			const from = performance.now();
			const { status, error } = spawnSync(command[0] ?? '', command.slice(1), { stdio: 'ignore' });
			if (error !== undefined || (status ?? 2) > 1) throw new Error(`${command.join(' ')} failed`);
			lane[kind].push(performance.now() - from);
		}
	};
	for (let round = 0; round < rounds; round++) {
		setting.progress(`${count} ConfigMaps, round ${round + 1} of ${rounds}`);
		walk('tmpfs', plain);
		const mounted = await mount(setting, join(setting.scratch, 'walk-kernel'), ['-f', list]);
		walk('kernel', mounted.folder);
		await mounted.close();
		if (peers.includes('bindfs')) {
			const folder = join(setting.scratch, 'walk-bindfs');
			const peer = await openPeer('bindfs', folder, setting, ['bindfs', '-f', plain, folder]);
			walk('bindfs', folder);
			await peer.close();
		}
		if (peers.includes('sshfs')) {
			const folder = join(setting.scratch, 'walk-sshfs');
			const pipe = join(setting.scratch, 'sftp-by-pipe');
			const command = ['sshfs', '-f', '-o', `ssh_command=${pipe}`, `here:${plain}`, folder];
			const peer = await openPeer('sshfs', folder, setting, command);
			walk('sshfs', folder);
			await peer.close();
		}
	}
	await base.close();
	rmSync(list);
	const rows = Object.entries(samples).map(([name, { find, grep }]) => [
		name,
		{ findMs: median(find), grepMs: median(grep) },
	]);
	return { count, rounds, targets: Object.fromEntries(rows) };
}

/** A typical workload: two volumes of a ConfigMap, a subPath, an environment, and a mount point that does not exist yet. */
const WORKLOAD = `apiVersion: v1
kind: ConfigMap
metadata: { name: app }
data: { color: red, app.conf: "a=1" }
---
apiVersion: v1
kind: Pod
metadata: { name: app }
spec:
  containers:
  - name: app
    env: [{ name: COLOR, valueFrom: { configMapKeyRef: { name: app, key: color } } }]
    envFrom: [{ configMapRef: { name: app } }]
    volumeMounts:
    - { name: config, mountPath: /etc/configmapfs-bench/config }
    - { name: all, mountPath: /configmapfs-bench }
    - { name: config, mountPath: /etc/configmapfs-bench.conf, subPath: app.conf }
  volumes:
  - { name: config, configMap: { name: app } }
  - { name: all, projected: { sources: [{ configMap: { name: app } }] } }
`;

/**
 * Time from the start of `run` to the first instruction of its command, alternating with the start of a bare Node. The
 * program itself logs the time from ready volumes to the command (the namespace, the binds, the start of the command).
 *
 * @param {Setting} setting @param {number} rounds
 */
export async function runStart(setting, rounds) {
	/** @type {Record<'node' | 'kernel' | 'directory' | 'afterReady', number[]>} */
	const samples = { node: [], kernel: [], directory: [], afterReady: [] };
	const manifest = join(setting.scratch, 'run.yaml');
	writeFileSync(manifest, WORKLOAD);
	for (let round = 0; round < rounds; round++) {
		const nodeFrom = performance.now();
		spawnSync(process.execPath, ['-e', '0'], { stdio: 'ignore' });
		samples.node.push(performance.now() - nodeFrom);
		for (const driver of /** @type {const} */ (['kernel', 'directory'])) {
			// date prints the time at which the command runs; the unmount after it is not measured.
			const args = ['run', '-f', manifest, '--driver', driver, '--log-level', 'debug', '--log-format', 'json'];
			const from = Date.now();
			const run = spawnSync(process.execPath, [join(setting.dist, 'main.js'), ...args, '--', 'date', '+%s.%N'], {
				encoding: 'utf8',
				stdio: ['ignore', 'pipe', 'pipe'],
			});
			samples[driver].push(Number(run.stdout) * 1000 - from);
			const line = run.stderr.split('\n').find((text) => text.includes('"the application runs"'));
			if (driver === 'kernel' && line !== undefined) samples.afterReady.push(JSON.parse(line).afterReadyMs);
		}
	}
	return {
		rounds,
		nodeMs: median(samples.node),
		kernelMs: median(samples.kernel),
		directoryMs: median(samples.directory),
		afterReadyMs: median(samples.afterReady),
		worstAfterReadyMs: Math.max(...samples.afterReady),
	};
}
