// @ts-check
/*
 * Compares the program with tmpfs and other FUSE programs. The targets alternate within one run, so that a busy machine
 * slows all of them equally. Read times are multiples of tmpfs, with the number of requests that reached user space.
 *
 *     npm run bench                           measures everything; takes about seven minutes
 *     npm run bench -- --quick                runs fewer rounds; takes about two minutes
 *     npm run bench -- --only warm --only idle    measures these parts: warm, after-flip, flips, start, run, saves, scale,
 *                                             idle, walks, cluster (needs kube-apiserver and etcd)
 *     npm run bench -- --loop perl            repeats the operations with C, perl or FFI; default: the first available
 *     npm run bench -- --json FILE            also writes the results as JSON
 *     npm run bench -- --markdown             prints the tables as Markdown
 *     npm run bench -- --write                writes the results and native-notes/benchmarks.md of this checkout
 *     npm run bench -- --from FILE            measures nothing; prints an earlier run's JSON, or writes it with --write
 *
 * Needs no compiler. Uses dist/ or $CONFIGMAPFS_DIST. Measures mount(2) and fusermount3 as root, else only fusermount3.
 * Exits with status 1 if a warm operation reached user space or a measurement failed. A missed bar only marks its row.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cluster } from './bench/cluster.mjs';
import { FLIP_VOLUMES, flips } from './bench/flips.mjs';
import { loopKinds } from './bench/loop.mjs';
import { coldWalks, idle, runStart, saveLatency, scale, startUp } from './bench/program.mjs';
import { judge, render, tables } from './bench/report.mjs';
import { isInstalled, openTargets, unmount } from './bench/targets.mjs';
import { READ_VOLUMES, readsAfterFlip, warmReads, warmUpcalls } from './bench/warm.mjs';
import { fail } from './progress.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = process.env.CONFIGMAPFS_DIST ?? join(ROOT, 'dist');
const NOTES = join(ROOT, 'native-notes');
const PARTS = ['warm', 'after-flip', 'flips', 'start', 'run', 'saves', 'scale', 'idle', 'walks', 'cluster'];
const TMPFS_MAGIC = 0x01021994;

/** @typedef {import('./bench/report.mjs').Results} Results */

/** Targets to close, in reverse order. @type {{ close: () => Promise<void> }[]} */
const open = [];
/** @type {string | undefined} */
let scratch;
let ownTmpfs = false;

const options = readOptions();
if (options !== undefined) {
	for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
		process.on(signal, () => void cleanUp().then(() => process.exit(130)));
	}
	try {
		if (options.from === undefined) await bench(options);
		else finish(JSON.parse(readFileSync(options.from, 'utf8')), options);
	} catch (error) {
		fail(error instanceof Error ? error.message : String(error));
		process.exitCode = 1;
	} finally {
		await cleanUp();
	}
}

/** @typedef {{ quick: boolean, only: string[], json: string | undefined, markdown: boolean, write: boolean, loop: string | undefined, from: string | undefined }} Options */

/** @returns {Options | undefined} */
function readOptions() {
	try {
		const { values } = parseArgs({
			options: {
				quick: { type: 'boolean', default: false },
				only: { type: 'string', multiple: true, default: [] },
				json: { type: 'string' },
				markdown: { type: 'boolean', default: false },
				write: { type: 'boolean', default: false },
				loop: { type: 'string' },
				from: { type: 'string' },
				help: { type: 'boolean', short: 'h', default: false },
			},
		});
		if (values.help) {
			const comment = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('*/')[0] ?? '';
			process.stdout.write(
				`${comment
					.split('\n')
					.slice(2)
					.map((line) => line.slice(3))
					.join('\n')
					.trim()}\n`,
			);
			return undefined;
		}
		const unknown = values.only.find((part) => !PARTS.includes(part));
		if (unknown !== undefined) throw new Error(`--only ${unknown}: no such part; have: ${PARTS.join(', ')}`);
		return { ...values, json: values.json, loop: values.loop, from: values.from };
	} catch (error) {
		fail(error instanceof Error ? error.message : String(error));
		process.exitCode = 2;
		return undefined;
	}
}

/** @param {string} text */
function note(text) {
	process.stderr.write(`bench: ${text}\n`);
}

