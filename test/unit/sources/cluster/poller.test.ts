import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../../../src/base/log.js';
import type { ChangeDetection } from '../../../../src/sources/cluster/change-detection.js';
import { makeFeed } from '../../../../src/sources/cluster/change-detection.js';
import type { Feed, FeedListener } from '../../../../src/sources/cluster/feed.js';
import { RequestGate } from '../../../../src/sources/cluster/request-gate.js';
import { FakeClient, failures, sent } from './fake-client.js';
import { HeldTimers } from './held-timers.js';

const running: Feed[] = [];
afterEach(() => {
	for (const feed of running.splice(0)) feed.close();
});

function setUp(detection: ChangeDetection, name?: string) {
	const timers = new HeldTimers();
	const client = new FakeClient(timers);
	const calls: string[] = [];
	const listener: FeedListener = {
		replaced: ({ objects }) =>
			void calls.push(
				objects
					.list()
					.map(({ data }) => String(data.get('k')))
					.join(),
			),
		updated: () => void calls.push('updated'),
		faults: () => {},
		contact: () => {},
		stateChanged: ({ state: { error } }) =>
			void calls.push(error === undefined ? 'recovered' : `failed ${error.code ?? error.kind}`),
	};
	const gate = new RequestGate({ timers, loops: 1, watchList: true });
	const target = { namespace: 'a', name };
	const feed = makeFeed({ client, target, gate, listener, timers, random: () => 0.5, log: SILENT }, detection);
	running.push(feed);
	return { timers, client, calls, feed };
}

describe('change detection without a watch', () => {
	it('get: requests the newest state at each sync, 1 to 1.5 times the frequency apart', async () => {
		const { timers, client, calls, feed } = setUp({ strategy: 'get', syncFrequencyMs: 10_000 });
		client.lists.push({ items: [sent('x', 1, 'v')] }, { items: [sent('x', 2, 'w')] }, { items: [] });
		feed.start();
		await timers.advance(12_400);
		expect(calls).toEqual(['v', 'recovered']);
		await timers.advance(12_600);
		expect(client.log.map(({ at }) => at)).toEqual([0, 12_500, 25_000]);
		expect(client.requested).toEqual(Array.from({ length: 3 }, () => 'list ns=a limit=500'));
		expect(calls).toEqual(['v', 'recovered', 'w', '']);
	});

	it('get: one object by its name needs only the permission to get', async () => {
		const { timers, client, calls, feed } = setUp({ strategy: 'get', syncFrequencyMs: 10_000 }, 'x');
		client.gets.push(sent('x', 1, 'v'), undefined);
		feed.start();
		await timers.advance(12_500);
		expect(client.requested).toEqual(['get ns=a name=x', 'get ns=a name=x']);
		expect(calls).toEqual(['v', 'recovered', '']);
	});

	it('cache: requests at the first sync after the time to live, and accepts state of the server cache', async () => {
		const { timers, client, calls, feed } = setUp({ strategy: 'cache', ttlMs: 30_000, syncFrequencyMs: 10_000 }, 'x');
		client.gets.push(sent('x', 5, 'v'), sent('x', 4, 'older'));
		feed.start();
		await timers.advance(37_500);
		expect(client.log).toEqual([
			{ at: 0, what: 'get ns=a name=x rv=0' },
			{ at: 37_500, what: 'get ns=a name=x rv=0' },
		]);
		expect(calls).toEqual(['v', 'recovered', 'v']);
	});

	it('has the defaults of kubelet', async () => {
		const { timers, client, feed } = setUp({ strategy: 'cache' });
		client.lists.push({}, {});
		feed.start();
		await timers.advance(75_000);
		expect(client.log.map(({ at }) => at)).toEqual([0, 75_000]);
	});

	it('keeps the last state after a failure, and requests again sooner', async () => {
		const { timers, client, calls, feed } = setUp({ strategy: 'get' });
		client.lists.push({ items: [sent('x', 1, 'v')] }, failures.refused(), { items: [sent('x', 2, 'w')] });
		feed.start();
		await timers.advance(75_000);
		expect(feed.objects.size).toBe(1);
		await timers.advance(900);
		expect(calls).toEqual(['v', 'recovered', 'failed network', 'w', 'recovered']);
	});
});
