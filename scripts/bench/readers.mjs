// @ts-check
/*
 * Reads volumes while they flip, in several threads, and counts inconsistent reads: missing keys, torn files, two
 * generations in one snapshot, an older generation after a newer one. Prints one line of JSON.
 *
 * Arguments: JSON { folder, names, keys, size, readers, seconds, pauseMs }
 */

import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { pause } from './measure.mjs';

/** @typedef {{ folder: string, names: string[], keys: string[], size: number, readers: number, seconds: number, pauseMs: number }} Task */

/** @param {Task} task */
function check({ folder, names, keys, size, seconds, pauseMs }) {
	const seen = { checks: 0, missing: 0, torn: 0, mixed: 0, backwards: 0 };
	const bytes = Buffer.alloc(size + 1);
	/** @type {Map<string, string>} */
	const latest = new Map();

	/** The generation in a file; undefined if the file is missing or torn. @param {string} path */
	function generation(path) {
		let length = 0;
		try {
			const fd = openSync(path, 'r');
			length = readSync(fd, bytes, 0, bytes.length, 0);
			closeSync(fd);
		} catch {
			seen.missing++;
			return undefined;
		}
		const end = bytes.indexOf(10) + 1;
		const line = bytes.toString('latin1', 0, end);
		const expected = Buffer.alloc(size, line);
		if (length === size && bytes.subarray(0, size).equals(expected)) return line;
		seen.torn++;
		return undefined;
	}

	const until = performance.now() + seconds * 1000;
	for (let turn = 0; performance.now() < until; turn++) {
		const name = /** @type {string} */ (names[Math.floor(Math.random() * names.length)]);
		seen.checks++;
		if (turn % 2 === 0) {
			const now = generation(join(folder, name, keys[turn % keys.length] ?? ''));
			if (now !== undefined && now < (latest.get(name) ?? '')) seen.backwards++;
			else if (now !== undefined) latest.set(name, now);
		} else {
			try {
				const snapshot = join(folder, name, readlinkSync(join(folder, name, '..data')));
				const generations = new Set(keys.map((key) => generation(`${snapshot}/${key}`)));
				generations.delete(undefined);
				if (generations.size > 1) seen.mixed++;
			} catch {
				seen.missing++;
			}
		}
		if (pauseMs > 0) pause(pauseMs);
	}
	return seen;
}

if (isMainThread) {
	/** @type {Task} */
	const task = JSON.parse(process.argv[2] ?? '{}');
	const script = new URL(import.meta.url);
	/** @type {ReturnType<typeof check>[]} */
	const results = await Promise.all(
		Array.from({ length: task.readers }, () => {
			const worker = new Worker(script, { workerData: task });
			return new Promise((resolve, reject) => {
				worker.once('message', resolve);
				worker.once('error', reject);
			});
		}),
	);
	const sum = { checks: 0, missing: 0, torn: 0, mixed: 0, backwards: 0 };
	for (const result of results) {
		for (const name of /** @type {const} */ (['checks', 'missing', 'torn', 'mixed', 'backwards']))
			sum[name] += result[name];
	}
	process.stdout.write(`${JSON.stringify(sum)}\n`);
} else {
	parentPort?.postMessage(check(workerData));
}
