// @ts-check
/*
 * F4: flips per second over 100 volumes, without readers and while 16 readers check every byte. Imported by bench.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const READERS = fileURLToPath(new URL('./readers.mjs', import.meta.url));
const KEYS = ['a', 'b', 'c', 'd', 'e'];
const SIZE = 1024;
const COUNT = 100;
const READER_COUNT = 16;
/** The required rate of F4. Unit: flips per second. */
const RATE = 1000;
/** Pause of a reader between two checks in the run that leaves CPU time for flips. Unit: milliseconds. */
const EASY_MS = 5;

const NAMES = Array.from({ length: COUNT }, (_, index) => `flip-${String(index).padStart(3, '0')}`);

/** The volumes that flip. */
export const FLIP_VOLUMES = Object.fromEntries(
	NAMES.map((name) => [name, Object.fromEntries(KEYS.map((key) => [key, SIZE]))]),
);

/** @typedef {{ checks: number, missing: number, torn: number, mixed: number, backwards: number }} Seen */
/** @typedef {{ seconds: number, perSecond: number, flipUs: number, removalUs: number, problems: number, upcallsPerFlip: number | undefined, seen?: Seen }} FlipCell */
/** @typedef {Record<'alone' | 'paced' | 'pacedEasy' | 'fastest', FlipCell>} FlipRow */

/**
 * @param {readonly import('./targets.mjs').Target[]} targets
 * @param {{ seconds: number, progress: (text: string) => void }} options
 * @returns {Promise<Record<string, FlipRow>>}
 */
export async function flips(targets, { seconds, progress }) {
	/** @type {Record<string, FlipRow>} */
	const results = {};
	for (const target of targets) {
		if (target.host === undefined) continue;
		progress(`${target.name}, without readers`);
		const alone = await run(target, seconds, 0);
		progress(`${target.name}, ${RATE} per second with ${READER_COUNT} readers`);
		const pacedEasy = await run(target, seconds, RATE, EASY_MS);
		const paced = await run(target, seconds, RATE, 0);
		progress(`${target.name}, as fast as possible with ${READER_COUNT} readers`);
		const fastest = await run(target, seconds, 0, 0);
		results[target.name] = { alone, pacedEasy, paced, fastest };
	}
	return results;
}

/**
 * @param {import('./targets.mjs').Target} target
 * @param {number} seconds
 * @param {number} rate Flips per second; 0: as fast as possible.
 * @param {number} [pauseMs] Undefined: no readers.
 * @returns {Promise<FlipCell>}
 */
async function run(target, seconds, rate, pauseMs) {
	const before = (await target.host?.upcalls())?.total ?? 0;
	const readers = pauseMs === undefined ? undefined : startReaders(target, seconds + 0.5, pauseMs);
	const flipped = await target.host?.request('flips', { names: NAMES, seconds, rate });
	const seen = await readers;
	const after = (await target.host?.upcalls())?.total ?? 0;
	const { perSecond, flipUs, removalUs, problems, count } = flipped;
	const upcallsPerFlip = target.counts && readers === undefined ? (after - before) / count : undefined;
	return { seconds, perSecond, flipUs, removalUs, problems, upcallsPerFlip, ...(seen === undefined ? {} : { seen }) };
}

/**
 * @param {import('./targets.mjs').Target} target
 * @param {number} seconds
 * @param {number} pauseMs
 * @returns {Promise<Seen>}
 */
function startReaders({ wrap, folder }, seconds, pauseMs) {
	const task = { folder, names: NAMES, keys: KEYS, size: SIZE, readers: READER_COUNT, seconds, pauseMs };
	const [file = '', ...args] = wrap([process.execPath, '--no-warnings', READERS, JSON.stringify(task)]);
	const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
	let output = '';
	child.stdout.on('data', (chunk) => {
		output += chunk;
	});
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (status) => {
			if (status === 0) resolve(JSON.parse(output));
			else reject(new Error(`the readers ended with status ${status}`));
		});
	});
}