/** @param {Options} selection */
async function bench(selection) {
	const { quick, only } = selection;
	/** @param {string} part */
	const wanted = (part) => only.length === 0 || only.includes(part);
	const folder = makeScratch();
	const loads = [loadavg()[0] ?? 0];
	const kinds = loopKinds(folder);
	const { loop } = selection;
	const kind = kinds.find(({ name }) => loop === undefined || name.toLowerCase() === loop.toLowerCase());
	if (kind === undefined) {
		throw new Error(`--loop ${loop}: not available; have: ${kinds.map(({ name }) => name).join(', ')}`);
	}

	/** @type {Omit<Results, 'bars' | 'machine'>} */
	const results = {
		schema: 1,
		date: new Date().toISOString().slice(0, 10),
		quick,
		versions: versions(),
		loop: { name: kind.name, description: kind.description },
		missing: [],
		failures: [],
	};
	/** @type {<T>(part: string, measure: () => Promise<T>) => Promise<T | undefined>} */
	const part = async (name, measure) => {
		if (!wanted(name)) return undefined;
		note(`measuring ${name}`);
		try {
			return await measure();
		} catch (error) {
			results.failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
			return undefined;
		}
	};
	/** @param {string} text */
	const progress = (text) => note(`  ${text}`);
	/** @param {{ close: () => Promise<void> }} target */
	const opened = (target) => void open.push(target);
	const setting = { dist: DIST, scratch: folder, progress, opened };

	if (['warm', 'after-flip', 'flips'].some(wanted)) {
		const { targets, missing } = await openTargets({ ...setting, volumes: { ...READ_VOLUMES, ...FLIP_VOLUMES } });
		results.missing = missing;
		Object.assign(results, {
			warm: await part('warm', () => warmReads(targets, kind, { rounds: quick ? 15 : 60, progress })),
			warmUpcalls: await part('warm', () => warmUpcalls(targets, kind)),
			warmAgain: await part('warm', () => warmReadsWithoutCompiler(targets, kinds, kind, quick)),
			afterFlip: await part('after-flip', () => readsAfterFlip(targets, kind, quick ? 20 : 100)),
			flips: await part('flips', () => {
				const changing = targets.filter(({ name }) => name !== 'kernel, rootless');
				return flips(changing, { seconds: quick ? 1 : 4, progress });
			}),
		});
		for (const target of targets.toReversed()) await target.close();
	}
	const peers = ['bindfs', 'sshfs'].filter((name) => {
		return isInstalled(name) && !results.missing.some((missing) => missing.name === name);
	});
	Object.assign(results, {
		start: await part('start', () => startUp(setting, quick ? 4 : 10)),
		run: await part('run', () => runStart(setting, quick ? 5 : 20)),
		saves: await part('saves', () => saveLatency(setting, quick ? 60 : 300)),
		scale: await part('scale', () => scale(setting, quick ? [1, 1000] : [1, 1000, 10_000])),
		idle: await part('idle', () => idle(setting, quick ? 3 : 10)),
		walks: await part('walks', async () => {
			const walks = [await coldWalks(setting, { count: 1000, rounds: quick ? 2 : 5, peers })];
			if (!quick) walks.push(await coldWalks(setting, { count: 10_000, rounds: 1, peers }));
			return walks;
		}),
		cluster: await part('cluster', () =>
			cluster(setting, quick ? { edits: 100, idleSeconds: 15 } : { edits: 1000, idleSeconds: 60 }),
		),
	});
	if (wanted('cluster') && !('cluster' in results && results.cluster !== undefined)) {
		const reason =
			'kube-apiserver and etcd are not available; to build them, run: node scripts/control-plane/ensure.mjs';
		if (!results.failures.some((line) => line.startsWith('cluster: '))) {
			results.missing = [...results.missing, { name: 'cluster', reason }];
		}
	}

	loads.push(loadavg()[0] ?? 0);
	const machine = {
		kernel: release().replace(/^(\d+\.\d+\.\d+).*/, '$1'),
		architecture: arch(),
		cpus: String(availableParallelism()),
		memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
		node: process.version,
		load: loads
			.map((load) => load.toFixed(1))
			.join(' at the start, ')
			.concat(' at the end'),
	};
	finish({ ...results, machine, bars: judge({ ...results, machine }) }, selection);
}

/**
 * Repeats the warm reads with the fastest loop that needs no compiler; undefined if it is already in use.
 *
 * @param {readonly import('./bench/targets.mjs').Target[]} targets
 * @param {readonly import('./bench/loop.mjs').LoopKind[]} kinds
 * @param {import('./bench/loop.mjs').LoopKind} used
 * @param {boolean} quick
 */
async function warmReadsWithoutCompiler(targets, kinds, used, quick) {
	const other = kinds.find(({ name }) => name !== 'C');
	if (used.name !== 'C' || other === undefined) return undefined;
	const two = targets.filter(({ name }) => name === 'tmpfs' || name === 'kernel');
	const rows = await warmReads(two, other, { rounds: quick ? 9 : 40, progress() {} });
	return { name: other.name, description: other.description, rows };
}

/**
 * @param {Results} results
 * @param {Options} selection
 */
