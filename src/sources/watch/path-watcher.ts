/**
 * Reports that files or directories may have changed, by inotify. Does not read their content, and does not debounce.
 *
 * It is level-triggered: a report does not say what happened, only that the caller must read the paths again.
 * (1) Every entry on the way to a path is watched in its parent, through every link, before it is read.
 * (2) If a name is created, renamed or removed, the watches at and below it are closed, because they may belong to an
 *     inode that no longer has the name; then the paths are traced again.
 * (3) A trace that opened a watch ends with another report: it covers changes from before the watch existed.
 */

import { type FSWatcher, watch as openSystemWatch } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { systemCode } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import { directoryEntries, pathSignature } from './path-signature.js';
import { tracePath } from './path-trace.js';

/** A path to watch: a file, or a directory with its entries. It need not exist. */
export interface WatchedPath {
	/** A relative path starts at the working directory at the time of `watch`. */
	readonly path: string;
	/** Also watch the directories below a directory. Default: false. Links to directories are never entered. */
	readonly recursive?: boolean;
	/** Physical paths of directories that are not entered. Default: none. */
	readonly ignore?: ReadonlySet<string>;
}

/** Opens one inotify watch, as `fs.watch` does, which is the default. Errors: Node system errors. */
export type OpenWatch = (path: string, onEvent: (event: string, name: string | null) => void) => FSWatcher;

export interface PathWatcherOptions {
	/** Called when a path may have changed, never from within `watch`. `cause` is the path of the event, only for logs. */
	readonly onChange: (cause: string) => void;
	readonly log: Logger;
	readonly timers?: Timers;
	readonly openWatch?: OpenWatch;
}

/** One watched directory (or file, for its content). */
interface Watch {
	readonly path: string;
	/** Entries that matter; `all` makes every entry matter. */
	names: Set<string>;
	all: boolean;
	/** Undefined: the watch could not be opened, so the path is polled. */
	handle: FSWatcher | undefined;
	/** The signature at the last poll. */
	signature: string;
	/** The number of the last trace that needed it. */
	trace: number;
}

/** Changes of a path without a watch are reported this late. Unit: milliseconds. */
const POLL_INTERVAL_MS = 1000;
/** The pause before a trace is this many times as long as the previous trace took, whatever the rate of events. */
const TRACE_PAUSE_FACTOR = 5;
/** With this many events in one turn of the event loop, the kernel's queue may have overflowed; libuv does not report it. */
const OVERFLOW_SUSPICION = 4096;

const LIMITS: Readonly<Record<string, string>> = {
	ENOSPC: 'fs.inotify.max_user_watches',
	EMFILE: 'fs.inotify.max_user_instances',
};

/** Watches a replaceable set of paths until closed. */
export class PathWatcher {
	readonly #onChange: (cause: string) => void;
	readonly #log: Logger;
	readonly #timers: Timers;
	readonly #openWatch: OpenWatch;
	readonly #watches = new Map<string, Watch>();
	#paths: readonly WatchedPath[] = [];
	#trace = 0;
	#opened = 0;
	#lastTraceMs = 0;
	#eventsOfTurn = 0;
	#limitReported = false;
	#closed = false;
	#retrace: PendingCall | undefined;
	#poll: PendingCall | undefined;

	constructor(options: PathWatcherOptions) {
		this.#onChange = options.onChange;
		this.#log = options.log.child({ component: 'path-watcher' });
		this.#timers = options.timers ?? SYSTEM_TIMERS;
		this.#openWatch = options.openWatch ?? openSystemWatch;
	}

