/**
 * The request of `--on-change http:URL`. It has no body, and is retried if there is no response or the server is busy.
 */

import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { CallOutcome } from '../../control/events.js';
import { hideCredentials } from './on-change.js';

export interface ChangeCallOptions {
	readonly log: Logger;
	/** Default is 5 s. Unit: milliseconds. */
	readonly timeoutMs?: number;
	/** Pause before each retry. Default is 0.5 s and 1.5 s. Unit: milliseconds. */
	readonly pausesMs?: readonly number[];
}

const TIMEOUT_MS = 5000;
const PAUSES_MS: readonly number[] = [500, 1500];
/** Whether to retry. Source: RFC 9110 15.5.9, 15.6; RFC 6585 4. */
const isBusy = (status: number) => status >= 500 || status === 408 || status === 429;

export class ChangeCalls {
	readonly #options: ChangeCallOptions;
	readonly #abort = new AbortController();

	constructor(options: ChangeCallOptions) {
		this.#options = options;
	}

	/** Resolves after the last try; with undefined if `close` ended it. Never rejects. */
	async call(method: string, url: string): Promise<CallOutcome | undefined> {
		const { log, pausesMs = PAUSES_MS } = this.#options;
		for (let tries = 1; ; tries++) {
			const response = await this.#tryOnce(method, url);
			if (this.#abort.signal.aborted) return undefined;
			if (typeof response === 'number' && response < 300) return { outcome: 'done', status: response, tries };
			const pauseMs = pausesMs[tries - 1];
			const details = typeof response === 'number' ? { status: response } : { reason: response };
			if (pauseMs === undefined || (typeof response === 'number' && !isBusy(response))) {
				return { outcome: 'failed', ...details, tries };
			}
			log.debug({ method, url: hideCredentials(url), tries, ...details }, 'retrying the request of --on-change');
			await sleep(pauseMs, undefined, { signal: this.#abort.signal }).catch(() => {});
		}
	}

	/** The status of the response, or the reason why there is none. */
	#tryOnce(method: string, url: string): Promise<number | string> {
		const { timeoutMs = TIMEOUT_MS } = this.#options;
		const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)]);
		return new Promise((resolve) => {
			try {
				const client = url.startsWith('https:') ? https : http;
				const request = client.request(url, { method, agent: false, signal, headers: { 'Content-Length': 0 } });
				request.on('response', (response) => {
					// Only the status matters.
					response.on('error', () => {});
					response.resume();
					resolve(response.statusCode ?? 0);
				});
				request.on('error', (error) => {
					resolve(
						error.name === 'TimeoutError' || signal.aborted ? `no response within ${timeoutMs} ms` : errorText(error),
					);
				});
				request.end();
			} catch (error) {
				resolve(errorText(error));
			}
		});
	}

	/** Aborts the requests in progress. */
	close(): void {
		this.#abort.abort();
	}
}
