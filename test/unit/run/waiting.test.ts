import { describe, expect, test } from 'vitest';
import type { ControlEvent } from '../../../src/control/events.js';
import type { Missing } from '../../../src/pod/notices.js';
import { Waiting } from '../../../src/run/waiting.js';

const missing = (...names: readonly string[]): { readonly missing: readonly Missing[] } => ({
	missing: names.map((name) => ({ reason: 'ContainerCreating', message: `configmap "${name}" not found` })),
});
const NEVER = new AbortController().signal;

function setUp(timeoutMs?: number) {
	const events: ControlEvent[] = [];
	return { events, waiting: new Waiting({ onEvent: (event) => void events.push(event), timeoutMs }) };
}

describe('Waiting', () => {
	test('if nothing is missing there is no event', async () => {
		const { events, waiting } = setUp();
		const found = { ...missing(), what: 'everything' };
		expect(await waiting.until(() => found, NEVER)).toBe(found);
		expect(events).toEqual([]);
	});

	test('checks again at each poke, and emits each reason once', async () => {
		const { events, waiting } = setUp();
		const results = [missing('a', 'b'), missing('b'), missing('b', 'c'), missing()];
		let checks = 0;
		const found = waiting.until(() => results[checks++] ?? missing(), NEVER);
		for (const count of [1, 2, 3]) {
			await new Promise(setImmediate);
			expect(checks).toBe(count);
			waiting.poke();
		}
		await found;
		expect(events).toEqual([
			...['a', 'b', 'c'].map((name) => ({
				type: 'waiting',
				reason: 'ContainerCreating',
				message: `configmap "${name}" not found`,
			})),
			{ type: 'complete' },
		]);
	});

	test('a poke during a check is not lost', async () => {
		const { waiting } = setUp();
		let checks = 0;
		await waiting.until(async () => {
			checks += 1;
			if (checks > 1) return missing();
			const before = missing('a');
			waiting.poke();
			await new Promise(setImmediate);
			return before;
		}, NEVER);
		expect(checks).toBe(2);
	});

	test('the timeout counts from the start, and its error names the objects still missing', async () => {
		const { waiting } = setUp(40);
		const names = ['a', 'b'];
		const timer = setInterval(() => waiting.poke(), 10);
		const found = waiting.until(() => missing(...names.splice(0, 1), 'c'), NEVER);
		await expect(found).rejects.toMatchObject({
			code: 'WAIT_TIMEOUT',
			message:
				'Still missing after 0.04 s (--wait-timeout): configmap "c" not found; add it to a source, or make the reference optional',
		});
		clearInterval(timer);
	});

	test('an abort rejects with its reason, before and during the wait', async () => {
		const { waiting } = setUp();
		const abort = new AbortController();
		const found = waiting.until(() => missing('a'), abort.signal);
		abort.abort(new Error('enough'));
		await expect(found).rejects.toThrow('enough');
		let wasChecked = false;
		const never = waiting.until(() => {
			wasChecked = true;
			return missing();
		}, abort.signal);
		await expect(never).rejects.toThrow('enough');
		expect(wasChecked).toBe(false);
	});

	test('rejects with the error of the check', async () => {
		const { waiting } = setUp();
		const check = () => {
			throw new Error('invalid');
		};
		await expect(waiting.until(check, NEVER)).rejects.toThrow('invalid');
	});
});
