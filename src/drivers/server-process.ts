/**
 * The daemon's handle on the server process: start, questions, end.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ConfigMapFsError, type ErrorCode, EXIT_STATUS } from '../base/errors.js';
import { JsonLines } from '../base/json-lines.js';
import type { DaemonMessage, Guarded, ServerConfig, ServerMessage } from '../journal/server-protocol.js';
import type { MountEnd } from './driver.js';

const SERVER = fileURLToPath(new URL('../server.js', import.meta.url));

export class ServerProcess {
	readonly #child: ChildProcess;
	readonly #socket: Socket;
	readonly #started: Promise<void>;
	readonly ended: Promise<MountEnd>;
	#upcalls: ((upcalls: Readonly<Record<string, number>>) => void)[] = [];
	readonly #segmentUnused: (index: number) => void;
	#hasEnded = false;

	/**
	 * Starts the process, which gets ready and waits for `mount`. It is in a session of its own: a terminal's Ctrl-C is
	 * for the daemon, which unmounts first.
	 */
	constructor(config: ServerConfig, segmentUnused: (index: number) => void) {
		this.#segmentUnused = segmentUnused;
		this.#child = spawn(process.execPath, ['--no-warnings', SERVER, JSON.stringify(config)], {
			detached: true,
			stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
		});
		this.#socket = this.#child.stdio[3] as Socket;
		this.#socket.on('error', () => {});
		this.ended = new Promise((resolve) => {
			this.#child.on('error', (error) => {
				if (this.#child.pid === undefined) resolve({ reason: 'died', detail: error.message });
			});
			this.#child.on('exit', (status, signal) => {
				this.#hasEnded = true;
				for (const answer of this.#upcalls) answer({});
				const detail = signal === null ? `exit status ${status}` : `killed by ${signal}`;
				resolve(status === 0 ? { reason: 'unmounted' } : { reason: 'died', detail });
			});
		});
		this.#started = this.#listen();
		// Nobody may be waiting yet when it ends.
		this.#started.catch(() => {});
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/**
	 * Makes the mount; resolves when requests are answered.
	 * Errors: what the server says; DRIVER_DIED when it just ends.
	 */
	async mount(): Promise<void> {
		this.#say({ type: 'mount' });
		await this.#started;
	}

	#say(message: DaemonMessage): void {
		this.#socket.write(`${JSON.stringify(message)}\n`);
	}

	#listen(): Promise<void> {
		return new Promise((resolve, reject) => {
			const messages = new JsonLines((value) => {
				const message = value as ServerMessage;
				if (message.type === 'serving') resolve();
				else if (message.type === 'failed') reject(new ConfigMapFsError(errorCode(message.code), message.message));
				else if (message.type === 'segment-unused') this.#segmentUnused(message.segment);
				else this.#upcalls.shift()?.(message.upcalls);
			});
			this.#socket.on('data', (chunk: Buffer) => messages.push(chunk));
			this.#child.on('error', reject);
			this.#socket.on('close', () => {
				reject(new ConfigMapFsError('DRIVER_DIED', 'The process that should answer the kernel ended while it started'));
			});
		});
	}

	/** From now on the server cleans up after a killed daemon; see `Guarded`. */
	guard(guarded: Guarded): void {
		this.#say({ type: 'guard', ...guarded });
	}

	/** Which mount of the mount table people see; the server takes it away when the daemon cannot. */
	shown(mountId: number): void {
		this.#say({ type: 'shown', mountId });
	}

	/** Requests answered so far, by opcode. */
	upcalls(): Promise<Readonly<Record<string, number>>> {
		if (this.#hasEnded) return Promise.resolve({});
		return new Promise((resolve) => {
			this.#upcalls.push(resolve);
			this.#say({ type: 'upcalls' });
		});
	}

	/** Ends the process, which closes /dev/fuse and so aborts every request that still waits. */
	kill(): void {
		if (!this.#hasEnded) this.#child.kill('SIGKILL');
	}
}

function errorCode(text: string): ErrorCode {
	return text in EXIT_STATUS ? (text as ErrorCode) : 'INTERNAL';
}