function finish(results, { markdown, json: jsonFile, write }) {
	const format = markdown ? 'markdown' : 'text';
	process.stdout.write(`${render(tables(results), format)}\n\n${loopNote(results)}\n`);
	const json = `${JSON.stringify(results, undefined, '\t')}\n`;
	if (jsonFile !== undefined) writeFileSync(jsonFile, json);
	if (write) {
		mkdirSync(join(NOTES, 'results'), { recursive: true });
		writeFileSync(join(NOTES, 'results/bench.json'), json);
		writeFileSync(join(NOTES, 'benchmarks.md'), notes(results));
	}
	const reached = Object.entries(results.warmUpcalls ?? {}).filter(([, { upcalls }]) => upcalls > 0);
	for (const [name, { upcalls, byName }] of reached) {
		process.stdout.write(`FAIL: ${name}: warm operations made ${upcalls} requests: ${JSON.stringify(byName)}\n`);
	}
	if (reached.length > 0 || results.failures.length > 0) process.exitCode = 1;
}

/** @param {Results} results */
function loopNote({ loop }) {
	return `Operations were repeated by ${loop.description}; its overhead is not subtracted.`;
}

/** @param {Results} results */
function notes(results) {
	const { machine } = results;
	const versionTexts = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
	return `# Benchmarks

Measured on ${results.date} by \`npm run bench -- --write\`, which writes this file and
[results/bench.json](results/bench.json). Do not edit it by hand.

- Machine: Linux ${machine.kernel}, ${machine.architecture}, ${machine.cpus} CPUs, ${machine.memory}, Node ${machine.node};
  load ${machine.load} (the run itself loads the machine).
- Versions: ${versionTexts.join(', ')}.
- ${loopNote(results)}

## How to read it

Absolute times say more about the machine than about the program, so reads are given as multiples of
tmpfs: the same files in kubelet's layout on tmpfs, written by the \`directory\` driver, measured in the
same run. The targets alternate every few milliseconds, so that noise affects all of them. Each time
is the lower quartile of the rounds, because other processes can only add time (the JSON has the
medians). "Requests" are those that reached user space; the server counts them. \`kernel\` is the
driver with mount(2) and its read-only view; \`kernel, rootless\` is the same driver with fusermount3,
run by an unprivileged user; \`fuse-native\` is the driver on libfuse 2. bindfs and sshfs (connected
to its server by a pipe, without a network) show the same tmpfs tree, as known peers.

## Results

${render(tables(results), 'markdown')}

## What stands out

${missedText(results)}

- The kernel alone answers a warm read, because it keeps names, attributes, links, listings and pages
  until they change, and it sees every change as a real operation.
- The first reader after a flip pays for the new link, name, attributes and bytes: one request each.
  Later readers find them in the kernel.
- A flip is a few tens of sequential requests, each with two context switches. Readers that keep
  every CPU busy delay each request, so the highest rate of flips falls with the load of the machine.
- The start of a mount includes two starts of Node: the daemon's and then the server's.
`;
}

/** @param {Results} results */
function missedText({ bars }) {
	const missed = bars.filter(({ met }) => !met);
	if (missed.length === 0) return '- Every bar is met.';
	const lines = missed.map(({ name, bar, measured }) => `  - ${name}: ${measured}, the bar is ${bar}.`);
	return [`- ${bars.length - missed.length} of ${bars.length} bars are met. Missed in this run:`, ...lines].join('\n');
}

function versions() {
	/** @type {Record<string, string>} */
	const found = {};
	for (const name of ['.', 'node_modules/koffi', 'node_modules/fuse-native']) {
		try {
			const manifest = JSON.parse(readFileSync(join(ROOT, name, 'package.json'), 'utf8'));
			found[manifest.name] = manifest.version;
		} catch {
			// The optional package is not installed.
		}
	}
	for (const name of ['bindfs', 'sshfs']) {
		const { stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
		const version = /\d+\.\d+(\.\d+)?/.exec(stdout ?? '')?.[0];
		if (version !== undefined) found[name] = version;
	}
	return found;
}

/** A new directory on tmpfs, with mode 0755. */
function makeScratch() {
	const memory = '/dev/shm';
	let parent = tmpdir();
	try {
		if (statfsSync(memory).type === TMPFS_MAGIC) parent = memory;
	} catch {
		// Without /dev/shm, a new tmpfs is mounted on the directory.
	}
	const folder = mkdtempSync(join(parent, 'cmfs-bench-'));
	scratch = folder;
	chmodSync(folder, 0o755);
	if (statfsSync(folder).type !== TMPFS_MAGIC) {
		if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'bench', folder]).status !== 0) {
			throw new Error('/dev/shm is not a tmpfs, and only root can mount another one; run as root');
		}
		ownTmpfs = true;
	}
	return folder;
}

/** Closes all targets, unmounts everything below the scratch directory and removes it. Idempotent. */
async function cleanUp() {
	for (const target of open.splice(0).toReversed()) await target.close().catch(() => {});
	const folder = scratch;
	scratch = undefined;
	if (folder === undefined) return;
	const mountPoints = readFileSync('/proc/self/mountinfo', 'utf8')
		.split('\n')
		.map((row) => row.split(' ')[4] ?? '');
	for (const path of mountPoints.filter((path) => path.startsWith(`${folder}/`)).reverse()) unmount(path);
	if (ownTmpfs) unmount(folder);
	rmSync(folder, { recursive: true, force: true });
}
