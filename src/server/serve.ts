/**
 * The server process: rebuilds the tree from the journal, mounts, and answers requests until the mount is gone.
 */

import { once } from 'node:events';
import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ConfigMapFsError, errorText } from '../base/errors.js';
import { InodeTree } from '../fs/inode-tree.js';
import { JournalReader } from '../journal/journal-reader.js';
import type { JournalRecord } from '../journal/record.js';
import type { ServerConfig, ServerMessage } from '../journal/server-protocol.js';
import { exitImmediately } from '../native/process.js';
import { OPCODE_LIMIT } from '../wire/constants.js';
import type { ControlData } from './control-thread.js';
import { faultReporter } from './fault-reporter.js';
import { openMounted } from './kernel/device.js';
import { Session } from './kernel/session.js';
import { makeTrace } from './kernel/trace.js';

/** Every reader of the mount waits for this process, so it runs before them if the user may raise its priority. */
const SERVER_PRIORITY = -10;

/** How long the control thread may take to clean up after a killed daemon. Unit: milliseconds. */
const LONGEST_CLEANING_MS = 5000;

function raisePriority(): void {
	try {
		setPriority(SERVER_PRIORITY);
	} catch {
		// It needs CAP_SYS_NICE.
	}
}

/** Mounts when the daemon requests it, and serves until the unmount. */
export async function serve(config: ServerConfig): Promise<void> {
	raisePriority();
	const counters = new SharedArrayBuffer(OPCODE_LIMIT * Float64Array.BYTES_PER_ELEMENT);
	const cleaning = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
	const workerData: ControlData = { config, counters, cleaning };
	const control = new Worker(new URL('./control-thread.js', import.meta.url), { workerData });
	// All modules are loaded while the daemon still reads its sources.
	await once(control, 'message');
	const send = (message: ServerMessage) => control.postMessage(message);
	try {
		const tree = new InodeTree({
			monotonicMs: () => performance.now(),
			wallUs: () => Date.now() * 1000 + Math.floor((performance.now() * 1000) % 1000),
		});
		let note: (record: JournalRecord) => void = () => {};
		const journal = new JournalReader(
			config.journalDirectory,
			(record, segment, contentAt) => {
				tree.apply(record, segment, contentAt);
				note(record);
			},
			(segment) => send({ type: 'segment-unused', segment }),
		);
		journal.poll();
		const shared = {
			tree,
			pollJournal: () => journal.poll(),
			counters: new Float64Array(counters),
			reportFault: faultReporter((fault) => send({ type: 'fault', ...fault })),
		};
		if (config.driver === 'fuse-native') {
			// Loaded on demand: the kernel driver must run without libfuse 2.
			const { FuseNativeServer } = await import('./fuse-native/server.js');
			const server = new FuseNativeServer({ ...shared, config });
			note = (record) => server.note(record);
			const { ended } = await server.mount();
			send({ type: 'serving' });
			await ended;
		} else {
			const session = new Session({
				...shared,
				fd: await openMounted(config),
				openWithoutUpcall: config.openWithoutUpcall,
				announcer: config.announcer,
				...(config.trace ? { trace: makeTrace() } : {}),
			});
			send({ type: 'serving' });
			session.run();
		}
		// The control thread may have unmounted it, and may have more to clean up.
		Atomics.wait(new Int32Array(cleaning), 0, 1, LONGEST_CLEANING_MS);
		// An exit through Node would restore the terminal's modes of its start, while another process may use it.
		exitImmediately(0);
	} catch (error) {
		const code = error instanceof ConfigMapFsError ? error.code : 'INTERNAL';
		send({ type: 'failed', code, message: errorText(error) });
		process.exitCode = 1;
	}
}
