import { describe, expect, test } from 'vitest';
import { type Logger, SILENT } from '../../../../src/base/log.js';
import { type ChangeEffects, ChangeReactor } from '../../../../src/run/on-change/change-reactor.js';
import { parseOnChangeFlags } from '../../../../src/run/on-change/on-change.js';
import type { VolumeChange } from '../../../../src/run/on-change/volume-change.js';
import { HeldTimers, settle } from '../../sources/cluster/held-timers.js';

/** Effects that are noted; commands end when `finish` says so. */
class NotedEffects implements ChangeEffects {
	readonly noted: string[] = [];
	readonly changes: (readonly VolumeChange[])[] = [];
	isRunning = true;
	#finish: (() => void)[] = [];

	signal(signal: NodeJS.Signals): boolean {
		if (this.isRunning) this.noted.push(signal);
		return this.isRunning;
	}

	restart(): void {
		this.noted.push('restart');
	}

	exec(command: string, changes: readonly VolumeChange[]): Promise<void> {
		this.noted.push(`exec ${command} ${changes.map(({ volume }) => volume).join('+')}`);
		this.changes.push(changes);
		return new Promise((resolve) => this.#finish.push(resolve));
	}

	async http(method: string, url: string): Promise<void> {
		this.noted.push(`${method} ${url}`);
	}

	close(): void {
		this.noted.push('close');
	}

	async finish(): Promise<void> {
		this.#finish.shift()?.();
		await settle();
	}
}

function setUp(...flags: readonly string[]) {
	const timers = new HeldTimers();
	const effects = new NotedEffects();
	const lines: string[] = [];
	const method =
		(level: string) =>
		(fields: unknown, message?: string): void => {
			lines.push(`${level} ${message ?? String(fields)}`);
		};
	const log: Logger = {
		error: method('error'),
		warn: method('warn'),
		info: method('info'),
		debug: method('debug'),
		trace: method('trace'),
		child: () => log,
	};
	const reactor = new ChangeReactor({ policy: parseOnChangeFlags(flags), effects, log, timers });
	reactor.started();
	return { timers, effects, reactor, lines, noted: effects.noted };
}

let generation = 0;

function flip(change: Partial<VolumeChange['change']> = { changed: ['key'] }) {
	generation++;
	return { generation: `..${generation}`, change: { added: [], removed: [], changed: [], ...change } };
}

const STALE = 'warn the application keeps what it was started with; restart it, or use --on-change restart';

describe('what is done', () => {
	test('nothing by default', async () => {
		const { reactor, timers, noted, lines } = setUp();
		reactor.volumeChanged('config', flip());
		await timers.advance(5000);
		expect([...noted, ...lines]).toEqual([]);
		expect(timers.waiting).toBe(0);
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
	test('of one volume or of several is one signal, one command for each text, one request for each URL', async () => {
		const { reactor, timers, noted } = setUp('signal:HUP', 'c=exec:one', 'd=exec:one', 'e=exec:two', 'f=http://h/');
		for (const volume of ['a', 'b', 'a', 'c', 'd', 'e', 'c', 'f', 'f']) {
			reactor.volumeChanged(volume, flip());
			await timers.advance(50);
		}
		await timers.advance(100);
		expect(noted).toEqual(['SIGHUP', 'exec one c+d', 'exec two e', 'POST http://h/']);
	});

	test('that does not end is told of after a second at the latest', async () => {
		const { reactor, timers, noted } = setUp('signal:HUP');
		for (let time = 0; time < 2500; time += 50) {
			reactor.volumeChanged('a', flip());
			await timers.advance(50);
		}
		expect(noted).toHaveLength(2);
	});

	test('with a restart in it is a restart without a signal, and the rest as asked', async () => {
		const { reactor, timers, noted } = setUp('signal:HUP', 'tls=restart', 'c=http://h/');
		for (const volume of ['a', 'tls', 'c']) reactor.volumeChanged(volume, flip());
		await timers.advance(100);
		expect(noted).toEqual(['POST http://h/', 'restart']);
	});

	test('is told as the difference between its ends', async () => {
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
	test('never runs twice at once: what changed meanwhile is one more run', async () => {
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

	test('does not keep others waiting', async () => {
		const { reactor, timers, noted } = setUp('exec:x', 'b=exec:y', 'c=signal:HUP');
		for (const volume of ['a', 'b', 'c']) {
			reactor.volumeChanged(volume, flip());
			await timers.advance(100);
		}
		expect(noted).toEqual(['exec x a', 'exec y b', 'SIGHUP']);
	});
});

describe('the start of a process', () => {
	test('what was shown before the first is no change', async () => {
		const timers = new HeldTimers();
		const effects = new NotedEffects();
		const reactor = new ChangeReactor({ policy: parseOnChangeFlags(['restart']), effects, log: SILENT, timers });
		reactor.volumeChanged('a', flip());
		reactor.environmentChanged({ names: ['PORT'], isWorkload: false });
		await timers.advance(1000);
		reactor.started();
		await timers.advance(1000);
		expect(effects.noted).toEqual([]);
	});

	test('what it has seen already is no signal and no restart, but others are told', async () => {
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

	test('a signal that finds no process is dropped, and that is worth a debug line', async () => {
		const { reactor, timers, effects, lines } = setUp('signal:HUP');
		effects.isRunning = false;
		reactor.volumeChanged('a', flip());
		await timers.advance(100);
		effects.isRunning = true;
		await timers.advance(1000);
		expect(effects.noted).toEqual([]);
		expect(lines).toEqual(['debug no process to tell of the change']);
	});
});

describe('a changed environment', () => {
	test('restarts where restart is asked for, in one with the volumes', async () => {
		const { reactor, timers, noted, lines } = setUp('restart');
		reactor.environmentChanged({ names: ['PORT'], isWorkload: false });
		reactor.volumeChanged('a', flip());
		await timers.advance(100);
		expect(noted).toEqual(['restart']);
		expect(lines).toEqual([]);
	});

	test('restarts also when the process was started in the same moment: it may have the old one', async () => {
		const { reactor, timers, noted } = setUp('restart');
		reactor.environmentChanged({ names: ['PORT'], isWorkload: false });
		reactor.started();
		await timers.advance(100);
		expect(noted).toEqual(['restart']);
	});

	test.each([[[]], [['signal:HUP']], [['a=restart']]])('is said once for each start with %j', async (flags) => {
		const { reactor, timers, noted, lines } = setUp(...flags);
		for (let time = 0; time < 3; time++) {
			reactor.environmentChanged({ names: ['PORT'], isWorkload: false });
			await timers.advance(2000);
		}
		expect(lines).toEqual([STALE]);
		reactor.started();
		reactor.environmentChanged({ names: ['PORT'], isWorkload: false });
		expect(lines).toEqual([STALE, STALE]);
		expect(noted).toEqual([]);
	});
});

test('after close nothing happens any more', async () => {
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
