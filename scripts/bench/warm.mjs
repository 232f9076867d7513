// @ts-check
/*
 * F1 and F2: warm reads, alternating over all targets, with the requests that reached user space; and the cost of a flip
 * and of the first reads after it. Imported by bench.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Loop } from './loop.mjs';
import { median, quantile } from './measure.mjs';

/** Sizes of the keys in the volumes; the large one is close to the limit of the API. Unit: bytes. */
export const READ_VOLUMES = {
	vol: { key: 100, other: 100, 'app.yaml': 1024, bytes: 7168, large: 900 * 1024 },
	app: { a: 1024, b: 1024, c: 1024, d: 1024, e: 1024 },
};

/** Operations, with their path below the folder of a target. `bar`: whether F1 has a bar for the operation. */
const OPERATIONS = [
	{ name: 'stat vol/key', run: 'stat', path: 'vol/key', bar: true },
	{ name: 'lstat vol/key', run: 'lstat', path: 'vol/key', bar: false },
	{ name: 'open+read+close vol/key', run: 'read', path: 'vol/key', bar: true },
	{ name: 'open+read+close vol/..data/key', run: 'read', path: 'vol/..data/key', bar: true },
	{ name: 'readlink vol/..data', run: 'readlink', path: 'vol/..data', bar: true },
	{ name: 'list vol', run: 'list', path: 'vol', bar: true },
	{ name: 'open+read+close, 900 KiB', run: 'read', path: 'vol/large', bar: true },
	{ name: 'pread of 1 byte, in order', run: 'bytes', path: 'vol/bytes', bar: false },
	{ name: 'stat of a missing name', run: 'missing', path: 'vol/missing', bar: false },
];

/** Length of one turn of a target. Unit: nanoseconds. */
const TURN_NS = 4e6;
/** The highest number of operations in one turn. */
const MAX_TURN_COUNT = 50_000;
/** F1 requires that this many warm operations, in equal parts of those with a bar, make no request. */
const WARM_OPERATIONS = 100_000;

/** @typedef {import('./targets.mjs').Target} Target */
/** `us` and `ratio` are the lower quartile of the rounds, because other processes can only add time. */
/** @typedef {{ us: number, ratio: number, medianUs: number, medianRatio: number, upcalls: number | undefined, count: number }} Cell */
/** @typedef {{ name: string, bar: boolean, cells: Record<string, Cell> }} Row */

/**
 * @param {readonly Target[]} targets tmpfs first.
 * @param {import('./loop.mjs').LoopKind} kind
 * @param {{ rounds: number, progress: (text: string) => void }} options
 * @returns {Promise<Row[]>}
 */
export async function warmReads(targets, kind, { rounds, progress }) {
	const loops = targets.map(({ wrap }) => new Loop(kind, wrap));
	try {
		const rows = [];
		for (const operation of OPERATIONS) {
			progress(operation.name);
			rows.push(await alternate(targets, loops, operation, rounds));
		}
		return rows;
	} finally {
		for (const loop of loops) loop.close();
	}
}

/**
 * @param {readonly Target[]} targets
 * @param {readonly Loop[]} loops
 * @param {typeof OPERATIONS[number]} operation
 * @param {number} rounds
 * @returns {Promise<Row>}
 */
async function alternate(targets, loops, operation, rounds) {
	const lanes = [];
	for (const [index, target] of targets.entries()) {
		const loop = /** @type {Loop} */ (loops[index]);
		const path = join(target.folder, operation.path);
		// The first run fills the caches; the second gives the number of operations that fit into a turn.
		await loop.run(operation.run, operation.run === 'bytes' ? 10_000 : 20, path);
		const ns = await loop.run(operation.run, 200, path);
		const count = Math.max(50, Math.min(MAX_TURN_COUNT, Math.round(TURN_NS / ns)));
		lanes.push({ target, loop, path, count, ns: /** @type {number[]} */ ([]), upcalls: 0 });
	}
	for (let round = 0; round < rounds; round++) {
		// Each round begins with another target, so that no target always follows a slow one.
		for (let turn = 0; turn < lanes.length; turn++) {
			const lane = /** @type {typeof lanes[number]} */ (lanes[(round + turn) % lanes.length]);
			const { target, loop, count, path } = lane;
			const before = target.counts ? ((await target.host?.upcalls())?.total ?? 0) : 0;
			lane.ns.push(await loop.run(operation.run, count, path));
			const after = target.counts ? ((await target.host?.upcalls())?.total ?? 0) : 0;
			lane.upcalls += after - before;
		}
	}
	const base = lanes[0]?.ns ?? [];
	/** @type {Record<string, Cell>} */
	const cells = {};
	for (const { target, ns, count, upcalls } of lanes) {
		cells[target.name] = {
			us: quantile(ns, 0.25) / 1000,
			ratio: quantile(ns, 0.25) / quantile(base, 0.25),
			medianUs: median(ns) / 1000,
			medianRatio: median(ns.map((value, round) => value / (base[round] ?? Number.NaN))),
			upcalls: target.counts ? upcalls : undefined,
			count: count * rounds,
		};
	}
	return { name: operation.name, bar: operation.bar, cells };
}

