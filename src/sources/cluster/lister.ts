/**
 * Collects all pages of one list into a replacement. A list that expires between two pages starts again, as one page;
 * an incomplete list has no effect.
 *
 * Lists request the newest state, not the one in the server's cache: whichever of several API servers answers, the content
 * is never older than the request.
 */

import { type ClusterTarget, type ListPage, PAGE_TOO_LARGE } from './api-client.js';
import { ApiError } from './api-error.js';
import type { FeedOptions } from './feed.js';
import type { KnownObjects, Replacement } from './known-objects.js';
import type { GateUser } from './request-gate.js';

/** Source: client-go v0.32 tools/pager, defaultPageSize. */
const PAGE_SIZE = 500;
/** Pages grow while requests are counted, up to about this size. Unit: bytes. */
const LARGE_PAGE_BYTES = 32 * 1024 * 1024;

export interface ListAllRequest {
	readonly target: ClusterTarget;
	readonly objects: KnownObjects;
	readonly user: GateUser;
	readonly signal: AbortSignal;
	/** Default is the newest state. */
	readonly resourceVersion?: string | undefined;
}

/**
 * Returns the resourceVersion of the list, and the list before its commit.
 * Errors: ApiError.
 */
export async function listAll(
	options: Pick<FeedOptions, 'client' | 'gate' | 'listener'>,
	request: ListAllRequest,
): Promise<{ readonly resourceVersion: string; readonly replacement: Replacement }> {
	try {
		return await listPages(options, request, PAGE_SIZE);
	} catch (error) {
		if (!(error instanceof ApiError) || request.signal.aborted) throw error;
		if (error.reason === PAGE_TOO_LARGE) return await listPages(options, request, Math.ceil(PAGE_SIZE / 16));
		if (!error.isExpired) throw error;
		options.gate.startCounting();
		return await listPages(options, request, undefined);
	}
}

async function listPages(
	{ client, gate, listener }: Pick<FeedOptions, 'client' | 'gate' | 'listener'>,
	{ target, objects, user, signal, resourceVersion: from }: ListAllRequest,
	firstLimit: number | undefined,
): Promise<{ readonly resourceVersion: string; readonly replacement: Replacement }> {
	const replacement = objects.beginReplacement(from === '0');
	let limit = firstLimit;
	let continueToken: string | undefined;
	let resourceVersion = '';
	do {
		await gate.enter(user, signal);
		const page = await client.list(
			{ target, limit, continueToken, resourceVersion: continueToken === undefined ? from : undefined },
			signal,
		);
		listener.contact();
		gate.regained();
		for (const item of page.items) replacement.add(item);
		resourceVersion = page.resourceVersion;
		continueToken = page.continueToken;
		if (limit !== undefined && gate.isCounting) limit = largerLimit(limit, page);
	} while (continueToken !== undefined);
	return { resourceVersion, replacement };
}

/** Doubles the limit unless the objects are large. */
function largerLimit(limit: number, page: ListPage): number {
	const bytesEach = page.bytes / Math.max(1, page.items.length);
	return Math.max(limit, Math.min(limit * 2, Math.floor(LARGE_PAGE_BYTES / Math.max(1, bytesEach))));
}
