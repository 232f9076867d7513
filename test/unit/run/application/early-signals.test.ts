import { expect, test } from 'vitest';
import { EarlySignals } from '../../../../src/run/application/early-signals.js';
import { until } from '../../../support/until.js';

test('signals that request the end are kept until they are taken, and not afterwards', async () => {
	const others: NodeJS.Signals[] = [];
	const listen = (signal: NodeJS.Signals) => void others.push(signal);
	const early = new EarlySignals();
	process.on('SIGHUP', listen);
	try {
		process.kill(process.pid, 'SIGHUP');
		await until(() => others.length === 1, 'the signal');
		expect(early.take()).toEqual(['SIGHUP']);
		process.kill(process.pid, 'SIGHUP');
		await until(() => others.length === 2, 'the signal');
		expect(early.take()).toEqual([]);
	} finally {
		process.removeListener('SIGHUP', listen);
	}
	for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) {
		const before = process.listenerCount(signal);
		const another = new EarlySignals();
		expect(process.listenerCount(signal)).toBe(before + 1);
		another.take();
		expect(process.listenerCount(signal)).toBe(before);
	}
});
