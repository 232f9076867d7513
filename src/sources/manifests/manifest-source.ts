/**
 * The objects of one `-f` argument: a file, a directory, or "-" for standard input. Watches the files; a burst of changes
 * is one report. Knows nothing of other sources.
 */

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Debouncer } from '../../base/debouncer.js';
import { ConfigMapFsError } from '../../base/errors.js';
import type { PathMatch } from '../../base/glob.js';
import type { Logger } from '../../base/log.js';
import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import { systemReason } from '../../go/system-reason.js';
import type { FieldValidation } from '../../model/fields/unknown-fields.js';
import type { Source, SourceNeeds, SourceSink } from '../../store/source.js';
import { PathWatcher } from '../watch/path-watcher.js';
import type { OpenForWriting } from '../watch/settling.js';
import { ManifestFile } from './manifest-file.js';
import { compareWalkOrder, listManifestFiles, type ManifestListingOptions } from './manifest-files.js';
import { type ParsedManifest, parseManifest } from './manifest-parser.js';
import { ManifestPublisher } from './manifest-publisher.js';
import { type ManifestState, NO_MANIFESTS, nextState } from './manifest-state.js';

export interface ManifestSourceOptions {
	/** The value of `-f`. */
	readonly path: string;
	/** `-R`. Default is false. */
	readonly recursive?: boolean;
	/** Physical paths of directories that are never entered: mount points of this program. Default is none. */
	readonly ignore?: ReadonlySet<string>;
	/** Files and directories of the directory that are not read. Default is none. */
	readonly exclude?: PathMatch;
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	/** Default: `warn`. */
	readonly fieldValidation?: FieldValidation;
	readonly log: Logger;
	/** Content of "-". */
	readonly stdin?: AsyncIterable<Buffer | string>;
	/** Default: cannot tell. */
	readonly openForWriting?: OpenForWriting;
	/** Default is the clock of the process. */
	readonly timers?: Timers;
}

/** The events of one save are a millisecond or two apart; events further apart than this belong to two saves. */
const QUIET_MS = 15;
/** A file that is written without a pause delays the report of other files by at most this much. */
const MAX_DELAY_MS = 100;

export class ManifestSource implements Source {
	readonly description: string;
	readonly #options: ManifestSourceOptions;
	readonly #listing: ManifestListingOptions;
	readonly #log: Logger;
	readonly #timers: Timers;
	readonly #files = new Map<string, ManifestFile>();
	/** When unsettled files are due for the next check. Unit: milliseconds of the clock. */
	readonly #unsettled = new Map<ManifestFile, number>();
	readonly #debouncer: Debouncer;
	/** The files in walking order; undefined after a file was added or removed. */
	#ordered: readonly ManifestFile[] | undefined;
	#watcher: PathWatcher | undefined;
	readonly #publisher: ManifestPublisher;
	#needs: SourceNeeds = { explains: false };
	#nextCheck: PendingCall | undefined;
	#closed = false;

