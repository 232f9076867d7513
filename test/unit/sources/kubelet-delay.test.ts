import { describe, expect, it } from 'vitest';
import { KubeletDelay, type KubeletDelayOptions } from '../../../src/sources/kubelet-delay.js';
import type { Source, SourceObject, SourceSink } from '../../../src/store/source.js';
import { configMapIdentity } from '../../../src/store/source-object.js';
import { reported } from '../store/source-objects.js';
import { HeldTimers } from './cluster/held-timers.js';
import { RecordingSink } from './cluster/recording-sink.js';

class ScriptedSource implements Source {
	readonly description = 'scripted';
	sink: SourceSink | undefined;
	isClosed = false;

	async start(sink: SourceSink): Promise<void> {
		this.sink = sink;
		sink.replace([object('a', '1')]);
	}

	async close(): Promise<void> {
		this.isClosed = true;
	}
}

function object(name: string, value: string): SourceObject {
	return reported({
		key: { namespace: 'n', name },
		labels: new Map(),
		immutable: false,
		data: new Map([['k', Buffer.from(value)]]),
		binaryData: new Map(),
	});
}

async function setUp(options: KubeletDelayOptions = {}) {
	const timers = new HeldTimers();
	const source = new ScriptedSource();
	const delay = new KubeletDelay(source, { timers, random: () => 0.5, ...options });
	const sink = new RecordingSink();
	await delay.start(sink);
	return { timers, source, delay, sink };
}

describe('KubeletDelay', () => {
	it('passes the first state on at once, and changes at the next sync, together', async () => {
		const { timers, source, sink } = await setUp();
		expect(sink.calls).toEqual(['=1']);
		await timers.advance(50_000);
		source.sink?.put(object('b', '1'));
		source.sink?.put(object('b', '2'));
		source.sink?.remove(configMapIdentity({ namespace: 'n', name: 'a' }));
		await timers.advance(24_900);
		expect(sink.calls).toEqual(['=1']);
		await timers.advance(200);
		expect(sink.calls).toEqual(['=1', '=1']);
		expect(sink.value('n/b', 'k')).toBe('2');
	});

	it('has syncs whether or not anything changes, and no timer for them', async () => {
		const { timers, source, sink } = await setUp();
		expect(timers.waiting).toBe(0);
		await timers.advance(75_000 * 100 + 70_000);
		source.sink?.put(object('a', '2'));
		await timers.advance(5_100);
		expect(sink.value('n/a', 'k')).toBe('2');
	});

	it('never shows a change that was undone before the sync', async () => {
		const { timers, source, sink } = await setUp();
		source.sink?.put(object('a', '2'));
		source.sink?.put(object('a', '1'));
		await timers.advance(100_000);
		expect(sink.calls).toEqual(['=1']);
	});

	it('lags by 45 s on average and by 90 s at most, uniformly', async () => {
		let seed = 1;
		const random = () => {
			seed = (seed * 16_807) % 2_147_483_647;
			return seed / 2_147_483_647;
		};
		const { timers, source, sink } = await setUp({ random });
		const lags: number[] = [];
		for (let round = 0; round < 300; round += 1) {
			await timers.advance(random() * 100_000);
			const at = timers.now();
			source.sink?.put(object('a', `v${round}`));
			let shownAt = 0;
			sink.onCall = () => {
				shownAt = timers.now();
			};
			await timers.advance(90_000);
			lags.push(shownAt - at);
		}
		const mean = lags.reduce((sum, lag) => sum + lag, 0) / lags.length;
		expect(Math.min(...lags)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...lags)).toBeLessThanOrEqual(90_000);
		expect(mean).toBeGreaterThan(33_000);
		expect(mean).toBeLessThan(43_000);
	});

	it('passes problems on at once, follows a given range, and stops when closed', async () => {
		const { timers, source, sink, delay } = await setUp({ minMs: 10, maxMs: 20 });
		source.sink?.problems([{ location: 'p', reason: 'r' }]);
		expect(sink.calls.at(-1)).toBe('!r');
		source.sink?.put(object('a', '2'));
		await timers.advance(21);
		expect(sink.value('n/a', 'k')).toBe('2');
		source.sink?.put(object('a', '3'));
		await delay.close();
		await timers.advance(100);
		expect(sink.value('n/a', 'k')).toBe('2');
		expect(source.isClosed).toBe(true);
	});
});