/**
 * Counts the requests that 100 000 operations on warm caches make.
 *
 * @param {readonly Target[]} targets
 * @param {import('./loop.mjs').LoopKind} kind
 */
export async function warmUpcalls(targets, kind) {
	const parts = OPERATIONS.filter(({ bar }) => bar);
	/** @type {Record<string, { operations: number, upcalls: number, byName: Record<string, number> }>} */
	const results = {};
	for (const target of targets.filter(({ name }) => name.startsWith('kernel'))) {
		const loop = new Loop(kind, target.wrap);
		for (const { run, path } of parts) await loop.run(run, 20, join(target.folder, path));
		const before = await target.host?.upcalls();
		for (const { run, path } of parts) {
			await loop.run(run, Math.ceil(WARM_OPERATIONS / parts.length), join(target.folder, path));
		}
		const after = await target.host?.upcalls();
		loop.close();
		results[target.name] = {
			operations: Math.ceil(WARM_OPERATIONS / parts.length) * parts.length,
			upcalls: (after?.total ?? 0) - (before?.total ?? 0),
			byName: difference(before?.byName ?? {}, after?.byName ?? {}),
		};
	}
	return results;
}

/** @typedef {{ flipUs: number, flipUpcalls: number, firstUs: number, firstUpcalls: number, secondUs: number, secondUpcalls: number }} ColdCell */

/**
 * Measures a flip, and the first and the second read of a key after it.
 *
 * @param {readonly Target[]} targets
 * @param {import('./loop.mjs').LoopKind} kind
 * @param {number} rounds
 */
export async function readsAfterFlip(targets, kind, rounds) {
	const lanes = targets.flatMap((target) => {
		if (target.host === undefined) return [];
		const loop = new Loop(kind, target.wrap);
		return [{ target, host: target.host, loop, samples: /** @type {ColdCell[]} */ ([]) }];
	});
	for (let round = 0; round < rounds; round++) {
		for (const { target, host, loop, samples } of lanes) {
			const path = join(target.folder, 'app/a');
			const count = async () => (target.counts ? (await host.upcalls()).total : 0);
			await loop.run('read', 20, path);
			const start = await count();
			const { us: flipUs } = await host.request('flip', { volume: 'app' });
			const flipped = await count();
			const firstUs = (await loop.run('read', 1, path)) / 1000;
			const first = await count();
			const secondUs = (await loop.run('read', 1, path)) / 1000;
			const second = await count();
			samples.push({
				flipUs,
				flipUpcalls: flipped - start,
				firstUs,
				firstUpcalls: first - flipped,
				secondUs,
				secondUpcalls: second - first,
			});
		}
		// The old generation is removed during this pause, so its removal is not part of the next round.
		await sleep(60);
	}
	/** @type {Record<string, ColdCell>} */
	const results = {};
	for (const { target, loop, samples } of lanes) {
		loop.close();
		/** @param {keyof ColdCell} key */
		const medianOf = (key) => median(samples.map((sample) => sample[key]));
		results[target.name] = {
			flipUs: medianOf('flipUs'),
			flipUpcalls: medianOf('flipUpcalls'),
			firstUs: medianOf('firstUs'),
			firstUpcalls: medianOf('firstUpcalls'),
			secondUs: medianOf('secondUs'),
			secondUpcalls: medianOf('secondUpcalls'),
		};
	}
	return results;
}

/**
 * @param {Record<string, number>} before
 * @param {Record<string, number>} after
 */
function difference(before, after) {
	/** @type {Record<string, number>} */
	const grown = {};
	for (const [name, count] of Object.entries(after)) {
		if (count > (before[name] ?? 0)) grown[name] = count - (before[name] ?? 0);
	}
	return grown;
}
