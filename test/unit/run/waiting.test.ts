import { describe, expect, test } from 'vitest';
import type { Missing } from '../../../src/pod/notices.js';
import { Waiting } from '../../../src/run/waiting.js';
import { RecordingLog } from './recording-log.js';

const missing = (...names: readonly string[]): { readonly missing: readonly Missing[] } => ({
	missing: names.map((name) => ({ reason: 'ContainerCreating', message: `configmap "${name}" not found` })),
});
const NOBODY = new AbortController().signal;

function setUp(timeoutMs?: number) {
	const said = new RecordingLog();
	return { said, waiting: new Waiting({ log: said.log, timeoutMs }) };
}

describe('Waiting', () => {
	test('what is there at once is said to nobody', async () => {
		const { said, waiting } = setUp();
		const found = { ...missing(), what: 'everything' };
		expect(await waiting.until(() => found, NOBODY)).toBe(found);
		expect(said.lines).toEqual([]);
	});

	test('looks again at each poke, and says each reason once', async () => {
		const { said, waiting } = setUp();
		const looks = [missing('a', 'b'), missing('b'), missing('b', 'c'), missing()];
		let looked = 0;
		const found = waiting.until(() => looks[looked++] ?? missing(), NOBODY);
		for (const count of [1, 2, 3]) {
			await new Promise(setImmediate);
			expect(looked).toBe(count);
			waiting.poke();
		}
		await found;
		expect(said.lines).toEqual([
			'warn: waiting: configmap "a" not found',
			'warn: waiting: configmap "b" not found',
			'warn: waiting: configmap "c" not found',
			'info: everything is there',
		]);
	});

	test('a poke while it looks is not lost', async () => {
		const { waiting } = setUp();
		let looked = 0;
		await waiting.until(async () => {
			looked += 1;
			if (looked > 1) return missing();
			const before = missing('a');
			waiting.poke();
			await new Promise(setImmediate);
			return before;
		}, NOBODY);
		expect(looked).toBe(2);
	});

	test('a timeout counts from the start, and names what is missing then', async () => {
		const { waiting } = setUp(40);
		const names = ['a', 'b'];
		const timer = setInterval(() => waiting.poke(), 10);
		const found = waiting.until(() => missing(...names.splice(0, 1), 'c'), NOBODY);
		await expect(found).rejects.toMatchObject({
			code: 'WAIT_TIMEOUT',
			message:
				'Still missing after 0.04 s (--wait-timeout): configmap "c" not found; add it to a source, or make the reference optional',
		});
		clearInterval(timer);
	});

	test('an abort ends it with its reason, before and while it waits', async () => {
		const { waiting } = setUp();
		const abort = new AbortController();
		const found = waiting.until(() => missing('a'), abort.signal);
		abort.abort(new Error('enough'));
		await expect(found).rejects.toThrow('enough');
		let looked = false;
		const never = waiting.until(() => {
			looked = true;
			return missing();
		}, abort.signal);
		await expect(never).rejects.toThrow('enough');
		expect(looked).toBe(false);
	});

	test('an error of the look is its error', async () => {
		const { waiting } = setUp();
		const look = () => {
			throw new Error('invalid');
		};
		await expect(waiting.until(look, NOBODY)).rejects.toThrow('invalid');
	});
});
