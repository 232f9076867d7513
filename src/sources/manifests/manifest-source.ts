/**
 * ConfigMaps of one `-f` argument: a file, a directory, or "-" for standard input, and what else is in there for whoever
 * asks. Files are watched; a burst of changes is one report. Knows nothing of other sources.
 */

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { Debouncer } from '../../base/debouncer.js';
import { ConfigMapFsError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import { systemReason } from '../../go/system-reason.js';
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
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	readonly log: Logger;
	/** What "-" reads. */
	readonly stdin?: AsyncIterable<Buffer | string>;
	/** Default knows nothing. */
	readonly openForWriting?: OpenForWriting;
	/** Default is the clock of the process. */
	readonly timers?: Timers;
}

/** A save makes a few events within a millisecond or two; more than this apart are two saves. */
const QUIET_MS = 15;
/** Somebody who writes one file all the time delays the news of another one by this much at most. */
const MAX_DELAY_MS = 100;

export class ManifestSource implements Source {
	readonly description: string;
	readonly #options: ManifestSourceOptions;
	readonly #listing: ManifestListingOptions;
	readonly #log: Logger;
	readonly #timers: Timers;
	readonly #files = new Map<string, ManifestFile>();
	/** Files that want to be looked at again, at a time of the clock. */
	readonly #doubtful = new Map<ManifestFile, number>();
	readonly #debouncer: Debouncer;
	/** The same files in walking order; undefined: one came or went. */
	#ordered: readonly ManifestFile[] | undefined;
	#watcher: PathWatcher | undefined;
	readonly #publisher: ManifestPublisher;
	#needs: SourceNeeds = { explains: false };
	#again: PendingCall | undefined;
	#closed = false;

	constructor(options: ManifestSourceOptions) {
		this.#options = options;
		this.#listing = { recursive: options.recursive ?? false, ignore: options.ignore ?? new Set() };
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
	 * Errors: INPUT_MISSING the path does not exist or cannot be read; INPUT_INVALID nothing good is in it and
	 * something bad is.
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
			// Watched before it is read: no change can fall between the two.
			this.#watcher.watch([{ path, ...this.#listing }]);
			for (const file of this.#list()) file.lookFirst();
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
		this.#again?.cancel();
		// Whoever still waits for its end would keep the program from ending.
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
			throw new ConfigMapFsError('INPUT_MISSING', `Cannot read ${name}: ${systemReason(error)}`, { cause: error });
		}
		if (this.#closed) return;
		const parsed = this.#parse(name, Buffer.concat(chunks));
		this.#publisher.first(sink, [nextState(NO_MANIFESTS, parsed)]);
	}

	#parse(file: string, content: Buffer): ParsedManifest {
		const { defaultNamespace } = this.#options;
		return parseManifest(content, { file, defaultNamespace, needs: this.#needs });
	}

	/** The files of the moment and those that were there before; new ones are added. */
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

	/** Something may have changed anywhere. */
	#scan(): void {
		if (this.#closed) return;
		this.#look(this.#list());
	}

	#look(files: Iterable<ManifestFile>): void {
		const now = this.#timers.now();
		let changed = false;
		for (const file of files) {
			const look = file.look(now);
			changed ||= look.changed;
			if (look.againMs === undefined) this.#doubtful.delete(file);
			else this.#doubtful.set(file, now + look.againMs);
			if (file.gone && this.#files.delete(file.path)) this.#ordered = undefined;
		}
		this.#armAgain();
		if (changed) this.#publisher.next(this.#states());
	}

	#armAgain(): void {
		this.#again?.cancel();
		this.#again = undefined;
		if (this.#doubtful.size === 0) return;
		const delayMs = Math.max(1, Math.min(...this.#doubtful.values()) - this.#timers.now());
		this.#again = this.#timers.after(delayMs, () => {
			if (!this.#closed) this.#look([...this.#doubtful.keys()]);
		});
	}

	#states(): readonly ManifestState[] {
		return this.#inOrder().map((file) => file.state);
	}

	#inOrder(): readonly ManifestFile[] {
		this.#ordered ??= [...this.#files.values()].sort((a, b) => compareWalkOrder(a.path, b.path));
		return this.#ordered;
	}
}
