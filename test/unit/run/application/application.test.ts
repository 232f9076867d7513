import { describe, expect, test } from 'vitest';
import { type Logger, SILENT } from '../../../../src/base/log.js';
import type { ControlEvent } from '../../../../src/control/events.js';
import { Application, type StartedProcess } from '../../../../src/run/application/application.js';
import type { ApplicationEnd } from '../../../../src/run/application/application-process.js';
import { settle } from '../../sources/cluster/held-timers.js';

/** A process that ends at `exit`, and at `stop` if it obeys. */
class FakeProcess implements StartedProcess {
	readonly pid = 1;
	readonly ended: Promise<ApplicationEnd>;
	isStopped = false;
	readonly got: string[] = [];
	readonly #obeys: boolean;
	#end: (end: ApplicationEnd) => void = () => {};

	constructor(obeys = true) {
		this.#obeys = obeys;
		this.ended = new Promise((resolve) => {
			this.#end = resolve;
		});
	}

	send(signal: NodeJS.Signals): boolean {
		this.got.push(signal);
		return true;
	}

	stop(graceMs: number): Promise<ApplicationEnd> {
		this.got.push(`stop ${graceMs}`);
		if (this.#obeys) this.exit(143);
		return this.ended;
	}

	exit(status: number): void {
		this.#end({ status, signal: undefined });
	}
}

interface Start {
	readonly abort: AbortSignal;
	readonly give: (process: StartedProcess) => void;
	readonly fail: (error: Error) => void;
}

function setUp(log: Logger = SILENT) {
	const starts: Start[] = [];
	const events: ControlEvent[] = [];
	const application = new Application({
		start: (abort) => new Promise((give, fail) => starts.push({ abort, give, fail })),
		members: () => [],
		graceMs: 77,
		log,
		onEvent: (event) => void events.push(event),
	});
	let status: number | string | undefined;
	const run = async () => {
		void application.run().then(
			(ended) => {
				status = ended;
			},
			(error: Error) => {
				status = error.message;
			},
		);
		await settle();
	};
	const startWith = async (process: FakeProcess) => {
		starts.at(-1)?.give(process);
		await settle();
		return process;
	};
	return { application, events, starts, run, startWith, status: () => status };
}

describe('a process that ends on its own', () => {
	test('ends the application with its status', async () => {
		const { application, run, startWith, status } = setUp();
		await run();
		expect(application.isRunning).toBe(false);
		const first = await startWith(new FakeProcess());
		expect(application.isRunning).toBe(true);
		first.exit(5);
		await settle();
		expect([status(), application.isRunning]).toEqual([5, false]);
	});

	test('a process that cannot start ends the application with the error', async () => {
		const { run, starts, status } = setUp();
		await run();
		starts[0]?.fail(new Error('no such command'));
		await settle();
		expect(status()).toBe('no such command');
	});
});

describe('restart', () => {
	test('stops the process with the grace, starts another after its end, whose end ends the application', async () => {
		const { application, run, starts, startWith, status } = setUp();
		await run();
		const first = await startWith(new FakeProcess(false));
		application.restart();
		await settle();
		expect([first.got, starts.length]).toEqual([['stop 77'], 1]);
		first.exit(0);
		await settle();
		expect([starts.length, status()]).toEqual([2, undefined]);
		const second = await startWith(new FakeProcess());
		second.exit(9);
		await settle();
		expect(status()).toBe(9);
	});

	test('a second request before the next start begins is the same restart', async () => {
		const { application, run, starts, startWith } = setUp();
		await run();
		const first = await startWith(new FakeProcess(false));
		for (let time = 0; time < 3; time++) application.restart();
		first.exit(0);
		await settle();
		const second = await startWith(new FakeProcess());
		expect([starts.length, second.got]).toEqual([2, []]);
	});

	test('a request during a start causes one more restart after it', async () => {
		const { application, run, starts, startWith } = setUp();
		await run();
		await startWith(new FakeProcess());
		application.restart();
		await settle();
		application.restart();
		application.restart();
		const second = await startWith(new FakeProcess());
		expect([starts.length, second.got]).toEqual([3, ['stop 77']]);
		const third = await startWith(new FakeProcess());
		expect([starts.length, third.got]).toEqual([3, []]);
	});

	test('a request after the end of the process has no effect', async () => {
		const { application, run, starts, startWith, status } = setUp();
		await run();
		(await startWith(new FakeProcess())).exit(1);
		await settle();
		application.restart();
		await settle();
		expect([starts.length, status()]).toEqual([1, 1]);
	});

	test('a restart whose process cannot start ends the application with the error', async () => {
		const { application, run, starts, startWith, status } = setUp();
		await run();
		await startWith(new FakeProcess());
		application.restart();
		await settle();
		starts[1]?.fail(new Error('gone'));
		await settle();
		expect(status()).toBe('gone');
	});
});

describe('signals', () => {
	test('go to the running process, unless the terminal has delivered them', async () => {
		const { application, run, startWith } = setUp();
		await run();
		const first = await startWith(new FakeProcess());
		application.receive('SIGHUP', false);
		application.receive('SIGINT', true);
		application.receive('SIGTERM', false);
		application.receive('SIGTERM', false);
		expect(first.got).toEqual(['SIGHUP', 'SIGTERM', 'SIGTERM']);
		expect(application.send('SIGUSR1')).toBe(true);
	});

	test.each([
		['SIGTERM', 143],
		['SIGINT', 130],
		['SIGQUIT', 131],
		['SIGHUP', 129],
	] as const)('%s while no process runs ends the application with %d and aborts the start', async (signal, code) => {
		const { application, run, starts, startWith, status } = setUp();
		await run();
		expect(application.send(signal)).toBe(false);
		application.receive(signal, signal === 'SIGINT');
		expect(starts[0]?.abort.aborted).toBe(true);
		const late = await startWith(new FakeProcess());
		expect(late.got).toEqual(['stop 77']);
		expect(status()).toBe(code);
	});

	test('one of them while no process runs, and the start rejects: that is not an error', async () => {
		const { application, run, starts, status } = setUp();
		await run();
		application.receive('SIGTERM', false);
		starts[0]?.fail(new Error('aborted'));
		await settle();
		expect(status()).toBe(143);
	});

	test('one of them before the first start', async () => {
		const { application, run, starts, status } = setUp();
		application.receive('SIGINT', true);
		await run();
		expect([starts.length, status()]).toEqual([0, 130]);
	});

	test('other signals while no process runs are dropped', async () => {
		const { application, run, startWith, status } = setUp();
		await run();
		for (const signal of ['SIGUSR1', 'SIGWINCH', 'SIGCONT'] as const) application.receive(signal, false);
		const first = await startWith(new FakeProcess());
		expect([first.got, status()]).toEqual([[], undefined]);
	});

	test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
		'%s while a process is stopped for a restart: it is passed on, and no other is started',
		async (signal) => {
			const { application, run, starts, startWith, status } = setUp();
			await run();
			const first = await startWith(new FakeProcess(false));
			application.restart();
			application.receive(signal, false);
			expect(first.got).toEqual(['stop 77', signal]);
			first.exit(3);
			await settle();
			expect([starts.length, status()]).toEqual([1, 3]);
		},
	);

	test('while the process handles a SIGTERM a restart has no effect', async () => {
		const { application, run, starts, startWith, status } = setUp();
		await run();
		const first = await startWith(new FakeProcess(false));
		application.receive('SIGTERM', false);
		application.restart();
		first.exit(0);
		await settle();
		expect([first.got, starts.length, status()]).toEqual([['SIGTERM'], 1, 0]);
	});

	test('after a SIGINT that the process survives, a restart works', async () => {
		const { application, run, starts, startWith } = setUp();
		await run();
		await startWith(new FakeProcess());
		application.receive('SIGINT', true);
		application.restart();
		await settle();
		expect(starts).toHaveLength(2);
	});
});

test('end stops the process; the exit status is the given one, not that of the process', async () => {
	const { application, run, startWith, status } = setUp();
	await run();
	const first = await startWith(new FakeProcess());
	application.end(70);
	application.end(71);
	await settle();
	expect([first.got[0], status()]).toEqual(['stop 77', 70]);
});
