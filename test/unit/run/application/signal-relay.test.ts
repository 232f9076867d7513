/** The signals that are passed on. This process sends them to itself. */

import { afterEach, describe, expect, test } from 'vitest';
import { type SignalReceiver, SignalRelay } from '../../../../src/run/application/signal-relay.js';
import { until } from '../../../support/until.js';

const relays: SignalRelay[] = [];

afterEach(() => {
	for (const relay of relays.splice(0)) relay.close();
});

function setUp(isInForeground: boolean) {
	const got: string[] = [];
	const receiver: SignalReceiver = {
		receive: (signal, isThere) => got.push(`${signal}${isThere ? ' is there' : ''}`),
		isRunning: true,
		isStopped: false,
	};
	relays.push(new SignalRelay(receiver, () => isInForeground));
	const send = async (signal: NodeJS.Signals) => {
		const before = got.length;
		process.kill(process.pid, signal);
		await until(() => got.length > before, signal);
		return got.at(-1);
	};
	return { send, got };
}

const OF_TERMINAL = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGWINCH'] as const;
const OTHERS = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGABRT', 'SIGURG', 'SIGIO', 'SIGPWR'] as const;

describe('in the foreground of a terminal', () => {
	test.each(OF_TERMINAL)('%s counts as sent by the terminal', async (signal) => {
		expect(await setUp(true).send(signal)).toBe(`${signal} is there`);
	});

	test.each(OTHERS)('%s is passed on', async (signal) => {
		expect(await setUp(true).send(signal)).toBe(signal);
	});
});

describe('in the background, or without a terminal', () => {
	test.each([...OF_TERMINAL, ...OTHERS, 'SIGCONT', 'SIGVTALRM'] as const)('%s is passed on', async (signal) => {
		expect(await setUp(false).send(signal)).toBe(signal);
	});
});

test('close removes every listener', () => {
	const before = process.eventNames().length;
	const relay = new SignalRelay({ receive: () => {}, isRunning: false, isStopped: false });
	expect(process.eventNames().length).toBeGreaterThan(before);
	relay.close();
	expect(process.eventNames().length).toBe(before);
});
