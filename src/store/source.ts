/**
 * The port between the sources of objects and the store that owns it. Every object enters here, whatever
 * its kind. A source reports what there is; it knows nothing of volumes. Every call is made on the event loop, never
 * re-entrantly.
 */

import type { LocatedObject } from '../model/manifest-object.js';
import type { ObjectKey } from '../model/object-key.js';
import type { Contents, ObjectType } from './kinds.js';

/** Which object: the same one in every source, and across its versions. */
export interface ObjectIdentity extends Pick<LocatedObject, 'apiVersion' | 'kind' | 'location'> {
	readonly key: ObjectKey;
}

/** One version of an object, as a source reports it. */
export interface SourceObject extends LocatedObject, ObjectIdentity {
	readonly type: ObjectType;
	/** Decoded by the rules of its type; undefined if the object is invalid and never was valid. */
	readonly content: Contents[ObjectType] | undefined;
	/** Only of objects in a cluster. If the uid differs, another object has taken the name. */
	readonly uid?: string;
}

/** The lint rules of inputs that kubectl accepts and that are probably mistakes. */
export type WarningRule = 'duplicate-key' | 'duplicate-object' | 'unknown-field';

/** A fault of an input, for people. */
export interface Problem {
	/** `file:line:column`, `file`, or the flag that was given. */
	readonly location: string;
	/** The reason, in the API server's or kubectl's own words where they have some. */
	readonly reason: string;
	readonly key?: ObjectKey;
	/** Only of a warning: the rule that the input breaks. The objects are used; a warning never explains why one is missing. */
	readonly warning?: WarningRule;
	/** The source has logged it already, in more detail. Default is false. */
	readonly isLogged?: boolean;
}

/** The part of the objects that the store needs, so that sources spend nothing on the rest. */
export interface SourceNeeds {
	/** Objects of other types need not be decoded or reported. Undefined for all types. */
	readonly types?: ReadonlySet<ObjectType>;
	/**
	 * Whether the objects are explained to people. Then objects that are decoded have `value` and the locations of their
	 * fields too, and a source may start with nothing but invalid objects. Otherwise `value` is undefined, and `locate`
	 * returns the location of the object.
	 */
	readonly explains: boolean;
}

/** The receiver of a source's reports. Each call is one change: listeners never see half of it. */
export interface SourceSink {
	readonly needs: SourceNeeds;
	/** The complete state of the source, each object once; objects not in it are gone. */
	replace(objects: readonly SourceObject[]): void;
	/** One object is new or changed. */
	put(object: SourceObject): void;
	/** One object is gone. */
	remove(object: ObjectIdentity): void;
	/**
	 * The complete list of present problems; an empty list ends them all. An object that has become invalid is a
	 * problem, and its last valid version is still reported.
	 */
	problems(problems: readonly Problem[]): void;
}

/** Whether the problem refuses an object or a document. */
export function isError({ warning }: Pick<Problem, 'warning'>): boolean {
	return warning === undefined;
}

export interface Source {
	/** For messages: the flag and value that the source was made from, such as `-f examples`. */
	readonly description: string;
	/**
	 * Begins to report. Resolves after the first complete state was given to the sink.
	 * Errors: ConfigMapFsError INPUT_MISSING or INPUT_INVALID when there is no first state.
	 */
	start(sink: SourceSink): Promise<void>;
	/** Stops reporting and frees everything; idempotent. */
	close(): Promise<void>;
}
