/**
 * The port between where ConfigMaps come from and the rest (types only). A source says what is; it never says how a
 * volume must look. Every call is made on the event loop, never re-entrantly.
 */

import type { ConfigMap } from '../model/config-map.js';
import type { ObjectKey } from '../model/object-key.js';

/** Something wrong with an input, for a person: the place, the reason, and which object if that much is known. */
export interface Problem {
	/** `file:line:column`, `file`, or the flag that was given. */
	readonly place: string;
	/** The reason, with the API server's or kubectl's own words where they have some. */
	readonly reason: string;
	readonly key?: ObjectKey;
	/** The source has said it in the log itself, with more than this. Default is false. */
	readonly isLogged?: boolean;
}

/** What a source may say. */
export interface SourceSink {
	/** The complete state of the source; objects not in it are gone. */
	replace(objects: readonly ConfigMap[]): void;
	/** One object is new or changed. */
	put(object: ConfigMap): void;
	/** One object is gone. */
	remove(key: ObjectKey): void;
	/**
	 * The complete list of present problems; an empty list says that all is well again. A problem never removes the
	 * last good state of the object that it is about.
	 */
	problems(problems: readonly Problem[]): void;
}

export interface ConfigMapSource {
	/** For messages: the flag and value the source was made from, such as `-f examples`. */
	readonly description: string;
	/**
	 * Begins to report. Resolves after the first complete state was given to the sink.
	 * Errors: ConfigMapFsError INPUT_MISSING or INPUT_INVALID when there is no first state at all.
	 */
	start(sink: SourceSink): Promise<void>;
	/** Stops reporting and frees everything; idempotent. */
	close(): Promise<void>;
}
