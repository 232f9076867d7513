/**
 * The application's main process, as faithful as if a shell had started it: same terminal, process group and session,
 * our standard streams, signals as they are by default. One object is one process; a restart makes another.
 */

import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { readStat } from '../../native/proc.js';
import { type ProcessSurroundings, spawnWithin } from './spawn.js';

export interface ApplicationEnd {
	/** That of the process, or 128 and the number of the signal that ended it. Node says 0 for a real-time signal. */
	readonly status: number;
	readonly signal: NodeJS.Signals | undefined;
}

export class ApplicationProcess {
	readonly ended: Promise<ApplicationEnd>;
	readonly pid: number;
	readonly #child: ChildProcess;
	#stopping: Promise<ApplicationEnd> | undefined;

	private constructor(child: ChildProcess) {
		this.#child = child;
		this.pid = child.pid ?? 0;
		this.ended = new Promise((resolve) => {
			child.on('exit', (code, signal) => {
				resolve({
					status: signal === null ? (code ?? 0) : 128 + constants.signals[signal],
					signal: signal ?? undefined,
				});
			});
		});
	}

	/** Resolves when it runs. Errors: COMMAND_NOT_FOUND, COMMAND_REFUSED. */
	static async start(
		options: ProcessSurroundings & { readonly command: readonly string[] },
	): Promise<ApplicationProcess> {
		return new ApplicationProcess(await spawnWithin(options.command, options));
	}

	/** Stopped by job control or SIGSTOP, and not continued. */
	get isStopped(): boolean {
		return !this.#hasEnded && readStat(this.pid)?.state === 'T';
	}

	get #hasEnded(): boolean {
		return this.#child.exitCode !== null || this.#child.signalCode !== null;
	}

	/** Returns false when it has ended. */
	send(signal: NodeJS.Signals): boolean {
		return !this.#hasEnded && this.#child.kill(signal);
	}

	/**
	 * SIGTERM, then SIGKILL when it has not ended after `graceMs`. Idempotent; the first grace counts.
	 * Source: kubelet v1.32, terminationGracePeriodSeconds.
	 */
	stop(graceMs: number): Promise<ApplicationEnd> {
		this.#stopping ??= this.#stop(graceMs);
		return this.#stopping;
	}

	async #stop(graceMs: number): Promise<ApplicationEnd> {
		this.send('SIGTERM');
		// Who is stopped gets no signal.
		this.send('SIGCONT');
		const timer = setTimeout(() => this.send('SIGKILL'), graceMs);
		const end = await this.ended;
		clearTimeout(timer);
		return end;
	}
}
