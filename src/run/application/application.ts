/**
 * The application across its restarts: one process at a time. It is over when a process ends without a restart being
 * due. Signals go to the running process. While none runs, the signals that request an end end the application here.
 */

import { constants } from 'node:os';
import type { Logger } from '../../base/log.js';
import type { EventListener } from '../../control/events.js';
import type { ApplicationEnd } from './application-process.js';
import { killMembers } from './kill-members.js';
import type { SignalReceiver } from './signal-relay.js';

/** The part of ApplicationProcess that Application uses. */
export interface StartedProcess {
	readonly pid: number;
	readonly ended: Promise<ApplicationEnd>;
	readonly isStopped: boolean;
	send(signal: NodeJS.Signals): boolean;
	stop(graceMs: number): Promise<ApplicationEnd>;
}

/** Source: kubernetes v1.32 core/v1, terminationGracePeriodSeconds. Unit: milliseconds. */
const POD_GRACE_MS = 30_000;

export interface ApplicationOptions {
	/** Starts the next process. It may wait for missing objects; `abort` ends the wait. */
	readonly start: (abort: AbortSignal) => Promise<StartedProcess>;
	/** Process ids of everything that runs where the application runs; killed after the main process has ended. */
	readonly members: () => readonly number[];
	/** How long a process may take to end after SIGTERM. Unit: milliseconds. Default: that of a pod. */
	readonly graceMs?: number;
	readonly log: Logger;
	readonly onEvent: EventListener;
}

/** Signals that end the application while no process runs. */
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const);
/** Signals that cancel a restart that is due. SIGHUP is not one: to many programs it means "reload". */
const ENDING_RESTART: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const);

export class Application implements SignalReceiver {
	readonly #options: ApplicationOptions;
	readonly #graceMs: number;
	readonly #abort = new AbortController();
	#process: StartedProcess | undefined;
	/** The running process is being stopped for a restart, or the one that is starting is out of date already. */
	#restartDue = false;
	/** No further process will start: one was asked to end for good, or has ended without a restart being due. */
	#isLast = false;
	/** Exit status of the application; undefined: that of the last process. */
	#endStatus: number | undefined;

	constructor(options: ApplicationOptions) {
		this.#options = options;
		this.#graceMs = options.graceMs ?? POD_GRACE_MS;
	}

	get isRunning(): boolean {
		return this.#process !== undefined;
	}

	get isStopped(): boolean {
		return this.#process?.isStopped === true;
	}

	/** Runs the application; resolves with its exit status. Errors: those of `start`, unless the end was requested. */
	async run(): Promise<number> {
		while (this.#endStatus === undefined) {
			this.#restartDue = false;
			const status = await this.#runOnce();
			if (this.#endStatus === undefined && !this.#restartDue) return status;
		}
		return this.#endStatus;
	}

	async #runOnce(): Promise<number> {
		const { start, members, log, onEvent } = this.#options;
		let started: StartedProcess;
		try {
			started = await start(this.#abort.signal);
		} catch (error) {
			if (this.#endStatus !== undefined) return this.#endStatus;
			throw error;
		}
		this.#process = started;
		const { pid } = started;
		onEvent({ type: 'application-started', pid });
		if (this.#restartDue || this.#endStatus !== undefined) void started.stop(this.#graceMs);
		const { status, signal } = await started.ended;
		this.#process = undefined;
		if (!this.#restartDue) this.#isLast = true;
		onEvent({ type: 'application-ended', pid, ...(signal === undefined ? { status } : { signal }) });
		const left = await killMembers(members);
		if (left.length > 0) log.warn({ pids: left }, `cannot kill processes of the application: ${left.join(', ')}`);
		return status;
	}

	/**
	 * Ends the process and starts another. Requests before the next start share it. A request during a start causes one
	 * more, because the process may have read the old state. Returns false if the application ends for good.
	 */
	restart(): boolean {
		if (this.#isLast) return false;
		this.#restartDue = true;
		void this.#process?.stop(this.#graceMs);
		return true;
	}

	/** Ends the application for good, with this exit status. The first status counts. */
	end(status: number): void {
		this.#isLast = true;
		this.#restartDue = false;
		this.#endStatus ??= status;
		this.#abort.abort();
		void this.#process?.stop(this.#graceMs);
	}

	/** Sends a signal to the process; returns false if none runs. */
	send(signal: NodeJS.Signals): boolean {
		return this.#process?.send(signal) === true;
	}

	receive(signal: NodeJS.Signals, isDelivered: boolean): void {
		if (this.#process !== undefined) {
			// Whether the process ends by this signal or by the restart, no other one is started.
			if (ENDING_RESTART.has(signal)) this.#restartDue = false;
			if (signal === 'SIGTERM') this.#isLast = true;
			if (!isDelivered) this.#process.send(signal);
		} else if (ENDING.has(signal) && !this.#isLast) {
			this.end(128 + constants.signals[signal]);
		} else {
			this.#options.log.debug({ signal }, 'no process to pass the signal on to');
		}
	}
}
