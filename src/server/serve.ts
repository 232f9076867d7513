/**
 * The body of the server process: rebuilds the tree from the journal, obtains the mount, answers until it is gone.
 */

import { once } from 'node:events';
import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ConfigMapFsError, errorText } from '../base/errors.js';
import { InodeTree } from '../fs/inode-tree.js';
import { JournalReader } from '../journal/journal-reader.js';
import type { JournalRecord } from '../journal/record.js';
import type { ServerConfig, ServerMessage } from '../journal/server-protocol.js';
import { endAtOnce } from '../native/process.js';
import { OPCODE_LIMIT } from '../wire/constants.js';
import type { ControlData } from './control-thread.js';
import { faultReporter } from './fault-reporter.js';
import { openMounted } from './kernel/device.js';
import { Session } from './kernel/session.js';
import { makeTrace } from './kernel/trace.js';

/** Every reader of the mount waits for this process, so it goes before them where the user may ask for that. */
const SERVER_PRIORITY = -10;

/** How long the other thread may take to clean up after a killed daemon. Unit: milliseconds. */
const LONGEST_CLEANING_MS = 5000;

function goFirst(): void {
	try {
		setPriority(SERVER_PRIORITY);
	} catch {
		// Without CAP_SYS_NICE it is one among others.
	}
}

/** Serves one mount from the daemon's word to the end; resolves when it is unmounted. */
export async function serve(config: ServerConfig): Promise<void> {
	goFirst();
	const counters = new SharedArrayBuffer(OPCODE_LIMIT * Float64Array.BYTES_PER_ELEMENT);
	const cleaning = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
	const workerData: ControlData = { config, counters, cleaning };
	const control = new Worker(new URL('./control-thread.js', import.meta.url), { workerData });
	// Everything is loaded while the daemon still reads its sources.
	await once(control, 'message');
	const say = (message: ServerMessage) => control.postMessage(message);
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
			(segment) => say({ type: 'segment-unused', segment }),
		);
		journal.poll();
		const shared = {
			tree,
			pollJournal: () => journal.poll(),
			counters: new Float64Array(counters),
			reportFault: faultReporter((fault) => say({ type: 'fault', ...fault })),
		};
		if (config.driver === 'fuse-native') {
			// Loaded on demand: the other driver runs where libfuse 2 is not installed.
			const { FuseNativeServer } = await import('./fuse-native/server.js');
			const server = new FuseNativeServer({ ...shared, config });
			note = (record) => server.note(record);
			const { ended } = await server.mount();
			say({ type: 'serving' });
			await ended;
		} else {
			const session = new Session({
				...shared,
				fd: await openMounted(config),
				openWithoutUpcall: config.openWithoutUpcall,
				announcer: config.announcer,
				...(config.trace ? { trace: makeTrace() } : {}),
			});
			say({ type: 'serving' });
			session.run();
		}
		// The mount may have ended because the other thread takes it away, among other things.
		Atomics.wait(new Int32Array(cleaning), 0, 1, LONGEST_CLEANING_MS);
		// Node's own end would set a terminal back to what it was at the start, under whoever uses it now.
		endAtOnce(0);
	} catch (error) {
		const code = error instanceof ConfigMapFsError ? error.code : 'INTERNAL';
		say({ type: 'failed', code, message: errorText(error) });
		process.exitCode = 1;
	}
}
