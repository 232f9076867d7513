/**
 * A ConfigMap that follows its source files: one `--create NAME` with its `--from-*` flags. Unfinished saves of editors and
 * copies are not published:
 * (1) files are read after a quiet period, so a burst of writes causes one reading;
 * (2) a reading with a new error, or without content that was there before, is accepted only after it stays unchanged
 *     (settling.ts). Until then, and while the sources are invalid, the last valid state stays.
 */

import { createHash } from 'node:crypto';
import { Debouncer } from '../../base/debouncer.js';
import { ConfigMapFsError, type ErrorCode } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import { type ConfigMap, sameData } from '../../model/config-map.js';
import { contentViolations, objectKeyViolations } from '../../model/validation.js';
import type { Problem, Source, SourceSink } from '../../store/source.js';
import { configMapObject } from '../../store/source-object.js';
import { PathWatcher } from '../watch/path-watcher.js';
import { type Observation, Settling } from '../watch/settling.js';
import type { Environment } from './env-file.js';
import {
	type GeneratorFlags,
	type GeneratorSources,
	generateConfigMap,
	readGeneratorFlags,
	sourcePaths,
} from './generated-config-map.js';
import { SourceFiles } from './source-files.js';

/** The inputs of a source besides its flags. */
export interface GeneratedSourceOptions {
	readonly namespace: string;
	/** Relative paths of the flags start here. */
	readonly cwd: string;
	readonly env: Environment;
	readonly log: Logger;
	readonly timers?: Timers;
}

/** Editors pause for less than this between the steps of a save. Unit: milliseconds. */
export const QUIET_MS = 15;
/** A file that is written continuously is read this often. Unit: milliseconds. */
const MAX_DELAY_MS = 200;

type Reading =
	| { readonly kind: 'object'; readonly object: ConfigMap; readonly fingerprint: string }
	| { readonly kind: 'problem'; readonly code: ErrorCode; readonly problem: Problem; readonly fingerprint: string };

/** One generated ConfigMap as a source. */
export class GeneratedSource implements Source {
	readonly description: string;
	readonly #flags: GeneratorFlags;
	readonly #options: GeneratedSourceOptions;
	readonly #timers: Timers;
	readonly #files: SourceFiles;
	readonly #watcher: PathWatcher;
	readonly #debouncer: Debouncer;
	#sources: GeneratorSources = { literals: [], files: [], envFiles: [] };
	#sink: SourceSink | undefined;
	#published: ConfigMap | undefined;
	#problem: Problem | undefined;
	readonly #settling = new Settling();
	#nextReading: PendingCall | undefined;
	#reading = false;
	#readAgain = false;
	#closed = false;

