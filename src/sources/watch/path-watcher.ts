/**
 * Says when files or directories may have changed, by inotify. Knows nothing of their content and debounces nothing.
 *
 * It is level-triggered: an event never tells what happened, only that the paths are to be looked at again.
 * (1) Every entry on the way to a path is watched in its parent, through every link, before it is looked at.
 * (2) A name that was created, renamed or removed ends the watches at and beneath it, because they may belong to
 *     another inode than the name does; the paths are then traced again.
 * (3) After a trace that opened a watch, a change is reported once more: what happened before the watch is seen by
 *     whoever looks now.
 */

import { type FSWatcher, watch as openSystemWatch } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { systemCode } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import { directoryEntries, lookSignature } from './look.js';
import { tracePath } from './path-trace.js';

/** A path to watch: a file, or a directory with its entries. It need not exist. */
export interface WatchedPath {
	/** Relative paths start at the working directory of the moment of `watch`. */
	readonly path: string;
	/** Directories beneath a directory count too. Default is false; links to directories are never entered. */
	readonly recursive?: boolean;
	/** Physical paths of directories that are not entered. Default is none. */
	readonly ignore?: ReadonlySet<string>;
}

/** Opens one inotify watch; as `fs.watch`, which is the default. Errors: Node system errors. */
export type OpenWatch = (path: string, onEvent: (event: string, name: string | null) => void) => FSWatcher;

export interface PathWatcherOptions {
	/** Something may have changed. `cause` is the path of the event, for logs only. Never called from within `watch`. */
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
	/** Undefined: no watch could be had, so the path is polled. */
	handle: FSWatcher | undefined;
	/** What polling saw last. */
	seen: string;
	/** The trace that last needed it. */
	trace: number;
}

/** A second: a path without a watch is seen late but costs a look only. */
const POLL_INTERVAL_MS = 1000;
/** Tracing may take this part of the time at most, whatever the rate of events. */
const TRACE_DUTY = 5;
/** This many events in one turn of the event loop: the kernel's queue may have overflowed, and libuv does not say so. */
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

	/** Replaces the set of paths. When it returns, every later change will be reported; look at the files after it. */
	watch(paths: Iterable<WatchedPath>): void {
		if (this.#closed) return;
		const base = process.cwd();
		// Not path.resolve: it would drop "link/.." by text, where the kernel follows the link.
		this.#paths = [...paths].map((one) => (isAbsolute(one.path) ? one : { ...one, path: `${base}/${one.path}` }));
		this.#traceAll();
	}

	/** How many inotify watches are open. */
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
			// The file itself, too: a write through another hard link is no event of its directory.
			if (end.kind === 'file') this.#need(end.path, undefined);
			if (end.kind === 'directory') this.#traceDirectory(end.path, watched);
		}
		for (const watch of [...this.#watches.values()]) if (watch.trace !== this.#trace) this.#drop(watch);
		this.#armPoll();
		this.#lastTraceMs = this.#timers.now() - start;
	}

	#traceDirectory(directory: string, watched: WatchedPath): void {
		// Watched before it is listed: an entry that the listing misses makes an event.
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

	/** Watches one entry of a directory, or everything in it (a file: its content). False: the path is gone. */
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
		const watch: Watch = { path, names: new Set(), all: false, handle: undefined, seen: '', trace: 0 };
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
		const handle = this.#openWatch(watch.path, (event, name) => this.#hear(watch, event, name ?? ''));
		handle.on('error', (error) => {
			this.#log.debug({ path: watch.path, err: error }, 'watch failed');
			this.#hear(watch, 'rename', basename(watch.path));
		});
		watch.handle = handle;
	}

	#reportUnwatched(path: string, code: string, error: unknown): void {
		const setting = LIMITS[code];
		if (setting === undefined) {
			this.#log.debug({ path, err: error }, 'path cannot be watched, polling it once a second');
			return;
		}
		if (this.#limitReported) return;
		this.#limitReported = true;
		this.#log.warn(
			{ path, code, setting },
			`the inotify limit ${setting} is used up, so "${path}" is polled once a second; raise it with sysctl`,
		);
	}

	#hear(watch: Watch, event: string, name: string): void {
		if (this.#closed || this.#watches.get(watch.path) !== watch) return;
		this.#countEvent();
		if (event === 'rename' && name === basename(watch.path)) {
			// The directory itself was moved or removed (or an entry of the same name: one trace too many, no harm).
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
				this.#log.debug('very many events at once, watching everything anew');
				for (const watch of [...this.#watches.values()]) this.#drop(watch);
				this.#traceSoon();
			});
		}
		this.#eventsOfTurn += 1;
	}

	#traceSoon(): void {
		if (this.#retrace !== undefined || this.#closed) return;
		const delayMs = Math.min(200, this.#lastTraceMs * TRACE_DUTY);
		this.#retrace = this.#timers.after(delayMs, () => {
			this.#retrace = undefined;
			if (this.#closed) return;
			this.#traceAll();
			if (this.#opened > 0) this.#onChange(this.#paths[0]?.path ?? '/');
		});
	}

	/** Ends the watches at and beneath a path. */
	#dropTree(path: string): void {
		// A watch beneath a path never exists without one at it.
		if (!this.#watches.has(path)) return;
		const beneath = `${path}/`;
		for (const watch of [...this.#watches.values()]) {
			if (watch.path === path || watch.path.startsWith(beneath)) this.#drop(watch);
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
			if (watch.seen === '') watch.seen = lookSignature(watch.path, watch.all ? undefined : watch.names);
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
			const seen = lookSignature(watch.path, watch.all ? undefined : watch.names);
			if (seen === watch.seen) continue;
			this.#dropTree(watch.path);
			changed.push(watch.path);
		}
		if (unwatched === 0 && this.#limitReported) {
			this.#limitReported = false;
			this.#log.info('everything is watched by inotify again');
		}
		if (changed.length > 0) this.#traceAll();
		else this.#armPoll();
		for (const path of changed) this.#onChange(path);
	}
}
