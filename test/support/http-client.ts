/** Requests to a server on this machine: a single one, or continuous ones. */

import http from 'node:http';
import { WAIT_MS } from './until.js';

/** Sends one request on a new connection and returns the body. Errors: a status other than 200. */
export async function get(port: number, path: string): Promise<string> {
	return await new Promise((resolve, reject) => {
		const request = http.get({ host: '127.0.0.1', port, path, agent: false, timeout: WAIT_MS }, (response) => {
			let body = '';
			response.setEncoding('utf8').on('data', (text: string) => {
				body += text;
			});
			response.on('error', reject);
			response.on('end', () => {
				if (response.statusCode === 200) resolve(body);
				else reject(new Error(`status ${response.statusCode}: ${body}`));
			});
		});
		request.on('timeout', () => request.destroy(new Error('no response')));
		request.on('error', reject);
	});
}

/** Sends requests for a path, without a pause, until `stop`. */
export class Client {
	/** In the order of their first appearance. */
	readonly bodies = new Set<string>();
	readonly failures: string[] = [];
	#isStopped = false;
	readonly #over: Promise<void>;

	constructor(port: number, path: string) {
		this.#over = this.#run(port, path);
	}

	async #run(port: number, path: string): Promise<void> {
		while (!this.#isStopped) {
			try {
				this.bodies.add(await get(port, path));
			} catch (error) {
				this.failures.push(String(error));
			}
		}
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		await this.#over;
	}
}
