/**
 * One manifest file and the content that was accepted from it. While a file is being written, it may be empty, cut or
 * absent for a moment, and still be valid YAML. So content that removes something is accepted only after it has stopped
 * changing. Has no timers: each check returns when the next one is due.
 */

import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { systemCode } from '../../base/errors.js';
import { systemReason } from '../../go/system-reason.js';
import { rulesOf } from '../../store/kinds.js';
import { isError, type SourceObject } from '../../store/source.js';
import { formatIdentity } from '../../store/source-object.js';
import { type OpenForWriting, Settling } from '../watch/settling.js';
import type { ParsedManifest } from './manifest-parser.js';
import { type ManifestState, NO_MANIFESTS, nextState } from './manifest-state.js';

/** Resolution of file times: content that is read this soon after the file's mtime may change without a new mtime. */
const COARSE_TIME_MS = 50;
/** Larger than any list of an API server; keeps a file that is there by mistake out of memory. Unit: bytes. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

export interface CheckResult {
	/** Whether `state` has changed. */
	readonly changed: boolean;
	/** When the next check is due; undefined until the file changes. Unit: milliseconds from now. */
	readonly againMs?: number;
}

/** The content of the file at one moment. */
interface Candidate {
	readonly digest: string;
	readonly sizeBytes: number;
	readonly parsed: ParsedManifest;
	/** Whether the last byte is a newline, or the file is empty. */
	readonly endsLine: boolean;
	/** Whether a complete file was renamed to this path, judging by its times. */
	readonly renamedIn: boolean;
}

const NOTHING: ParsedManifest = { objects: [], problems: [] };
const ABSENT: Candidate = { digest: 'absent', sizeBytes: 0, parsed: NOTHING, endsLine: true, renamedIn: false };

export class ManifestFile {
	readonly path: string;
	readonly #parse: (content: Buffer) => ParsedManifest;
	readonly #openForWriting: OpenForWriting;
	readonly #settling = new Settling();
	#accepted: Candidate = ABSENT;
	#state: ManifestState = NO_MANIFESTS;
	#candidate: Candidate = ABSENT;
	/** Identity, size and times at the last reading; undefined to read the file at the next check in any case. */
	#signature: string | undefined;

	constructor(path: string, parse: (content: Buffer) => ParsedManifest, openForWriting: OpenForWriting) {
		this.path = path;
		this.#parse = parse;
		this.#openForWriting = openForWriting;
	}

	/** The accepted content, with the last valid version of objects that are invalid now. */
	get state(): ManifestState {
		return this.#state;
	}

	/** Whether the file is absent and has no accepted content. */
	get isGone(): boolean {
		return this.#accepted === ABSENT && !this.#settling.pending;
	}

	/** Whether the file is absent and its accepted content stays until that has settled. */
	get isLeaving(): boolean {
		return this.#candidate === ABSENT && this.#accepted !== ABSENT;
	}

	/** Accepts the present content without waiting, as the first state. */
	readFirst(): void {
		this.#candidate = this.#readContent();
		this.#accept();
	}

	/** Reads the file if it has changed. `now` is a monotonic clock in milliseconds. */
	check(now: number): CheckResult {
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
		if (digest === this.#accepted.digest) {
			this.#settling.reset();
			return { changed: false };
		}
		// Settling has waited long enough for a file that is still open.
		const state = open !== true && this.#isDoubtful(open) ? 'doubtful' : 'complete';
		const waitMs = this.#settling.observe({ state, fingerprint: digest }, now);
		if (waitMs > 0) return { changed: false, againMs: waitMs };
		this.#accept();
		return { changed: true };
	}

	#readContent(): Candidate {
		let descriptor: number | undefined;
		try {
			// Non-blocking: a pipe at this path must not block the event loop.
			descriptor = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
			const stats = fstatSync(descriptor, { bigint: true });
			// The source lists the files of a directory; the file itself is gone.
			if (stats.isDirectory()) return this.#absent();
			if (!stats.isFile()) return this.#unreadable('not a regular file');
			if (stats.size > MAX_FILE_BYTES) return this.#unreadable(`larger than ${MAX_FILE_BYTES} bytes`);
			const content = readFileSync(descriptor);
			const torn = statSignature(fstatSync(descriptor, { bigint: true })) !== statSignature(stats);
			const young = Number(stats.mtimeMs) > Date.now() - COARSE_TIME_MS;
			this.#signature = torn || young ? undefined : statSignature(stats);
			const digest = createHash('sha256').update(content).digest('base64');
			const known = [this.#candidate, this.#accepted].find((one) => one.digest === digest);
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

	/** Whether the candidate may be part of a save that is not finished. */
	#isDoubtful(open: false | undefined): boolean {
		const { parsed, sizeBytes, endsLine, renamedIn } = this.#candidate;
		if (parsed.problems.some(isError) || sizeBytes === 0) return true;
		const next = new Map(parsed.objects.map((object) => [formatIdentity(object), object]));
		for (const id of this.#state.objects.keys()) if (!next.has(id)) return true;
		// No process is writing, or the file was complete before it got its name, so no value is cut.
		if (open === false || renamedIn) return false;
		if (sizeBytes < this.#accepted.sizeBytes) return true;
		if (!endsLine && this.#accepted.endsLine && this.path.search(/\.json$/) < 0) return true;
		return [...this.#state.objects].some(([id, object]) => losesContent(object, next.get(id)));
	}

	#accept(): void {
		const { parsed } = this.#candidate;
		this.#accepted = this.#candidate;
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
