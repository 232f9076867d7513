/**
 * The main process of the application. It runs as if a shell had started it: in the same terminal, process group and
 * session, with our standard streams and default signal handling. Each restart creates another object.
 */

import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { readStat } from '../../native/proc.js';
import { type ProcessSurroundings, spawnWithin } from './spawn.js';

export interface ApplicationEnd {
	/** Exit status, or 128+N for signal N. Node reports a real-time signal as status 0. */
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

	/** Resolves once the process runs. Errors: COMMAND_NOT_FOUND, COMMAND_REFUSED. */
	static async start(
		options: ProcessSurroundings & { readonly command: readonly string[] },
	): Promise<ApplicationProcess> {
		return new ApplicationProcess(await spawnWithin(options.command, options));
	}

	/** Whether job control or SIGSTOP has stopped the process. */
	get isStopped(): boolean {
		return !this.#hasEnded && readStat(this.pid)?.state === 'T';
	}

	get #hasEnded(): boolean {
		return this.#child.exitCode !== null || this.#child.signalCode !== null;
	}

	/** Returns false if the process has ended. */
	send(signal: NodeJS.Signals): boolean {
		return !this.#hasEnded && this.#child.kill(signal);
	}

	/**
	 * Sends SIGTERM, and SIGKILL if the process has not ended after `graceMs`. Idempotent; the first grace counts.
	 * Source: kubelet v1.32, terminationGracePeriodSeconds.
	 */
	stop(graceMs: number): Promise<ApplicationEnd> {
		this.#stopping ??= this.#stop(graceMs);
		return this.#stopping;
	}

	async #stop(graceMs: number): Promise<ApplicationEnd> {
		this.send('SIGTERM');
		// A stopped process handles signals only after it continues.
		this.send('SIGCONT');
		const timer = setTimeout(() => this.send('SIGKILL'), graceMs);
		const end = await this.ended;
		clearTimeout(timer);
		return end;
	}
}
