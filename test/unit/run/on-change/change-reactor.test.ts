import { describe, expect, test } from 'vitest';
import type { CallOutcome, CommandOutcome, ControlEvent } from '../../../../src/control/events.js';
import { type ChangeEffects, ChangeReactor } from '../../../../src/run/on-change/change-reactor.js';
import { parseOnChangeFlags } from '../../../../src/run/on-change/on-change.js';
import type { VolumeChange } from '../../../../src/run/on-change/volume-change.js';
import { HeldTimers, settle } from '../../sources/cluster/held-timers.js';

/** Records the effects; a command ends at `finish`. */
class RecordedEffects implements ChangeEffects {
	readonly noted: string[] = [];
	readonly changes: (readonly VolumeChange[])[] = [];
	isRunning = true;
	isEnding = false;
	#finish: ((outcome: CommandOutcome | undefined) => void)[] = [];

	signal(signal: NodeJS.Signals): boolean {
		if (this.isRunning) this.noted.push(signal);
		return this.isRunning;
	}

	restart(): boolean {
		if (!this.isEnding) this.noted.push('restart');
		return !this.isEnding;
	}

	exec(command: string, changes: readonly VolumeChange[]): Promise<CommandOutcome | undefined> {
		this.noted.push(`exec ${command} ${changes.map(({ volume }) => volume).join('+')}`);
		this.changes.push(changes);
		return new Promise((resolve) => this.#finish.push(resolve));
	}

	async http(method: string, url: string): Promise<CallOutcome> {
		this.noted.push(`${method} ${url}`);
		return { outcome: 'failed', status: 403, tries: 1 };
	}

	close(): void {
		this.noted.push('close');
	}

	async finish(outcome: CommandOutcome | 'none' = { outcome: 'done', status: 0 }): Promise<void> {
		this.#finish.shift()?.(outcome === 'none' ? undefined : outcome);
		await settle();
	}
}

function setUp(...flags: readonly string[]) {
	const timers = new HeldTimers();
	const effects = new RecordedEffects();
	const events: ControlEvent[] = [];
	const onEvent = (event: ControlEvent) => void events.push(event);
	const reactor = new ChangeReactor({ policy: parseOnChangeFlags(flags), effects, onEvent, timers });
	reactor.started();
	return { timers, effects, reactor, events, noted: effects.noted };
}

let generation = 0;

function flip(change: Partial<VolumeChange['change']> = { changed: ['key'] }) {
	generation++;
	return { generation: `..${generation}`, change: { added: [], removed: [], changed: [], ...change } };
}

const PORT = { names: ['PORT'], isWorkload: false };
const STALE = { type: 'environment-changed', ...PORT };

describe('the action', () => {
	test('does nothing by default', async () => {
		const { reactor, timers, noted, events } = setUp();
		reactor.volumeChanged('config', flip());
		await timers.advance(5000);
		expect([...noted, ...events]).toEqual([]);
		expect(timers.waiting).toBe(0);
	});

	test.each(['none', 'signal:HUP', 'exec:reload', 'http://h/'])(
		'%s: a file that only a frozen subPath shows is reported, and is not a change',
		async (action) => {
			const { reactor, timers, noted, events } = setUp(action);
			const views = [{ volume: 'config', target: '/etc/key', subPath: 'key', isFrozen: true }];
			reactor.volumeChanged('config', flip(), views);
			await timers.advance(5000);
			expect(noted).toEqual([]);
			expect(events).toEqual([{ type: 'frozen', volume: 'config', target: '/etc/key', paths: ['key'] }]);
		},
	);

	test('restart: a file that only a frozen subPath shows is a change', async () => {
		const { reactor, timers, noted, events } = setUp('restart');
		const views = [{ volume: 'config', target: '/etc/key', subPath: 'key', isFrozen: true }];
		reactor.volumeChanged('config', flip(), views);
		await timers.advance(5000);
		expect(noted).toEqual(['restart']);
		expect(events).toMatchObject([{ type: 'reaction', causes: [{ changed: ['key'] }] }]);
	});

	test('a change beside a frozen subPath is passed on without its file', async () => {
		const { reactor, timers, effects } = setUp('exec:reload');
		const views = [
			{ volume: 'config', target: '/etc/key', subPath: 'key', isFrozen: true },
			{ volume: 'config', target: '/etc/live', subPath: 'live', isFrozen: false },
		];
		reactor.volumeChanged('config', flip({ changed: ['key', 'live'] }), views);
		await timers.advance(5000);
		expect(effects.changes).toMatchObject([[{ change: { changed: ['live'] } }]]);
	});

	test.each([
		['signal:HUP', 'SIGHUP'],
		['restart', 'restart'],
		['exec:reload', 'exec reload config'],
		['http:PUT:http://h/', 'PUT http://h/'],
	])('%s', async (flag, effect) => {
		const { reactor, timers, noted } = setUp(flag);
		reactor.volumeChanged('config', flip());
		await timers.advance(99);
		expect(noted).toEqual([]);
		await timers.advance(1);
		expect(noted).toEqual([effect]);
	});

	test('a volume has its own action, which may be none', async () => {
		const { reactor, timers, noted } = setUp('signal:HUP', 'tls=signal:USR1', 'notes=none');
		reactor.volumeChanged('notes', flip());
		reactor.volumeChanged('tls', flip());
		await timers.advance(100);
		expect(noted).toEqual(['SIGUSR1']);
		reactor.volumeChanged('config', flip());
		await timers.advance(100);
		expect(noted).toEqual(['SIGUSR1', 'SIGHUP']);
	});
});

describe('a burst', () => {
	test('over several volumes is one signal, one run of each command, one request to each URL', async () => {
		const { reactor, timers, noted } = setUp('signal:HUP', 'c=exec:one', 'd=exec:one', 'e=exec:two', 'f=http://h/');
		for (const volume of ['a', 'b', 'a', 'c', 'd', 'e', 'c', 'f', 'f']) {
			reactor.volumeChanged(volume, flip());
			await timers.advance(50);
		}
		await timers.advance(100);
		expect(noted).toEqual(['SIGHUP', 'exec one c+d', 'exec two e', 'POST http://h/']);
	});

	test('that does not end causes a reaction after a second at the latest', async () => {
		const { reactor, timers, noted } = setUp('signal:HUP');
		for (let time = 0; time < 2500; time += 50) {
			reactor.volumeChanged('a', flip());
			await timers.advance(50);
		}
		expect(noted).toHaveLength(2);
	});

	test('with a restart in it is a restart without a signal; commands and requests run', async () => {
		const { reactor, timers, noted } = setUp('signal:HUP', 'tls=restart', 'c=http://h/');
		for (const volume of ['a', 'tls', 'c']) reactor.volumeChanged(volume, flip());
		await timers.advance(100);
		expect(noted).toEqual(['POST http://h/', 'restart']);
	});

	test('is passed on as the difference between its ends', async () => {
		const { reactor, timers, effects } = setUp('exec:x');
		reactor.volumeChanged('a', flip({ added: ['new', 'gone'], changed: ['kept'] }));
		reactor.volumeChanged('a', flip({ removed: ['gone', 'kept', 'old'], changed: ['new'] }));
		const last = flip({ added: ['old'] });
		reactor.volumeChanged('a', last);
		await timers.advance(100);
		expect(effects.changes).toEqual([
			[{ volume: 'a', generation: last.generation, change: { added: ['new'], removed: ['kept'], changed: ['old'] } }],
		]);
	});
});

describe('a command', () => {
	test('never runs twice at the same time: changes during a run are one more run', async () => {
		const { reactor, timers, effects, noted } = setUp('exec:x');
		reactor.volumeChanged('a', flip());
		await timers.advance(100);
		for (const volume of ['b', 'c', 'b']) {
			reactor.volumeChanged(volume, flip());
			await timers.advance(200);
		}
		expect(noted).toEqual(['exec x a']);
		await effects.finish();
		expect(noted).toEqual(['exec x a', 'exec x b+c']);
		await effects.finish();
		expect(noted).toHaveLength(2);
	});

	test('does not delay others', async () => {
		const { reactor, timers, noted } = setUp('exec:x', 'b=exec:y', 'c=signal:HUP');
		for (const volume of ['a', 'b', 'c']) {
			reactor.volumeChanged(volume, flip());
			await timers.advance(100);
		}
		expect(noted).toEqual(['exec x a', 'exec y b', 'SIGHUP']);
	});
});

describe('the start of a process', () => {
	test('flips before the first process are not changes', async () => {
		const timers = new HeldTimers();
		const effects = new RecordedEffects();
		const reactor = new ChangeReactor({ policy: parseOnChangeFlags(['restart']), effects, onEvent: () => {}, timers });
		reactor.volumeChanged('a', flip());
		reactor.environmentChanged(PORT);
		await timers.advance(1000);
		reactor.started();
		await timers.advance(1000);
		expect(effects.noted).toEqual([]);
	});

	test('changes before it cause no signal and no restart, but commands and requests run', async () => {
		const { reactor, timers, noted } = setUp('restart', 'b=signal:HUP', 'c=http://h/');
		for (const volume of ['a', 'b', 'c']) reactor.volumeChanged(volume, flip());
		await timers.advance(50);
		reactor.started();
		await timers.advance(100);
		expect(noted).toEqual(['POST http://h/']);
		reactor.volumeChanged('b', flip());
		await timers.advance(100);
		expect(noted).toEqual(['POST http://h/', 'SIGHUP']);
	});

	test('a signal that finds no process is dropped, and the event gives the reason', async () => {
		const { reactor, timers, effects, events } = setUp('signal:HUP');
		effects.isRunning = false;
		reactor.volumeChanged('a', flip());
		await timers.advance(100);
		effects.isRunning = true;
		await timers.advance(1000);
		expect(effects.noted).toEqual([]);
		expect(events).toMatchObject([{ action: 'signal', outcome: 'skipped', reason: 'no process runs' }]);
	});
});

describe('a changed environment', () => {
	test('causes one restart together with the volumes', async () => {
		const { reactor, timers, noted, events } = setUp('restart');
		reactor.environmentChanged(PORT);
		reactor.volumeChanged('a', flip());
		await timers.advance(100);
		expect(noted).toEqual(['restart']);
		expect(events).toEqual([
			{
				type: 'reaction',
				action: 'restart',
				causes: [{ volume: 'a', added: [], changed: ['key'], removed: [] }],
				variables: ['PORT'],
				outcome: 'done',
			},
		]);
	});

	test('causes a restart although a process was just started, which may have the old one', async () => {
		const { reactor, timers, noted } = setUp('restart');
		reactor.environmentChanged(PORT);
		reactor.started();
		await timers.advance(100);
		expect(noted).toEqual(['restart']);
	});

	test.each([[[]], [['signal:HUP']], [['a=restart']]])('is reported once for each start with %j', async (flags) => {
		const { reactor, timers, noted, events } = setUp(...flags);
		for (let time = 0; time < 3; time++) {
			reactor.environmentChanged(PORT);
			await timers.advance(2000);
		}
		expect(events).toEqual([STALE]);
		reactor.started();
		reactor.environmentChanged(PORT);
		expect(events).toEqual([STALE, STALE]);
		expect(noted).toEqual([]);
	});
});

describe('events', () => {
	test('a signal names the volumes that request it, with their paths', async () => {
		const { reactor, timers, events } = setUp('signal:HUP', 'c=signal:USR1', 'd=none');
		reactor.volumeChanged('a', flip({ added: ['new'], removed: ['old'] }));
		for (const volume of ['b', 'c', 'd']) reactor.volumeChanged(volume, flip());
		await timers.advance(100);
		const changed = (volume: string) => ({ volume, added: [], changed: ['key'], removed: [] });
		expect(events).toEqual([
			{
				type: 'reaction',
				action: 'signal',
				signal: 'SIGHUP',
				causes: [{ volume: 'a', added: ['new'], changed: [], removed: ['old'] }, changed('b')],
				outcome: 'done',
			},
			{ type: 'reaction', action: 'signal', signal: 'SIGUSR1', causes: [changed('c')], outcome: 'done' },
		]);
	});

	test('a command reports at its end; without an outcome there is no event', async () => {
		const { reactor, timers, effects, events } = setUp('exec:x');
		reactor.volumeChanged('a', flip());
		await timers.advance(100);
		expect(events).toEqual([]);
		reactor.volumeChanged('b', flip());
		await timers.advance(100);
		await effects.finish({ outcome: 'failed', status: 3 });
		expect(events).toMatchObject([
			{ action: 'exec', command: 'x', causes: [{ volume: 'a' }], outcome: 'failed', status: 3 },
		]);
		await effects.finish('none');
		expect(events).toHaveLength(1);
	});

	test('a request is named without its credentials', async () => {
		const { reactor, timers, events } = setUp('http:PUT:http://user:secret@h/x');
		reactor.volumeChanged('a', flip());
		await timers.advance(100);
		expect(events).toMatchObject([{ action: 'http', method: 'PUT', url: 'http://h/x', status: 403, tries: 1 }]);
		expect(JSON.stringify(events)).not.toContain('secret');
	});

	test('a restart of an application that ends anyway is skipped', async () => {
		const { reactor, timers, effects, events } = setUp('restart');
		effects.isEnding = true;
		reactor.environmentChanged({ names: [], isWorkload: true });
		await timers.advance(100);
		expect(events).toEqual([
			{ type: 'reaction', action: 'restart', causes: [], outcome: 'skipped', reason: 'it is ending' },
		]);
	});

	test('another variable, and the workload, are reported on top of the first', () => {
		const { reactor, events } = setUp();
		const changes = [
			{ names: ['HOST'], isWorkload: false },
			{ names: ['HOST', 'PORT'], isWorkload: false },
			{ names: ['PORT'], isWorkload: false },
			{ names: ['PORT'], isWorkload: true },
			{ names: [], isWorkload: true },
		];
		for (const change of changes) reactor.environmentChanged(change);
		expect(events).toEqual([0, 1, 3].map((index) => ({ type: 'environment-changed', ...changes[index] })));
	});
});

test('after close there is no reaction', async () => {
	const { reactor, timers, effects, noted } = setUp('exec:x', 'b=restart');
	reactor.volumeChanged('a', flip());
	await timers.advance(100);
	reactor.volumeChanged('a', flip());
	await timers.advance(100);
	reactor.volumeChanged('b', flip());
	reactor.close();
	reactor.volumeChanged('b', flip());
	await effects.finish();
	await timers.advance(5000);
	expect(noted).toEqual(['exec x a', 'close']);
	expect(timers.waiting).toBe(0);
});
