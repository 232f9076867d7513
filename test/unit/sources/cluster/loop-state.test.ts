import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import type { Feed, FeedListener } from '../../../../src/sources/cluster/feed.js';
import { FeedState } from '../../../../src/sources/cluster/feed-state.js';
import {
	afterFailure,
	COMPLETE,
	type LoopState,
	STARTING,
	startProgress,
} from '../../../../src/sources/cluster/loop-state.js';
import { failures } from './fake-client.js';

const away = failures.refused();
const forbidden = failures.forbidden();
const FAILING = afterFailure(STARTING, away);
const REFUSED = afterFailure(STARTING, forbidden);
const FAILING_LATER = afterFailure(COMPLETE, away);
const REFUSED_LATER = afterFailure(COMPLETE, forbidden);

describe('afterFailure', () => {
	it('distinguishes errors that end on their own from those that a person must end, and keeps the objects', () => {
		expect(FAILING).toEqual({ phase: 'failing', hasObjects: false, error: away });
		expect(REFUSED).toEqual({ phase: 'refused', hasObjects: false, error: forbidden });
		expect(FAILING_LATER).toEqual({ phase: 'failing', hasObjects: true, error: away });
		expect(REFUSED_LATER).toEqual({ phase: 'refused', hasObjects: true, error: forbidden });
	});

	it('keeps the first of several errors of one kind', () => {
		expect(afterFailure(FAILING, new ApiError('timeout', 'no answer'))).toBe(FAILING);
		expect(afterFailure(REFUSED, failures.forbidden())).toBe(REFUSED);
		const unauthorized = new ApiError('status', 'Unauthorized', { code: 401 });
		expect(afterFailure(REFUSED, unauthorized).error).toBe(unauthorized);
		expect(afterFailure(REFUSED_LATER, away)).toEqual(FAILING_LATER);
	});
});

describe('startProgress', () => {
	const file = { hasSavedState: true, failStart: 'refused' } as const;
	const refused = { hasSavedState: false, failStart: 'refused' } as const;
	const any = { hasSavedState: false, failStart: 'any' } as const;
	const never = { hasSavedState: false, failStart: 'never' } as const;

	it.each<[string, readonly LoopState[], Parameters<typeof startProgress>[1], unknown]>([
		['nothing has happened', [STARTING], never, 'waiting'],
		['all are complete', [COMPLETE, COMPLETE], refused, 'over'],
		['one is still starting', [COMPLETE, STARTING], refused, 'waiting'],
		['a complete one fails again', [COMPLETE, FAILING_LATER], any, 'over'],
		['the server is away', [STARTING, FAILING], refused, 'waiting'],
		['the server is away, which is not waited for', [COMPLETE, FAILING], any, { error: away }],
		['one is refused', [COMPLETE, REFUSED], refused, { error: forbidden }],
		['one is refused, which never fails a start', [COMPLETE, REFUSED], never, 'over'],
		['one is refused and one is starting', [STARTING, REFUSED], never, 'waiting'],
		['all are refused, which never fails a start', [REFUSED, REFUSED], never, 'waiting'],
		['nothing has happened, but there is a saved state', [STARTING], file, 'waiting'],
		['one fails, but there is a saved state', [STARTING, FAILING], file, 'over'],
		['one is refused, but there is a saved state', [STARTING, REFUSED], { ...any, hasSavedState: true }, 'over'],
		['all are complete, and there is a saved state', [COMPLETE, COMPLETE], file, 'over'],
		['a complete one fails again, and there is a saved state', [STARTING, FAILING_LATER], file, 'waiting'],
	])('%s', (_, states, options, progress) => {
		expect(startProgress(states, options)).toEqual(progress);
	});
});

describe('FeedState', () => {
	it('reports each change once, and new objects in the state that they make', () => {
		const calls: string[] = [];
		const listener = {
			replaced: (feed: Feed) => calls.push(`replaced ${feed.state.phase}`),
			stateChanged: (feed: Feed) => calls.push(`changed ${feed.state.phase}`),
		} as unknown as FeedListener;
		const feed = {} as { state: LoopState };
		const state = new FeedState(feed as unknown as Feed, listener);
		Object.defineProperty(feed, 'state', { get: () => state.current });
		state.failed(away);
		state.failed(failures.reset());
		state.completed({ isReplaced: true });
		state.completed({ isReplaced: true });
		state.failed(forbidden);
		state.completed({ isReplaced: false });
		state.completed({ isReplaced: false });
		expect(calls).toEqual([
			'changed failing',
			'replaced complete',
			'changed complete',
			'replaced complete',
			'changed refused',
			'changed complete',
		]);
	});
});
