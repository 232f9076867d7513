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
import type { ParsedManifest } from './manifest-parser.js';
import { type ManifestState, NO_MANIFESTS, nextState } from './manifest-state.js';

/** Content that takes something away must stand still this long. */
export const SETTLE_MS = 300;
/** After this long the present content is believed, whatever goes on. */
export const SETTLE_CAP_MS = 2000;
/** A writer's close is no event, so an open file is looked at in this interval. */
const OPEN_INTERVAL_MS = 20;
/** File times are this coarse at most: content read this soon after the file's time may change under the same time. */
const COARSE_TIME_MS = 50;
/** Far more than all objects of an API server's largest list; keeps a stray file out of memory. Unit: bytes. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Whether somebody has a file open for writing; undefined: cannot be known. Called for changed files: be quick. */
export type OpenForWriting = (path: string) => boolean | undefined;

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
	#believed: Candidate = ABSENT;
	#state: ManifestState = NO_MANIFESTS;
	#candidate: Candidate = ABSENT;
	/** Of the file when it was last read; undefined: read it whatever its times say. */
	#signature: string | undefined;
	/** When doubt began, and when the content last changed since; undefined: no doubt. */
	#doubt: { readonly since: number; readonly stableSince: number } | undefined;

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
		return this.#believed === ABSENT && this.#doubt === undefined;
	}

	/** Believes the present content without waiting: the first state. */
	lookFirst(): void {
		this.#read(0);
		this.#believe();
	}

	/** Looks at the file; `now` is any clock in milliseconds that never jumps. */
	look(now: number): Look {
		const since = this.#doubt?.since ?? now;
		const expired = now - since >= SETTLE_CAP_MS;
		const signature = signatureOf(this.path);
		const fresh = signature === undefined || signature !== this.#signature;
		if (!fresh && this.#doubt === undefined) return { changed: false };
		const open = this.#openForWriting(this.path);
		if (open === true && !expired) {
			this.#signature = undefined;
			this.#doubt = { since, stableSince: now };
			return { changed: false, againMs: OPEN_INTERVAL_MS };
		}
		if (fresh) this.#read(now);
		if (this.#candidate.digest === this.#believed.digest) {
			this.#doubt = undefined;
			return { changed: false };
		}
		const stableSince = this.#doubt?.stableSince ?? now;
		const waitMs = Math.min(stableSince + SETTLE_MS, since + SETTLE_CAP_MS) - now;
		if (waitMs > 0 && this.#isDoubtful(open)) {
			this.#doubt = { since, stableSince };
			return { changed: false, againMs: waitMs };
		}
		this.#believe();
		return { changed: true };
	}

	/** Takes the content of the moment as the candidate. */
	#read(now: number): void {
		const before = this.#candidate.digest;
		this.#candidate = this.#readContent();
		if (this.#doubt !== undefined && this.#candidate.digest !== before) {
			this.#doubt = { since: this.#doubt.since, stableSince: now };
		}
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
		return { ...ABSENT, digest: reason, parsed: { ...NOTHING, problems: [{ place: this.path, reason }] } };
	}

	/** Whether the candidate may be a moment of a save that goes on. */
	#isDoubtful(open: boolean | undefined): boolean {
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
		this.#doubt = undefined;
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
