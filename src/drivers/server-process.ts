/**
 * The server process as the daemon sees it: start, messages, end.
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
	/** The reason of the server's end, if it has reported one. */
	#failure: string | undefined;
	#hasEnded = false;

	/**
	 * Starts the process, which loads its modules and waits for `mount`. It has its own session, because a terminal's
	 * Ctrl-C must reach only the daemon, which unmounts first.
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
		// The server may end before `mount` waits for it.
		this.#started.catch(() => {});
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/**
	 * Mounts; resolves when requests are answered.
	 * Errors: the error that the server reports; DRIVER_DIED if it ends without a report.
	 */
	async mount(): Promise<void> {
		this.#send({ type: 'mount' });
		await this.#started;
	}

	#send(message: DaemonMessage): void {
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
				reject(new ConfigMapFsError('DRIVER_DIED', 'the server process ended during its start'));
			});
		});
	}

	/** From now on the server cleans these up if the daemon is killed. */
	cleanUpAfterDaemon(leftovers: Leftovers): void {
		this.#send({ type: 'leftovers', ...leftovers });
	}

	/** The public mount in the mount table; the server unmounts it if the daemon is killed. */
	shown(mountId: number): void {
		this.#send({ type: 'shown', mountId });
	}

	/** Number of requests so far, by opcode. */
	upcalls(): Promise<Readonly<Record<string, number>>> {
		if (this.#hasEnded) return Promise.resolve({});
		return new Promise((resolve) => {
			this.#upcalls.push(resolve);
			this.#send({ type: 'upcalls' });
		});
	}

	/** Kills the process, which closes /dev/fuse and thereby aborts all waiting requests. */
	kill(): void {
		if (!this.#hasEnded) this.#child.kill('SIGKILL');
	}
}

function errorCode(text: string): ErrorCode {
	return text in EXIT_STATUS ? (text as ErrorCode) : 'INTERNAL';
}
