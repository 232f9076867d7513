/**
 * The application over its restarts: one process at a time, started anew when that is asked, over when a process ends
 * by itself. Signals go to the process that runs; where none does, those that ask for the end are obeyed here.
 */

import { constants } from 'node:os';
import type { Logger } from '../../base/log.js';
import type { ApplicationEnd } from './application-process.js';
import { endMembers } from './end-members.js';
import type { SignalReceiver } from './signal-relay.js';

/** The part of ApplicationProcess that is used here. */
export interface StartedProcess {
	readonly pid: number;
	readonly ended: Promise<ApplicationEnd>;
	readonly isStopped: boolean;
	send(signal: NodeJS.Signals): boolean;
	stop(graceMs: number): Promise<ApplicationEnd>;
}

export interface ApplicationOptions {
	/**
	 * Starts a process: the first, and each after a restart. What it is made of is found out anew each time, which may
	 * wait for missing objects until `abort` says that nobody wants it any more.
	 */
	readonly start: (abort: AbortSignal) => Promise<StartedProcess>;
	/** Every process that lives where the application lives; all are ended when the main one has. */
	readonly members: () => readonly number[];
	/** How long a process may take to end when it is asked to. Unit: milliseconds. */
	readonly graceMs: number;
	readonly log: Logger;
}

/** What asks for the end where there is no process to decide that. */
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const);
/** What asks for the end even of one that is restarted; programs take SIGHUP for other things. */
const ENDING_RESTART: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const);

export class Application implements SignalReceiver {
	readonly #options: ApplicationOptions;
	readonly #abort = new AbortController();
	#process: StartedProcess | undefined;
	/** A restart is due: the process is being ended for it, or the one that is being started is out of date already. */
	#restartDue = false;
	/** Nobody wants another process: one was asked to end for good, or has ended by itself. */
	#isLast = false;
	/** What all ends with, where somebody else than the process decides that. */
	#endStatus: number | undefined;

	constructor(options: ApplicationOptions) {
		this.#options = options;
	}

	/** Whether a process runs. */
	get isRunning(): boolean {
		return this.#process !== undefined;
	}

	get isStopped(): boolean {
		return this.#process?.isStopped === true;
	}

	/**
	 * Starts it; resolves with the exit status when it is over.
	 * Errors: what `start` throws, unless the end was asked for meanwhile.
	 */
	async run(): Promise<number> {
		while (this.#endStatus === undefined) {
			this.#restartDue = false;
			const status = await this.#runOnce();
			if (this.#endStatus === undefined && !this.#restartDue) return status;
		}
		return this.#endStatus;
	}

	async #runOnce(): Promise<number> {
		const { start, members, graceMs, log } = this.#options;
		let started: StartedProcess;
		try {
			started = await start(this.#abort.signal);
		} catch (error) {
			if (this.#endStatus !== undefined) return this.#endStatus;
			throw error;
		}
		this.#process = started;
		if (this.#restartDue || this.#endStatus !== undefined) void started.stop(graceMs);
		const { status, signal } = await started.ended;
		this.#process = undefined;
		if (!this.#restartDue) this.#isLast = true;
		log.debug({ pid: started.pid, status, signal }, 'the application ended');
		const left = await endMembers(members);
		if (left.length > 0) log.warn({ pids: left }, 'processes of the application could not be ended');
		return status;
	}

	/**
	 * Ends the process and starts another. Requests before the next start share it. A request during a start causes one
	 * more, because the process may have read the old state. Returns false if the application ends for good.
	 */
	restart(): boolean {
		if (this.#isLast) return false;
		this.#restartDue = true;
		void this.#process?.stop(this.#options.graceMs);
		return true;
	}

	/** Ends it for good, with this exit status. */
	end(status: number): void {
		this.#isLast = true;
		this.#restartDue = false;
		this.#endStatus ??= status;
		this.#abort.abort();
		void this.#process?.stop(this.#options.graceMs);
	}

	/** Sends a signal to the process; false when none runs. */
	send(signal: NodeJS.Signals): boolean {
		return this.#process?.send(signal) === true;
	}

	receive(signal: NodeJS.Signals, isThere: boolean): void {
		if (this.#process !== undefined) {
			// It ends by the signal or by the restart, whichever it obeys; and is not started again.
			if (ENDING_RESTART.has(signal)) this.#restartDue = false;
			if (signal === 'SIGTERM') this.#isLast = true;
			if (!isThere) this.#process.send(signal);
		} else if (ENDING.has(signal) && !this.#isLast) {
			this.end(128 + constants.signals[signal]);
		} else {
			this.#options.log.debug({ signal }, 'no process to pass the signal to');
		}
	}
}
