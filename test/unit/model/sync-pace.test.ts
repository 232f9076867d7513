import { describe, expect, test } from 'vitest';
import { SyncPace } from '../../../src/model/sync-pace.js';
import { HeldTimers } from '../sources/cluster/held-timers.js';

describe('SyncPace', () => {
	test('without a range everything is synced at once', () => {
		const pace = new SyncPace(undefined);
		let synced = 0;
		pace.changed(() => synced++);
		pace.changed(() => synced++);
		expect(synced).toBe(2);
	});

	test('with one, at the next sync, once for all changes before it', async () => {
		const timers = new HeldTimers();
		const pace = new SyncPace({ minMs: 60_000, maxMs: 90_000 }, timers, () => 0.5);
		const synced: string[] = [];
		pace.started();
		await timers.advance(10_000);
		pace.changed(() => synced.push('first'));
		pace.changed(() => synced.push('together'));
		await timers.advance(64_999);
		expect(synced).toEqual([]);
		await timers.advance(1);
		expect(synced).toEqual(['first']);
		// Syncs go on whether or not anything changes.
		await timers.advance(80_000);
		pace.changed(() => synced.push('second'));
		await timers.advance(69_999);
		expect(synced).toEqual(['first']);
		await timers.advance(1);
		expect(synced).toEqual(['first', 'second']);
	});

	test('a new start resets the pace, and so does the end', async () => {
		const timers = new HeldTimers();
		const pace = new SyncPace({ minMs: 100, maxMs: 100 }, timers);
		let synced = 0;
		pace.started();
		pace.changed(() => synced++);
		await timers.advance(90);
		pace.started();
		await timers.advance(50);
		expect(synced).toBe(0);
		pace.changed(() => synced++);
		await timers.advance(50);
		expect(synced).toBe(1);
		pace.changed(() => synced++);
		pace.close();
		await timers.advance(1000);
		expect(synced).toBe(1);
	});
});
