// @ts-check
/*
 * Mounts one volume with one driver and executes commands that change it: reads lines of JSON from standard input, and
 * replies to each with one line on standard output. Started by volume-child.ts.
 *
 *     node volume-child.mjs '{"dist": "/path/dist", "driver": "kernel", "directory": "/mnt"}'
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const config = JSON.parse(process.argv[2] ?? '{}');
/** @param {string} path */
const load = async (path) => await import(pathToFileURL(`${config.dist}/${path}`).href);
const { makeDriver } = await load('mount/driver-choice.js');
const { VolumeSession } = await load('mount/volume-session.js');

const caller = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const now = () => new Date();
/** @param {object} fields @param {string} text */
const print = (fields, text) => process.stderr.write(`${text} ${JSON.stringify(fields)}\n`);
const silent = () => {};
const driver = makeDriver({
	choice: config.driver,
	mountPoint: config.directory,
	allowOther: false,
	owner: {},
	rootMode: 0o777,
	caller,
	runtime: { uid: caller.uid, xdgRuntimeDirectory: undefined, temporary: '/tmp' },
	now,
	trace: false,
});
const volume = new VolumeSession({
	subject: { configMap: 'default/test' },
	path: '',
	driver,
	retention: { snapshotGraceMs: config.snapshotGraceMs ?? 0, history: config.history ?? 1 },
	now,
	onEvent: silent,
	isVisible: () => true,
	log: { error: print, warn: print, info: silent, debug: silent, trace: silent },
});
await driver.mount();

/** @param {Record<string, { base64: string, mode: number }>} files */
function payloadOf(files) {
	return new Map(
		Object.entries(files).map(([path, { base64, mode }]) => [path, { bytes: Buffer.from(base64, 'base64'), mode }]),
	);
}

/**
 * Generation `number` with `keys` files; every line in them is the number.
 *
 * @param {number} number
 * @param {number} keys
 */
function numbered(number, keys) {
	const line = `${String(number).padStart(7, '0')}\n`;
	return new Map(
		Array.from({ length: keys }, (_, key) => [
			`key${key}`,
			{ bytes: Buffer.from(line.repeat(1 + key * 400)), mode: 0o644 },
		]),
	);
}

let generation = 0;

/** @param {any} command */
async function perform(command) {
	switch (command.do) {
		case 'write':
			volume.write(payloadOf(command.files));
			return {};
		case 'flip': {
			const started = performance.now();
			let count = 0;
			for (; count < command.count && performance.now() - started < (command.forMs ?? 60_000); count++) {
				volume.write(numbered(generation++, command.keys));
				await new Promise((resolve) => setTimeout(resolve, command.everyMs));
			}
			return { count };
		}
		case 'upcalls':
			return await driver.upcalls();
		default:
			throw new Error(`unknown command ${JSON.stringify(command)}`);
	}
}

process.stdout.write('{"ready":true}\n');
const lines = createInterface({ input: process.stdin });
process.on('SIGTERM', () => lines.close());
/** @type {Promise<void>} */
let last = Promise.resolve();
lines.on('line', (line) => {
	last = last.then(async () => {
		try {
			process.stdout.write(`${JSON.stringify({ answer: await perform(JSON.parse(line)) })}\n`);
		} catch (error) {
			process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
		}
	});
});
await once(lines, 'close');
volume.close();
if (driver.persists) volume.remove();
await driver.unmount();
process.exit(0);