	constructor(flags: GeneratorFlags, options: GeneratedSourceOptions) {
		this.description = `--create ${flags.name}`;
		this.#flags = flags;
		this.#options = options;
		this.#timers = options.timers ?? SYSTEM_TIMERS;
		this.#files = new SourceFiles(options.cwd);
		this.#debouncer = new Debouncer({
			quietMs: QUIET_MS,
			maxDelayMs: MAX_DELAY_MS,
			timers: this.#timers,
			call: () => void this.#update(),
		});
		this.#watcher = new PathWatcher({ log: options.log, onChange: () => this.#debouncer.poke() });
	}

	/** Errors: USAGE for flags that cannot be combined; INPUT_MISSING and INPUT_INVALID with kubectl's text. */
	async start(sink: SourceSink): Promise<void> {
		this.#sources = readGeneratorFlags(this.#flags);
		const first = await this.#read();
		if (first.kind === 'problem') throw new ConfigMapFsError(first.code, first.problem.reason);
		if (this.#closed) return;
		this.#sink = sink;
		this.#publish(first.object);
		const paths = sourcePaths(this.#sources).filter((path) => !this.#files.isReadOnce(path));
		this.#watcher.watch(paths.map((path) => ({ path: this.#files.locate(path) })));
		// A change between the reading and the watch raises no event, so the files are read again.
		if (paths.length > 0) this.#debouncer.poke();
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#watcher.close();
		this.#debouncer.cancel();
		this.#nextReading?.cancel();
		this.#sink = undefined;
	}

	/** Runs one reading at a time; a change during a reading causes another one. */
	async #update(): Promise<void> {
		this.#readAgain = this.#reading;
		if (this.#reading || this.#closed) return;
		this.#reading = true;
		try {
			const reading = await this.#read();
			if (!this.#closed) this.#judge(reading);
		} catch (error) {
			this.#options.log.error(
				{ err: error, source: this.description },
				'cannot read the sources of a generated ConfigMap',
			);
		} finally {
			this.#reading = false;
			if (this.#readAgain) this.#debouncer.poke();
			this.#readAgain = false;
		}
	}

	async #read(): Promise<Reading> {
		const { name } = this.#flags;
		const inputs = { files: this.#files, environment: this.#options.env };
		const key = { namespace: this.#options.namespace, name };
		const generation = await generateConfigMap(name, this.#sources, inputs);
		if (generation.kind === 'failed') {
			const problem = { ...generation.problem, key };
			return { kind: 'problem', code: generation.code, problem, fingerprint: `problem ${problem.reason}` };
		}
		const { data, binaryData } = generation;
		const object: ConfigMap = { key, labels: new Map(), immutable: false, data, binaryData };
		const violation = [...objectKeyViolations(key), ...contentViolations(object)][0];
		if (violation === undefined) return { kind: 'object', object, fingerprint: fingerprintOf(object) };
		const problem = { location: this.description, reason: violation.text, key };
		return { kind: 'problem', code: 'INPUT_INVALID', problem, fingerprint: `problem ${problem.reason}` };
	}

	#judge(reading: Reading): void {
		this.#nextReading?.cancel();
		const state = this.#stateOf(reading);
		const waitMs = this.#settling.observe({ state, fingerprint: reading.fingerprint }, this.#timers.now());
		if (waitMs === 0) {
			if (reading.kind === 'problem') this.#report(reading.problem);
			else this.#publish(reading.object);
		} else if (state === 'doubtful') {
			this.#nextReading = this.#timers.after(waitMs, () => void this.#update());
		}
	}

	/** Returns `writing` if a file changed during the reading: the debouncer then starts another reading. */
	#stateOf(reading: Reading): Observation['state'] {
		if (this.#debouncer.pending || this.#readAgain) return 'writing';
		return this.#isDoubtful(reading) ? 'doubtful' : 'complete';
	}

	/** Whether this may be an unfinished save: a new error, or content that is now missing or empty. */
	#isDoubtful(reading: Reading): boolean {
		if (reading.kind === 'problem') return reading.problem.reason !== this.#problem?.reason;
		const published = this.#published;
		if (published === undefined) return false;
		for (const [key, value] of [...published.data, ...published.binaryData]) {
			const next = reading.object.data.get(key) ?? reading.object.binaryData.get(key);
			if (next === undefined || (next.length === 0 && value.length > 0)) return true;
		}
		for (const [key, value] of reading.object.data) {
			if (value.length === 0 && !published.data.has(key) && !published.binaryData.has(key)) return true;
		}
		return false;
	}

	#publish(object: ConfigMap): void {
		const published = this.#published;
		if (published === undefined || !sameData(published, object)) {
			const isFirst = published === undefined;
			this.#published = object;
			const reported = configMapObject(object, this.description);
			if (isFirst) this.#sink?.replace([reported]);
			else this.#sink?.put(reported);
		}
		if (this.#problem !== undefined) {
			this.#problem = undefined;
			this.#sink?.problems([]);
		}
	}

	#report(problem: Problem): void {
		if (problem.reason === this.#problem?.reason) return;
		this.#problem = problem;
		this.#sink?.problems([problem]);
	}
}

function fingerprintOf(object: ConfigMap): string {
	const hash = createHash('sha256');
	for (const [key, value] of [...object.data, ...object.binaryData]) {
		hash.update(`${key} ${value.length}\n`).update(value);
	}
	return hash.digest('hex');
}
