/** The surroundings of a session. Types only. */

import type { InodeTree } from '../../fs/inode-tree.js';
import type { RequestBuffer } from '../../wire/request.js';
import type { ReportFault } from '../fault-reporter.js';
import type { Agreement } from './negotiation.js';

export interface SessionOptions {
	/** The descriptor of /dev/fuse, mounted. */
	readonly fd: number;
	readonly tree: InodeTree;
	/** Applies the records that the daemon has announced so far; called before every mutation. */
	readonly pollJournal: () => void;
	/**
	 * Whether an open may go without an upcall. Must be false if a reader could open a file for writing on the same
	 * mount: a shared writable mapping would then change the page cache that all readers use.
	 */
	readonly openWithoutUpcall: boolean;
	/** The outcome of INIT, if an earlier session on this connection has answered it. */
	readonly agreement?: Agreement;
	/** Called when this session has answered INIT. */
	readonly agreed?: (agreement: Agreement) => void;
	/**
	 * The process that announces: only its main thread may make the announced change. Default: every process, which
	 * can still do nothing but the announced change.
	 */
	readonly announcer?: number;
	/** Number of requests by opcode; the session increments them. */
	readonly counters: { [opcode: number]: number };
	/** Called with each exception in a handler. */
	readonly reportFault: ReportFault;
	/** Only for `--log-level trace`. */
	readonly trace?: SessionTrace;
}

/** Receives each request before it is answered, and each reply before it is written. */
export interface SessionTrace {
	received(request: RequestBuffer): void;
	/** `length` is 0 if no reply is written. */
	answered(request: RequestBuffer, reply: Buffer, length: number): void;
}
