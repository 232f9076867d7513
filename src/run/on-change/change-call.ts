/**
 * The request of `--on-change http:URL`: without a body, tried again when nobody answers or the other side is busy.
 */

import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { hideCredentials } from './on-change.js';

export interface ChangeCallOptions {
	readonly log: Logger;
	/** Default is 5 s. Unit: milliseconds. */
	readonly timeoutMs?: number;
	/** Before each further try. Default is 0.5 s and 1.5 s. Unit: milliseconds. */
	readonly pausesMs?: readonly number[];
}

const TIMEOUT_MS = 5000;
const PAUSES_MS: readonly number[] = [500, 1500];
/** Worth another try. Source: RFC 9110 15.5.9, 15.6; RFC 6585 4. */
const isBusy = (status: number) => status >= 500 || status === 408 || status === 429;

export class ChangeCalls {
	readonly #options: ChangeCallOptions;
	readonly #abort = new AbortController();

	constructor(options: ChangeCallOptions) {
		this.#options = options;
	}

	/** Resolves when it is over. Never fails: what goes wrong is a warning. */
	async call(method: string, url: string): Promise<void> {
		const { log, pausesMs = PAUSES_MS } = this.#options;
		const shown = hideCredentials(url);
		for (let tries = 1; ; tries++) {
			const outcome = await this.#tryOnce(method, url);
			if (this.#abort.signal.aborted) return;
			if (typeof outcome === 'number' && outcome < 300) {
				log.debug({ method, url: shown, status: outcome }, 'called the URL of --on-change');
				return;
			}
			const pauseMs = pausesMs[tries - 1];
			const isFinal = pauseMs === undefined || (typeof outcome === 'number' && !isBusy(outcome));
			const said = typeof outcome === 'number' ? { status: outcome } : { reason: outcome };
			if (isFinal) {
				log.warn({ method, url: shown, tries, ...said }, 'the URL of --on-change did not accept the call');
				return;
			}
			log.debug({ method, url: shown, tries, ...said }, 'the URL of --on-change is called again');
			await sleep(pauseMs, undefined, { signal: this.#abort.signal }).catch(() => {});
		}
	}

	/** The status of the answer, or why there is none. */
	#tryOnce(method: string, url: string): Promise<number | string> {
		const { timeoutMs = TIMEOUT_MS } = this.#options;
		const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)]);
		return new Promise((resolve) => {
			try {
				const client = url.startsWith('https:') ? https : http;
				const request = client.request(url, { method, agent: false, signal, headers: { 'Content-Length': 0 } });
				request.on('response', (response) => {
					// Only its status counts.
					response.on('error', () => {});
					response.resume();
					resolve(response.statusCode ?? 0);
				});
				request.on('error', (error) => {
					resolve(
						error.name === 'TimeoutError' || signal.aborted ? `no answer within ${timeoutMs} ms` : errorText(error),
					);
				});
				request.end();
			} catch (error) {
				resolve(errorText(error));
			}
		});
	}

	/** Ends what is under way. */
	close(): void {
		this.#abort.abort();
	}
}