	constructor(options: ManifestSourceOptions) {
		this.#options = options;
		const { recursive = false, ignore = new Set(), exclude = () => false } = options;
		this.#listing = { recursive, ignore, exclude };
		this.description = `-f ${options.path}`;
		this.#log = options.log.child({ component: 'manifest-source', source: this.description });
		this.#publisher = new ManifestPublisher(this.#log);
		this.#timers = options.timers ?? SYSTEM_TIMERS;
		this.#debouncer = new Debouncer({
			quietMs: QUIET_MS,
			maxDelayMs: MAX_DELAY_MS,
			timers: this.#timers,
			call: () => this.#scan(),
		});
	}

	/**
	 * Errors: INPUT_MISSING if the path does not exist or cannot be read; InvalidSourceError if nothing in it is valid
	 * and something is invalid.
	 */
	async start(sink: SourceSink): Promise<void> {
		const { path } = this.#options;
		this.#needs = sink.needs;
		if (path === '-') return this.#startStream('STDIN', this.#options.stdin, sink);
		const listing = listManifestFiles(path, this.#listing);
		if (listing.kind === 'missing') {
			throw new ConfigMapFsError('INPUT_MISSING', `the path "${path}" does not exist`);
		}
		if (listing.kind === 'stream') return this.#startStream(path, createReadStream(path), sink);
		this.#watcher = new PathWatcher({
			onChange: () => this.#debouncer.poke(),
			log: this.#options.log,
			timers: this.#timers,
		});
		try {
			// Watch before the first reading, so that no change is missed in between.
			this.#watcher.watch([{ path, ...this.#listing }]);
			for (const file of this.#list()) file.readFirst();
			if (listing.kind === 'directory' && this.#files.size === 0) {
				this.#log.warn({ path }, `the directory "${path}" contains no .json, .yaml or .yml file`);
			}
			this.#publisher.first(sink, this.#states());
		} catch (error) {
			await this.close();
			throw error;
		}
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#watcher?.close();
		this.#debouncer.cancel();
		this.#nextCheck?.cancel();
		// A pending read of standard input would keep the process alive.
		const { path, stdin } = this.#options;
		if (path === '-' && stdin instanceof Readable) stdin.destroy();
	}

	async #startStream(
		name: string,
		stream: AsyncIterable<Buffer | string> | undefined,
		sink: SourceSink,
	): Promise<void> {
		const chunks: Buffer[] = [];
		try {
			for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
		} catch (error) {
			throw new ConfigMapFsError('INPUT_MISSING', `cannot read ${name}: ${systemReason(error)}`, { cause: error });
		}
		if (this.#closed) return;
		const parsed = this.#parse(name, Buffer.concat(chunks));
		this.#publisher.first(sink, [nextState(NO_MANIFESTS, parsed)]);
	}

	#parse(file: string, content: Buffer): ParsedManifest {
		const { defaultNamespace, fieldValidation = 'warn' } = this.#options;
		return parseManifest(content, { file, defaultNamespace, needs: this.#needs, fieldValidation });
	}

	/** The present files and those that were present before. Adds new files. */
	#list(): readonly ManifestFile[] {
		const listing = listManifestFiles(this.#options.path, this.#listing);
		for (const path of 'files' in listing ? listing.files : []) {
			if (this.#files.has(path)) continue;
			this.#ordered = undefined;
			const openForWriting = this.#options.openForWriting ?? (() => undefined);
			this.#files.set(path, new ManifestFile(path, (content) => this.#parse(path, content), openForWriting));
		}
		return [...this.#files.values()];
	}

	/** Checks every file, and lists the directory again. */
	#scan(): void {
		if (this.#closed) return;
		this.#check(this.#list());
	}

	#check(files: Iterable<ManifestFile>): void {
		const now = this.#timers.now();
		let changed = false;
		for (const file of files) {
			const result = file.check(now);
			changed ||= result.changed;
			if (result.againMs === undefined) this.#unsettled.delete(file);
			else this.#unsettled.set(file, now + result.againMs);
			if (file.isGone && this.#files.delete(file.path)) this.#ordered = undefined;
		}
		this.#scheduleNextCheck();
		if (changed) this.#publisher.next(this.#states());
	}

	#scheduleNextCheck(): void {
		this.#nextCheck?.cancel();
		this.#nextCheck = undefined;
		if (this.#unsettled.size === 0) return;
		const delayMs = Math.max(1, Math.min(...this.#unsettled.values()) - this.#timers.now());
		this.#nextCheck = this.#timers.after(delayMs, () => {
			if (!this.#closed) this.#check([...this.#unsettled.keys()]);
		});
	}

	#states(): readonly ManifestState[] {
		return this.#inOrder().map((file) => (file.isLeaving ? { ...file.state, isLeaving: true } : file.state));
	}

	#inOrder(): readonly ManifestFile[] {
		this.#ordered ??= [...this.#files.values()].sort((a, b) => compareWalkOrder(a.path, b.path));
		return this.#ordered;
	}
}
