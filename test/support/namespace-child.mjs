// @ts-check
/*
 * Enters the namespaces of `run` and executes commands in them: reads lines of JSON from standard input, and replies to
 * each with one line on standard output. Started by namespace-child.ts.
 *
 *     node namespace-child.mjs '{"dist": "/path/dist", "mapRoot": false, "runtime": {"uid": 0, "temporary": "/tmp"}}'
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const config = JSON.parse(process.argv[2] ?? '{}');
/** @param {string} path */
const load = async (path) => await import(pathToFileURL(`${config.dist}/${path}`).href);

/** @param {object} line */
const reply = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
/** @param {any} error */
const failure = (error) => ({ error: String(error?.message ?? error), code: error?.code ?? '' });

const { needsUserNamespace, reexecInUserNamespace } = await load('run/placement/namespace/user-namespace.js');
const { enterBaseNamespace } = await load('run/placement/namespace/base-namespace.js');

/** @type {any} */
let base;
try {
	if (needsUserNamespace() && config.mayReexec !== false) reexecInUserNamespace({ mapRoot: config.mapRoot ?? false });
	base = enterBaseNamespace(config.runtime);
} catch (error) {
	reply(failure(error));
	process.exit(1);
}

/** @type {any} */
let application;
/** @type {any} */
let driver;
/** @type {any} */
let volume;

/** Mounts a volume with the kernel driver at `volume` on the stage. */
async function makeVolume() {
	const { makeDriver } = await load('mount/driver-choice.js');
	const { VolumeSession } = await load('mount/volume-session.js');
	const directory = join(base.stage, 'volume');
	mkdirSync(directory);
	const caller = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, groups: [] };
	const now = () => new Date();
	const silent = () => {};
	driver = makeDriver({
		choice: 'kernel',
		mountPoint: directory,
		allowOther: false,
		owner: {},
		rootMode: 0o777,
		caller,
		runtime: base.environment,
		now,
		trace: false,
	});
	volume = new VolumeSession({
		subject: { configMap: 'default/test' },
		path: '',
		driver,
		retention: { snapshotGraceMs: 0, history: 1 },
		now,
		onEvent: silent,
		isVisible: () => true,
		log: { error: console.error, warn: console.error, info: silent, debug: silent, trace: silent },
	});
	await driver.mount();
}

/** @type {Record<string, (command: any) => any>} */
const commands = {
	/** Writes files on the stage. */
	files: ({ files }) => {
		for (const [path, text] of Object.entries(files)) {
			mkdirSync(dirname(join(base.stage, path)), { recursive: true });
			writeFileSync(join(base.stage, path), String(text));
		}
		return base.stage;
	},
	volume: async ({ files }) => {
		if (volume === undefined) await makeVolume();
		volume.write(
			new Map(Object.entries(files).map(([path, text]) => [path, { bytes: Buffer.from(String(text)), mode: 0o644 }])),
		);
	},
	build: ({ plan }) => {
		application?.close();
		application = undefined;
		const started = performance.now();
		application = base.build(
			plan.map((/** @type {any} */ mount) => ({ ...mount, source: resolve(base.stage, mount.source) })),
		);
		const us = Math.round((performance.now() - started) * 1000);
		return { copyOnWrite: application.copyOnWrite, unreachable: application.unreachable, us };
	},
	run: ({ command: [file, ...args], isOutside }) => {
		const run = () => spawnSync(file, args, { encoding: 'utf8' });
		const { status, stdout, stderr } = isOutside === true ? run() : application.within(run);
		return { status, stdout, stderr };
	},
	start: async ({ command: [file, ...args] }) => {
		const child = application.within(() => spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
		await once(child.stdout, 'data');
		return child.pid;
	},
	members: () => application.members(),
	read: ({ path }) => readFileSync(path, 'utf8'),
	fail: () =>
		application.within(() => {
			throw new Error('as requested');
		}),
	self: () => ({ pid: process.pid, cwd: process.cwd(), args: process.argv.slice(3), env: process.env }),
	close: () => {
		application?.close();
		base.close();
	},
};

reply({ answer: base.stage });
const lines = createInterface({ input: process.stdin });
/** @type {Promise<void>} */
let last = Promise.resolve();
lines.on('line', (line) => {
	last = last.then(async () => {
		const command = JSON.parse(line);
		try {
			reply({ answer: (await commands[command.do]?.(command)) ?? null });
		} catch (error) {
			reply(failure(error));
		}
	});
});
await once(lines, 'close');
await last;
application?.close();
volume?.close();
await driver?.unmount();
base.close();
process.exit(0);
