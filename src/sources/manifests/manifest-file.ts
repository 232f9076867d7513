/**
 * One manifest file and what is believed of it. A file that is just being written may be empty, cut, or gone for a
 * moment, and still be valid YAML; so content that takes something away is believed only after it stood still.
 * Knows nothing of timers: it says when it wants to be looked at again.
 */

import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { systemCode } from '../../base/errors.js';
import { systemReason } from '../../go/system-reason.js';
import { rulesOf } from '../../store/kinds.js';
import type { SourceObject } from '../../store/source.js';
import { formatIdentity } from '../../store/source-object.js';
import { type OpenForWriting, Settling } from '../watch/settling.js';
import type { ParsedManifest } from './manifest-parser.js';
import { type ManifestState, NO_MANIFESTS, nextState } from './manifest-state.js';

/** File times are this coarse at most: content read this soon after the file's time may change under the same time. */
const COARSE_TIME_MS = 50;
/** Far more than all objects of an API server's largest list; keeps a stray file out of memory. Unit: bytes. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

export interface Look {
	/** What is believed is another state than before. */
	readonly changed: boolean;
	/** Look again after this time. Unit: milliseconds. */
	readonly againMs?: number;
}

/** What is in the file at one moment. */
interface Candidate {
	readonly digest: string;
	readonly sizeBytes: number;
	readonly parsed: ParsedManifest;
	/** The last byte ends a line, or there is none. */
	readonly endsLine: boolean;
	/** A complete file was renamed to this place, as far as its times tell. */
	readonly renamedIn: boolean;
}

const NOTHING: ParsedManifest = { objects: [], problems: [] };
const ABSENT: Candidate = { digest: 'absent', sizeBytes: 0, parsed: NOTHING, endsLine: true, renamedIn: false };

export class ManifestFile {
	readonly path: string;
	readonly #parse: (content: Buffer) => ParsedManifest;
	readonly #openForWriting: OpenForWriting;
	readonly #settling = new Settling();
	#believed: Candidate = ABSENT;
	#state: ManifestState = NO_MANIFESTS;
	#candidate: Candidate = ABSENT;
	/** Of the file when it was last read; undefined: read it whatever its times say. */
	#signature: string | undefined;

	constructor(path: string, parse: (content: Buffer) => ParsedManifest, openForWriting: OpenForWriting) {
		this.path = path;
		this.#parse = parse;
		this.#openForWriting = openForWriting;
	}

	/** What is believed, with the last good version of objects that are bad now. */
	get state(): ManifestState {
		return this.#state;
	}

	/** Whether nothing is left of the file: it can be forgotten. */
	get gone(): boolean {
		return this.#believed === ABSENT && !this.#settling.pending;
	}

	/** Believes the present content without waiting: the first state. */
	lookFirst(): void {
		this.#candidate = this.#readContent();
		this.#believe();
	}

	/** Looks at the file; `now` is any clock in milliseconds that never jumps. */
	look(now: number): Look {
		const signature = signatureOf(this.path);
		const fresh = signature === undefined || signature !== this.#signature;
		if (!fresh && !this.#settling.pending) return { changed: false };
		const open = this.#openForWriting(this.path);
		if (open === true) {
			const waitMs = this.#settling.observe({ state: 'writing', fingerprint: this.#candidate.digest }, now);
			if (waitMs > 0) {
				this.#signature = undefined;
				return { changed: false, againMs: waitMs };
			}
		}
		if (fresh) this.#candidate = this.#readContent();
		const { digest } = this.#candidate;
		if (digest === this.#believed.digest) {
			this.#settling.reset();
			return { changed: false };
		}
		// A file that is still open has been waited for long enough.
		const state = open !== true && this.#isDoubtful(open) ? 'doubtful' : 'complete';
		const waitMs = this.#settling.observe({ state, fingerprint: digest }, now);
		if (waitMs > 0) return { changed: false, againMs: waitMs };
		this.#believe();
		return { changed: true };
	}

	#readContent(): Candidate {
		let descriptor: number | undefined;
		try {
			// Non-blocking: a pipe in the place of a file must not hold up the event loop.
			descriptor = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
			const stats = fstatSync(descriptor, { bigint: true });
			// A directory in the place of a file is listed by whoever lists files; the file is gone.
			if (stats.isDirectory()) return this.#absent();
			if (!stats.isFile()) return this.#unreadable('is no regular file');
			if (stats.size > MAX_FILE_BYTES) return this.#unreadable(`is larger than ${MAX_FILE_BYTES} bytes`);
			const content = readFileSync(descriptor);
			const torn = statSignature(fstatSync(descriptor, { bigint: true })) !== statSignature(stats);
			const young = Number(stats.mtimeMs) > Date.now() - COARSE_TIME_MS;
			this.#signature = torn || young ? undefined : statSignature(stats);
			const digest = createHash('sha256').update(content).digest('base64');
			const known = [this.#candidate, this.#believed].find((one) => one.digest === digest);
			return {
				digest,
				sizeBytes: content.length,
				parsed: known?.parsed ?? this.#parse(content),
				endsLine: content.length === 0 || content.at(-1) === 0x0a,
				renamedIn: stats.mtimeNs < stats.ctimeNs,
			};
		} catch (error) {
			const code = systemCode(error);
			return code === 'ENOENT' || code === 'ENOTDIR' ? this.#absent() : this.#unreadable(systemReason(error));
		} finally {
			if (descriptor !== undefined) closeSync(descriptor);
		}
	}

	#absent(): Candidate {
		this.#signature = undefined;
		return ABSENT;
	}

	#unreadable(fault: string): Candidate {
		this.#signature = undefined;
		const reason = `cannot be read: ${fault}`;
		return { ...ABSENT, digest: reason, parsed: { ...NOTHING, problems: [{ location: this.path, reason }] } };
	}

	/** Whether the candidate may be a moment of a save that goes on. */
	#isDoubtful(open: false | undefined): boolean {
		const { parsed, sizeBytes, endsLine, renamedIn } = this.#candidate;
		if (parsed.problems.length > 0 || sizeBytes === 0) return true;
		const next = new Map(parsed.objects.map((object) => [formatIdentity(object), object]));
		for (const id of this.#state.objects.keys()) if (!next.has(id)) return true;
		// Nobody is writing, or the file was complete before it got its name: no value of it is cut.
		if (open === false || renamedIn) return false;
		if (sizeBytes < this.#believed.sizeBytes) return true;
		if (!endsLine && this.#believed.endsLine && this.path.search(/\.json$/) < 0) return true;
		return [...this.#state.objects].some(([id, object]) => losesContent(object, next.get(id)));
	}

	#believe(): void {
		const { parsed } = this.#candidate;
		this.#believed = this.#candidate;
		this.#state = nextState(this.#state, parsed);
	}
}

function losesContent(before: SourceObject, after: SourceObject | undefined): boolean {
	if (before.content === undefined) return false;
	return after?.content === undefined || rulesOf(before.type).loses(before.content, after.content);
}

function signatureOf(path: string): string | undefined {
	try {
		const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
		return stats === undefined ? undefined : statSignature(stats);
	} catch {
		return undefined;
	}
}

function statSignature(stats: BigIntStats): string {
	return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
