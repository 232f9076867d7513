import { afterEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../../../src/base/log.js';
import type { ConfigMap } from '../../../../src/model/config-map.js';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import type { Feed, FeedListener } from '../../../../src/sources/cluster/feed.js';
import { Reflector } from '../../../../src/sources/cluster/reflector.js';
import { RequestGate } from '../../../../src/sources/cluster/request-gate.js';
import { bookmark, expiredStatus, FakeClient, failures, sent } from './fake-client.js';
import { HeldTimers, settle } from './held-timers.js';

/** Records the calls of a reflector: `=a,b` for a state, `+a:v` and `-a` for changes. */
class Notes implements FeedListener {
	readonly calls: string[] = [];
	contacts = 0;

	replaced(feed: Feed): void {
		this.calls.push(`=${feed.objects.list().map(show).join(',')}`);
	}

	updated(_feed: Feed, update: { kind: string; object?: ConfigMap; key?: { name: string } }): void {
		this.calls.push(update.object === undefined ? `-${update.key?.name}` : `+${show(update.object)}`);
	}

	faults(feed: Feed): void {
		this.calls.push(`faults ${feed.objects.faults.length}`);
	}

	contact(): void {
		this.contacts += 1;
	}

	stateChanged({ state: { error } }: Feed): void {
		this.calls.push(error === undefined ? 'recovered' : `failed ${error.code ?? error.kind}`);
	}
}

function show({ key, data }: ConfigMap): string {
	return `${key.name}:${data.get('k')?.toString() ?? ''}`;
}

const running: Reflector[] = [];
afterEach(() => {
	for (const reflector of running.splice(0)) reflector.close();
});

function setUp(options: { readonly watchList?: boolean; readonly name?: string; readonly loops?: number } = {}) {
	const timers = new HeldTimers();
	const client = new FakeClient(timers);
	const notes = new Notes();
	const gate = new RequestGate({ timers, loops: options.loops ?? 1, watchList: options.watchList ?? false });
	const common = { client, gate, listener: notes, timers, random: () => 0.5, log: SILENT };
	const reflector = new Reflector({ ...common, target: { namespace: 'a', name: options.name } });
	running.push(reflector);
	return { timers, client, notes, gate, reflector, common };
}

describe('Reflector, in health', () => {
	it('lists in pages and watches from the resourceVersion of the list', async () => {
		const { client, notes, reflector } = setUp();
		client.lists.push(
			{ items: [sent('x', 3)], continueToken: 'more', resourceVersion: '7' },
			{ items: [sent('y', 4)], resourceVersion: '7' },
		);
		reflector.start();
		await settle();
		expect(client.requested).toEqual(['list ns=a limit=500', 'list ns=a limit=500 continue=more', 'watch ns=a rv=7']);
		expect(notes.calls).toEqual(['=x:v,y:v', 'recovered']);
		expect(client.watch$.request.timeoutSeconds).toBe(450);
	});

	it('passes on additions, changes and deletions, but no changes of metadata alone', async () => {
		const { client, notes, reflector } = setUp();
		client.lists.push({ items: [sent('x', 3)], resourceVersion: '7' });
		reflector.start();
		await settle();
		client.watch$.send('ADDED', sent('y', 8));
		client.watch$.send('MODIFIED', sent('x', 9, 'w'));
		client.watch$.send('MODIFIED', sent('x', 10, 'w', { metadata: { annotations: { other: '1' } } }));
		client.watch$.send('DELETED', sent('x', 11, 'w'));
		expect(notes.calls.slice(2)).toEqual(['+y:v', '+x:w', '-x']);
	});

	it('continues from the last event or bookmark without a list when the server ends the watch', async () => {
		const { client, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		await settle();
		client.watch$.send('ADDED', sent('y', 8));
		await timers.advance(5_000);
		await client.watch$.end();
		client.watch$.send('BOOKMARK', bookmark(20));
		await timers.advance(5_000);
		await client.watch$.end();
		expect(client.requested.slice(1)).toEqual(['watch ns=a rv=7', 'watch ns=a rv=8', 'watch ns=a rv=20']);
	});

	it('ignores repeated and outdated events, also of deleted objects', async () => {
		const { client, notes, reflector } = setUp();
		client.lists.push({ items: [sent('x', 5, 'new')], resourceVersion: '7' });
		reflector.start();
		await settle();
		const { watch$ } = client;
		watch$.send('MODIFIED', sent('x', 4, 'old'));
		watch$.send('ADDED', sent('x', 5, 'old'));
		watch$.send('DELETED', sent('x', 3, 'old'));
		watch$.send('DELETED', sent('x', 9));
		watch$.send('MODIFIED', sent('x', 8, 'ghost'));
		expect(notes.calls.slice(2)).toEqual(['-x']);
	});

	it('applies events in order of arrival if versions cannot be compared', async () => {
		const { client, notes, reflector } = setUp();
		client.lists.push({ items: [sent('x', 'b')], resourceVersion: 'b' });
		reflector.start();
		await settle();
		client.watch$.send('MODIFIED', sent('x', 'a', 'w'));
		expect(notes.calls.at(-1)).toBe('+x:w');
	});

	it('recognises a recreated object by its uid, and tells an earlier deletion from a later one', async () => {
		const { client, notes, reflector } = setUp();
		client.lists.push({ items: [sent('x', 5)], resourceVersion: '7' });
		reflector.start();
		await settle();
		const again = { metadata: { uid: 'second' } };
		client.watch$.send('ADDED', sent('x', 10, 'again', again));
		client.watch$.send('DELETED', sent('x', 9));
		client.watch$.send('DELETED', sent('x', 12, 'again', again));
		expect(notes.calls.slice(2)).toEqual(['+x:again', '-x']);
	});

	it('keeps the last valid content of an object that cannot be decoded, and the stream continues', async () => {
		const { client, notes, reflector } = setUp();
		client.lists.push({ items: [sent('x', 5)], resourceVersion: '7' });
		reflector.start();
		await settle();
		client.watch$.send('MODIFIED', sent('x', 8, 'v', { data: { k: 5 } }));
		expect(reflector.objects.list().map(show)).toEqual(['x:v']);
		expect(reflector.objects.faults[0]?.reason).toContain('cannot unmarshal number');
		client.watch$.send('ADDED', sent('y', 9));
		client.watch$.send('MODIFIED', sent('x', 10, 'good'));
		expect(reflector.objects.faults).toEqual([]);
		expect(notes.calls.filter((one) => one.startsWith('+'))).toEqual(['+y:v', '+x:good']);
	});

	it('sends few requests while nothing happens but bookmarks', async () => {
		const { client, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		await settle();
		for (let minute = 1; minute <= 60; minute += 1) {
			await timers.advance(60_000);
			client.watch$.send('BOOKMARK', bookmark(7 + minute));
			if (minute % 7 === 0) await client.watch$.end();
		}
		expect(client.requestCount).toBe(2 + 8);
	});
});

describe('Reflector, single objects', () => {
	it('stops the watch of an immutable object and checks it as often as a pod is synced', async () => {
		const { client, notes, timers, reflector } = setUp({ name: 'x' });
		client.lists.push({ items: [sent('x', 5)], resourceVersion: '7' });
		reflector.start();
		await settle();
		const { watch$ } = client;
		watch$.send('MODIFIED', sent('x', 8, 'v', { immutable: true }));
		await settle();
		expect(watch$.isOver).toBe(true);
		client.lists.push({ items: [sent('x', 8, 'v', { immutable: true })], resourceVersion: '9' });
		await timers.advance(75_000);
		expect(client.watches).toHaveLength(1);
		client.lists.push({ items: [sent('x', 12, 'again', { metadata: { uid: 'second' } })], resourceVersion: '13' });
		await timers.advance(75_000);
		expect(client.requested.slice(2)).toEqual([
			'list ns=a name=x limit=500 rv=0',
			'list ns=a name=x limit=500 rv=0',
			'watch ns=a name=x rv=13',
		]);
		expect(notes.calls.at(-1)).toBe('=x:again');
	});
});

describe('Reflector, resting', () => {
	it('does not rest while it probes whether the server is back', async () => {
		const { client, timers, reflector } = setUp({ name: 'x' });
		client.lists.push({ items: [sent('x', 5, 'v', { immutable: true })], resourceVersion: '7' });
		reflector.start();
		await timers.advance(74_000);
		client.outage = failures.refused();
		await timers.advance(30_000);
		expect(client.requestCount).toBeGreaterThan(4);
		expect(client.worstMinute).toBeLessThan(20);
		expect(reflector.objects.size).toBe(1);
	});
});

describe('Reflector, after faults', () => {
	it('lists again if the version is too old, and nothing disappears before the new list is complete', async () => {
		const { client, notes, timers, reflector } = setUp();
		client.lists.push({ items: [sent('x', 5), sent('y', 6)], resourceVersion: '7' });
		reflector.start();
		await settle();
		await timers.advance(5_000);
		client.watch$.send('ERROR', expiredStatus());
		await settle();
		expect(client.requested.at(-1)).toBe('list ns=a limit=500');
		expect(reflector.objects.size).toBe(2);
		expect(notes.calls).toEqual(['=x:v,y:v', 'recovered']);
	});

	it('does the same for HTTP 410, and slows down if it repeats', async () => {
		const { client, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' }, ...Array.from({ length: 50 }, () => ({ resourceVersion: '8' })));
		client.watchFailures.push(...Array.from({ length: 50 }, failures.gone));
		reflector.start();
		await timers.advance(600_000);
		expect(client.requested.slice(0, 4)).toEqual([
			'list ns=a limit=500',
			'watch ns=a rv=7',
			'list ns=a limit=500',
			'watch ns=a rv=8',
		]);
		expect(client.worstMinute).toBeLessThan(20);
	});

	it('starts a list again, as one page, if its token expires', async () => {
		const { client, notes, reflector } = setUp();
		client.lists.push({ items: [sent('x', 3)], continueToken: 'more', resourceVersion: '7' }, failures.gone(), {
			items: [sent('y', 9)],
			resourceVersion: '10',
		});
		reflector.start();
		await settle();
		expect(client.requested).toEqual([
			'list ns=a limit=500',
			'list ns=a limit=500 continue=more',
			'list ns=a',
			'watch ns=a rv=10',
		]);
		expect(notes.calls[0]).toBe('=y:v');
	});

	it('requests a watch again after 65 s of silence, from the same version, without a failure', async () => {
		const { client, notes, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		await settle();
		await timers.advance(40_000);
		client.watch$.drip();
		await timers.advance(64_000);
		expect(client.watches).toHaveLength(1);
		await timers.advance(2_000);
		expect(client.requested.slice(1)).toEqual(['watch ns=a rv=7', 'watch ns=a rv=7']);
		expect(client.idleDrops).toBe(1);
		expect(notes.calls).toEqual(['=', 'recovered']);
	});

	it('notices a missing bookmark sooner than 65 s after the last event', async () => {
		const { client, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		await settle();
		client.watch$.send('BOOKMARK', bookmark(8));
		await timers.advance(55_000);
		client.watch$.send('ADDED', sent('y', 9));
		await timers.advance(11_000);
		expect(client.requested.at(-1)).toBe('watch ns=a rv=9');
	});

	it('counts a watch that ends at once without an event as a failure', async () => {
		const { client, notes, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		await settle();
		await client.watch$.end();
		expect(notes.calls.at(-1)).toBe('failed network');
		expect(client.watches).toHaveLength(1);
		await timers.advance(799);
		expect(client.watches).toHaveLength(1);
		await timers.advance(2);
		expect(client.watches).toHaveLength(2);
	});

	it('continues at once after a break of a working stream, and lists after three in a row', async () => {
		const { client, notes, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		for (let round = 0; round < 3; round += 1) {
			await timers.advance(5_000);
			await client.watch$.fail(failures.reset());
		}
		await timers.advance(500);
		expect(client.requested.slice(1)).toEqual([
			'watch ns=a rv=7',
			'watch ns=a rv=7',
			'watch ns=a rv=7',
			'list ns=a limit=500',
		]);
		expect(notes.calls).toEqual(['=', 'recovered']);
	});

	it('doubles its delays up to 6 s while the server is away, and stays below 20 requests a minute', async () => {
		const { client, notes, timers, reflector } = setUp();
		client.lists.push({ items: [sent('x', 5)], resourceVersion: '7' });
		reflector.start();
		await settle();
		client.outage = failures.refused();
		await client.watch$.fail(failures.reset());
		const from = client.log.length;
		await timers.advance(600_000);
		const times = client.log.slice(from).map(({ at }) => at);
		const gaps = times.slice(1).map((at, index) => Math.round(at - (times[index] ?? 0)));
		expect(gaps.slice(0, 5)).toEqual([800, 1600, 3200, 6000, 6000]);
		expect(client.worstMinute).toBeLessThan(20);
		expect(reflector.objects.size).toBe(1);
		client.outage = undefined;
		await timers.advance(7_000);
		expect(notes.calls.at(-1)).toBe('recovered');
		expect(client.requested.at(-1)).toBe('watch ns=a rv=7');
	});

	it.each([
		['503 of a gateway', () => new ApiError('status', 'no upstream', { code: 503 })],
		['a missing token file', () => new ApiError('credentials', 'ENOENT')],
		['an expired token', () => new ApiError('status', 'Unauthorized', { code: 401 })],
		['a missing permission', failures.forbidden],
		['a page of another server', () => new ApiError('protocol', 'no JSON')],
	])('follows again within seconds after %s', async (_, fault) => {
		const { client, notes, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' }, { resourceVersion: '7' });
		reflector.start();
		await settle();
		client.outage = fault();
		await client.watch$.fail(failures.reset());
		await timers.advance(600_000);
		expect(client.worstMinute).toBeLessThan(20);
		client.outage = undefined;
		await timers.advance(7_300);
		expect(notes.calls.at(-1)).toBe('recovered');
	});

	it.each([
		['fails', new ApiError('credentials', 'exit code 1', { runsPlugin: true })],
		['prints a refused credential', new ApiError('status', 'Unauthorized', { code: 401, runsPlugin: true })],
	])('does not keep running a plugin that %s', async (_, fault) => {
		const { client, timers, reflector } = setUp();
		client.outage = fault;
		reflector.start();
		await timers.advance(120_000);
		const before = client.requestCount;
		await timers.advance(600_000);
		expect(client.requestCount - before).toBeLessThanOrEqual(25);
	});

	it('waits as long as Retry-After demands', async () => {
		const { client, timers, reflector } = setUp();
		client.lists.push(failures.tooMany(20), { resourceVersion: '7' });
		reflector.start();
		await timers.advance(19_900);
		expect(client.requestCount).toBe(1);
		await timers.advance(2_200);
		expect(client.requestCount).toBe(3);
	});

	it('retries after a second if the server is behind', async () => {
		const { client, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '9' });
		client.watchFailures.push(failures.tooLarge());
		reflector.start();
		await timers.advance(900);
		expect(client.requestCount).toBe(2);
		await timers.advance(200);
		expect(client.requested.at(-1)).toBe('watch ns=a rv=9');
		expect(client.watches).toHaveLength(1);
	});

	it('lists again if the history of the cluster went back', async () => {
		const { client, reflector } = setUp();
		client.lists.push(
			{ items: [sent('x', 90)], resourceVersion: '100' },
			{ items: [sent('x', 40, 'restored')], resourceVersion: '50' },
		);
		reflector.start();
		await settle();
		client.watch$.send('BOOKMARK', bookmark(50));
		await settle();
		expect(reflector.objects.list().map(show)).toEqual(['x:restored']);
		expect(client.requested.at(-1)).toBe('watch ns=a rv=50');
	});

	it.each([
		['ends every watch after two seconds', async (client: FakeClient) => await client.watch$.end()],
		['breaks every watch after two seconds', async (client: FakeClient) => await client.watch$.fail(failures.reset())],
	])('stays below 20 requests a minute when a server %s', async (_, hurt) => {
		const { client, timers, reflector } = setUp();
		client.lists.push(...Array.from({ length: 400 }, () => ({ resourceVersion: '7' })));
		reflector.start();
		for (let round = 0; round < 300; round += 1) {
			await timers.advance(2_000);
			if (!client.watch$.isOver) await hurt(client);
		}
		expect(client.log.filter(({ at }) => at > 10_000).length).toBeGreaterThan(50);
		expect(client.worstMinute).toBeLessThan(20);
	});

	it('lists 10 000 objects again in a few larger pages, so that the cap holds and nothing waits', async () => {
		const { client, timers, reflector } = setUp();
		const objects = Array.from({ length: 10_000 }, (_, index) => sent(`m${index}`, index + 1));
		/** Answers lists out of `objects`. */
		client.list = async ({ limit = objects.length, continueToken }) => {
			client.log.push({ at: timers.now(), what: `list limit=${limit}` });
			const from = Number(continueToken ?? 0);
			const items = objects.slice(from, from + limit);
			const rest = from + limit < objects.length ? String(from + limit) : undefined;
			return { items, resourceVersion: '20000', continueToken: rest, bytes: items.length * 500 };
		};
		reflector.start();
		await timers.advance(10);
		expect(client.requestCount).toBe(21);
		await timers.advance(120_000);
		const before = client.requestCount;
		client.watch$.send('ERROR', expiredStatus());
		await timers.advance(10);
		expect(client.requestCount - before).toBe(6);
		expect(client.watch$.isOver).toBe(false);
	});

	it('stops at once and sends no more requests', async () => {
		const { client, notes, timers, reflector } = setUp();
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		await settle();
		const { watch$ } = client;
		reflector.close();
		await timers.advance(600_000);
		expect(watch$.isOver).toBe(true);
		expect(client.requestCount).toBe(2);
		expect(notes.calls).toEqual(['=', 'recovered']);
		expect(timers.waiting).toBe(0);
	});
});

describe('Reflector, WatchList', () => {
	it('reads the state from the stream and continues in it', async () => {
		const { client, notes, reflector } = setUp({ watchList: true });
		reflector.start();
		await settle();
		const { watch$ } = client;
		watch$.send('ADDED', sent('x', 3));
		watch$.send('ADDED', sent('y', 4));
		expect(notes.calls).toEqual([]);
		watch$.send('BOOKMARK', bookmark(7, true));
		watch$.send('MODIFIED', sent('x', 8, 'w'));
		expect(client.requested).toEqual(['watch ns=a initial=true']);
		expect(notes.calls).toEqual(['=x:v,y:v', 'recovered', '+x:w']);
	});

	it.each([
		[422, failures.invalid()],
		[400, Object.assign(failures.invalid(), { code: 400 })],
	])('lists from then on if the server answers %i', async (_, failure) => {
		const { client, gate, notes, reflector } = setUp({ watchList: true });
		client.watchFailures.push(failure);
		client.lists.push({ resourceVersion: '7' });
		reflector.start();
		await settle();
		expect(client.requested).toEqual(['watch ns=a initial=true', 'list ns=a limit=500', 'watch ns=a rv=7']);
		expect(gate.mayHaveWatchList).toBe(false);
		expect(notes.calls).toEqual(['=', 'recovered']);
	});

	it('lists instead if the server ignores it: no end of the state within 10 s, or an ordinary bookmark', async () => {
		for (const ignore of [
			async (timers: HeldTimers) => await timers.advance(11_000),
			async (_timers: HeldTimers, client: FakeClient) => client.watch$.send('BOOKMARK', bookmark(7)),
		]) {
			const { client, notes, timers, reflector } = setUp({ watchList: true });
			client.lists.push({ items: [sent('x', 3)], resourceVersion: '7' });
			reflector.start();
			await settle();
			client.watch$.send('ADDED', sent('x', 3));
			await ignore(timers, client);
			await settle();
			expect(client.requested).toEqual(['watch ns=a initial=true', 'list ns=a limit=500', 'watch ns=a rv=7']);
			expect(notes.calls).toEqual(['=x:v', 'recovered']);
		}
	});

	it('starts with an empty state again if the stream ends before the state was complete', async () => {
		const { client, notes, timers, reflector } = setUp({ watchList: true });
		reflector.start();
		await settle();
		client.watch$.send('ADDED', sent('ghost', 3));
		await client.watch$.end();
		await timers.advance(2_000);
		client.watch$.send('ADDED', sent('x', 4));
		client.watch$.send('BOOKMARK', bookmark(7, true));
		expect(notes.calls).toEqual(['failed protocol', '=x:v', 'recovered']);
	});
});

describe('Reflectors that share a server', () => {
	it('let one of them probe while the server is away, and all return with one request each', async () => {
		const { client, timers, notes, common } = setUp({ loops: 30 });
		const all = Array.from(
			{ length: 30 },
			(_, index) => new Reflector({ ...common, target: { namespace: `n${index}` } }),
		);
		running.push(...all);
		client.lists.push(...all.map(() => ({ resourceVersion: '7' })));
		for (const reflector of all) reflector.start();
		await timers.advance(120_000);
		client.outage = failures.refused();
		const before = client.requestCount;
		for (const watch of [...client.watches].filter((one) => !one.isOver)) await watch.fail(failures.reset());
		await timers.advance(300_000);
		const probes = client.requestCount - before;
		expect(probes).toBeLessThan(30 + 5 * 20);
		client.outage = undefined;
		await timers.advance(8_000);
		expect(client.watches.filter((one) => !one.isOver)).toHaveLength(30);
		expect(notes.calls.filter((one) => one === 'recovered').length).toBeGreaterThanOrEqual(30);
	});
});