	/** Replaces the set of paths. Reports every change after the return, so read the files after it. */
	watch(paths: Iterable<WatchedPath>): void {
		if (this.#closed) return;
		const base = process.cwd();
		// Not path.resolve: it would drop "link/.." by text, where the kernel follows the link.
		this.#paths = [...paths].map((one) => (isAbsolute(one.path) ? one : { ...one, path: `${base}/${one.path}` }));
		this.#traceAll();
	}

	/** The number of open inotify watches. */
	get watchCount(): number {
		let count = 0;
		for (const watch of this.#watches.values()) if (watch.handle !== undefined) count += 1;
		return count;
	}

	/** Frees every watch and timer; idempotent. */
	close(): void {
		this.#closed = true;
		this.#retrace?.cancel();
		this.#poll?.cancel();
		for (const watch of this.#watches.values()) watch.handle?.close();
		this.#watches.clear();
	}

	#traceAll(): void {
		const start = this.#timers.now();
		this.#trace += 1;
		this.#opened = 0;
		for (const watched of this.#paths) {
			const { path } = watched;
			const end = tracePath(path, (directory, name) => this.#need(directory, name));
			// The file itself, too: a write through another hard link raises no event in its directory.
			if (end.kind === 'file') this.#need(end.path, undefined);
			if (end.kind === 'directory') this.#traceDirectory(end.path, watched);
		}
		for (const watch of [...this.#watches.values()]) if (watch.trace !== this.#trace) this.#drop(watch);
		this.#armPoll();
		this.#lastTraceMs = this.#timers.now() - start;
	}

	#traceDirectory(directory: string, watched: WatchedPath): void {
		// Watch before listing: an entry that the listing misses raises an event.
		if (!this.#need(directory, undefined)) return;
		for (const entry of directoryEntries(directory)) {
			const path = join(directory, entry.name);
			if (entry.isSymbolicLink()) {
				const end = tracePath(path, (parent, name) => this.#need(parent, name));
				if (end.kind === 'file') this.#need(end.path, undefined);
			} else if (watched.recursive === true && entry.isDirectory() && watched.ignore?.has(path) !== true) {
				this.#traceDirectory(path, watched);
			}
		}
	}

	/** Watches one entry of a directory; without a name every entry, or the content of a file. False: the path is gone. */
	#need(path: string, name: string | undefined): boolean {
		const watch = this.#watches.get(path) ?? this.#open(path);
		if (watch === undefined) return false;
		if (watch.trace !== this.#trace) {
			watch.trace = this.#trace;
			watch.names = new Set();
			watch.all = false;
		}
		if (name === undefined) watch.all = true;
		else watch.names.add(name);
		return true;
	}

	#open(path: string): Watch | undefined {
		const watch: Watch = { path, names: new Set(), all: false, handle: undefined, signature: '', trace: 0 };
		try {
			this.#openHandle(watch);
		} catch (error) {
			const code = systemCode(error) ?? '';
			if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
			this.#reportUnwatched(path, code, error);
		}
		this.#watches.set(path, watch);
		this.#opened += 1;
		return watch;
	}

	#openHandle(watch: Watch): void {
		const handle = this.#openWatch(watch.path, (event, name) => this.#onEvent(watch, event, name ?? ''));
		handle.on('error', (error) => {
			this.#log.debug({ path: watch.path, err: error }, 'watch failed');
			this.#onEvent(watch, 'rename', basename(watch.path));
		});
		watch.handle = handle;
	}

	#reportUnwatched(path: string, code: string, error: unknown): void {
		const setting = LIMITS[code];
		if (setting === undefined) {
			this.#log.debug({ path, err: error }, 'cannot watch the path, polling it once a second');
			return;
		}
		if (this.#limitReported) return;
		this.#limitReported = true;
		this.#log.warn(
			{ path, code, setting },
			`the inotify limit ${setting} is used up, so "${path}" is polled once a second; raise it with sysctl`,
		);
	}

	#onEvent(watch: Watch, event: string, name: string): void {
		if (this.#closed || this.#watches.get(watch.path) !== watch) return;
		this.#countEvent();
		if (event === 'rename' && name === basename(watch.path)) {
			// The directory itself was moved or removed, or an entry of the same name, which costs an unneeded trace.
			this.#dropTree(watch.path);
		} else if (!watch.all && !watch.names.has(name)) {
			return;
		}
		const cause = join(watch.path, name);
		if (event === 'rename') {
			this.#dropTree(cause);
			this.#traceSoon();
		}
		this.#onChange(cause);
	}

	#countEvent(): void {
		if (this.#eventsOfTurn === 0) {
			setImmediate(() => {
				const suspicious = this.#eventsOfTurn >= OVERFLOW_SUSPICION;
				this.#eventsOfTurn = 0;
				if (!suspicious || this.#closed) return;
				this.#log.debug('events may have been lost, opening every watch again');
				for (const watch of [...this.#watches.values()]) this.#drop(watch);
				this.#traceSoon();
			});
		}
		this.#eventsOfTurn += 1;
	}

	#traceSoon(): void {
		if (this.#retrace !== undefined || this.#closed) return;
		const delayMs = Math.min(200, this.#lastTraceMs * TRACE_PAUSE_FACTOR);
		this.#retrace = this.#timers.after(delayMs, () => {
			this.#retrace = undefined;
			if (this.#closed) return;
			this.#traceAll();
			if (this.#opened > 0) this.#onChange(this.#paths[0]?.path ?? '/');
		});
	}

	/** Closes the watches at and below a path. */
	#dropTree(path: string): void {
		// A watch below a path never exists without one at the path.
		if (!this.#watches.has(path)) return;
		const below = `${path}/`;
		for (const watch of [...this.#watches.values()]) {
			if (watch.path === path || watch.path.startsWith(below)) this.#drop(watch);
		}
	}

	#drop(watch: Watch): void {
		this.#watches.delete(watch.path);
		watch.handle?.close();
	}

	#armPoll(): void {
		let needed = false;
		for (const watch of this.#watches.values()) {
			if (watch.handle !== undefined) continue;
			needed = true;
			if (watch.signature === '') watch.signature = pathSignature(watch.path, watch.all ? undefined : watch.names);
		}
		if (needed && this.#poll === undefined) {
			this.#poll = this.#timers.after(POLL_INTERVAL_MS, () => {
				this.#poll = undefined;
				this.#pollAll();
			});
		}
	}

	#pollAll(): void {
		const changed: string[] = [];
		let unwatched = 0;
		for (const watch of [...this.#watches.values()]) {
			if (watch.handle !== undefined) continue;
			try {
				this.#openHandle(watch);
			} catch {
				unwatched += 1;
			}
			const signature = pathSignature(watch.path, watch.all ? undefined : watch.names);
			if (signature === watch.signature) continue;
			this.#dropTree(watch.path);
			changed.push(watch.path);
		}
		if (unwatched === 0 && this.#limitReported) {
			this.#limitReported = false;
			this.#log.warn('all files are watched by inotify again');
		}
		if (changed.length > 0) this.#traceAll();
		else this.#armPoll();
		for (const path of changed) this.#onChange(path);
	}
}
