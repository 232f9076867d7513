import { beforeEach, describe, expect, it } from 'vitest';
import { type Observation, SETTLE_CAP_MS, SETTLE_MS, Settling } from '../../../../src/sources/watch/settling.js';

let settling: Settling;

beforeEach(() => {
	settling = new Settling();
});

function observe(state: Observation['state'], fingerprint: string, now: number): number {
	return settling.observe({ state, fingerprint }, now);
}

describe('Settling', () => {
	it('accepts complete content immediately', () => {
		expect(observe('complete', 'a', 0)).toBe(0);
		expect(settling.pending).toBe(false);
	});

	it('accepts doubtful content after it stayed unchanged for SETTLE_MS', () => {
		expect(observe('doubtful', 'a', 10)).toBe(SETTLE_MS);
		expect(settling.pending).toBe(true);
		expect(observe('doubtful', 'a', 110)).toBe(SETTLE_MS - 100);
		expect(observe('doubtful', 'a', 10 + SETTLE_MS)).toBe(0);
		expect(settling.pending).toBe(false);
	});

	it('restarts the wait when doubtful content changes', () => {
		observe('doubtful', 'a', 0);
		expect(observe('doubtful', 'b', 200)).toBe(SETTLE_MS);
		expect(observe('doubtful', 'a', 400)).toBe(SETTLE_MS);
		expect(observe('doubtful', 'a', 500)).toBe(SETTLE_MS - 100);
	});

	it('accepts complete content during a wait, and ends the wait', () => {
		observe('doubtful', 'a', 0);
		expect(observe('complete', 'b', 100)).toBe(0);
		expect(observe('doubtful', 'a', 200)).toBe(SETTLE_MS);
	});

	it('checks content frequently during a write, and measures stability from the end of the write', () => {
		const waitMs = observe('writing', 'a', 0);
		expect(waitMs).toBeGreaterThan(0);
		expect(waitMs).toBeLessThan(50);
		expect(observe('writing', 'a', 1000)).toBe(waitMs);
		expect(observe('doubtful', 'a', 1010)).toBe(SETTLE_MS - 10);
		expect(observe('complete', 'a', 1020)).toBe(0);
	});

	it.each(['writing', 'doubtful'] as const)('accepts content that is %s all the time after SETTLE_CAP_MS', (state) => {
		let turn = 0;
		for (let now = 5; now < 5 + SETTLE_CAP_MS; now += 15) expect(observe(state, `${turn++}`, now)).toBeGreaterThan(0);
		expect(observe(state, 'last', 4 + SETTLE_CAP_MS)).toBe(1);
		expect(observe(state, 'last', 5 + SETTLE_CAP_MS)).toBe(0);
		expect(observe('doubtful', 'next', 6 + SETTLE_CAP_MS)).toBe(SETTLE_MS);
	});

	it('never lets a wait exceed the cap', () => {
		observe('doubtful', 'a', 0);
		expect(observe('doubtful', 'b', SETTLE_CAP_MS - 10)).toBe(10);
	});

	it('ends the wait on reset', () => {
		observe('doubtful', 'a', 0);
		settling.reset();
		expect(settling.pending).toBe(false);
		expect(observe('doubtful', 'a', SETTLE_MS)).toBe(SETTLE_MS);
	});
});
