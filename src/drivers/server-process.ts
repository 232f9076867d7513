/**
 * The daemon's handle on the server process: start, questions, end.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ConfigMapFsError, type ErrorCode, EXIT_STATUS } from '../base/errors.js';
import { JsonLines } from '../base/json-lines.js';
import type { DaemonMessage, Leftovers, ServerConfig, ServerFault, ServerMessage } from '../journal/server-protocol.js';
import type { MountEnd } from './driver.js';

const SERVER = fileURLToPath(new URL('../server.js', import.meta.url));

/** Receives the messages of the server that it sends on its own. */
export interface ServerListener {
	/** The server does not use a segment of the journal any more. */
	segmentUnused(index: number): void;
	/** An exception in the server. */
	fault(fault: ServerFault): void;
}

export class ServerProcess {
	readonly #child: ChildProcess;
	readonly #socket: Socket;
	readonly #started: Promise<void>;
	readonly ended: Promise<MountEnd>;
	#upcalls: ((upcalls: Readonly<Record<string, number>>) => void)[] = [];
	readonly #listener: ServerListener;
	/** Why the server gave up, if it has said so. */
	#failure: string | undefined;
	#hasEnded = false;

	/**
	 * Starts the process, which gets ready and waits for `mount`. It is in a session of its own: a terminal's Ctrl-C is
	 * for the daemon, which unmounts first.
	 */
	constructor(config: ServerConfig, listener: ServerListener) {
		this.#listener = listener;
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
			this.#child.on('exit', () => {
				this.#hasEnded = true;
				for (const answer of this.#upcalls) answer({});
			});
			// Not before the last message on the socket is read.
			this.#child.on('close', (status, signal) => {
				const how = signal === null ? `exit status ${status}` : `killed by ${signal}`;
				const detail = this.#failure === undefined ? how : `${how}: ${this.#failure}`;
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
				else if (message.type === 'failed') {
					this.#failure = message.message;
					reject(new ConfigMapFsError(errorCode(message.code), message.message));
				} else if (message.type === 'segment-unused') this.#listener.segmentUnused(message.segment);
				else if (message.type === 'fault') this.#listener.fault({ where: message.where, stack: message.stack });
				else this.#upcalls.shift()?.(message.upcalls);
			});
			this.#socket.on('data', (chunk: Buffer) => messages.push(chunk));
			this.#child.on('error', reject);
			this.#socket.on('close', () => {
				reject(new ConfigMapFsError('DRIVER_DIED', 'The process that should answer the kernel ended while it started'));
			});
		});
	}

	/** From now on the server cleans these up if the daemon is killed. */
	cleanUpAfterDaemon(leftovers: Leftovers): void {
		this.#say({ type: 'leftovers', ...leftovers });
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
