import { expect, test } from 'vitest';
import type { ServerFault } from '../../../src/journal/server-protocol.js';
import { faultReporter } from '../../../src/server/fault-reporter.js';

function fails(message: string): Error {
	return new Error(message);
}

function failsElsewhere(message: string): Error {
	return new Error(message);
}

test('each distinct fault is sent once, with its message and stack', () => {
	const sent: ServerFault[] = [];
	const report = faultReporter((fault) => sent.push(fault));
	for (let index = 0; index < 1000; index++) {
		report('READ', fails(`inode ${index}`));
		report('READ', failsElsewhere('x'));
	}
	report('READDIR', 'no error');
	report('READDIR', 'no error');
	report('LOOKUP', 'no error');
	expect(sent.map(({ where, stack }) => [where, stack.split('\n')[0]])).toEqual([
		['READ', 'Error: inode 0'],
		['READ', 'Error: x'],
		['READDIR', 'thrown: no error'],
		['LOOKUP', 'thrown: no error'],
	]);
	expect(sent[0]?.stack).toMatch(/\n\s+at fails \(.*fault-reporter\.test\.ts:\d+:\d+\)/);
});

test('no more than 100 distinct faults are sent', () => {
	const sent: ServerFault[] = [];
	const report = faultReporter((fault) => sent.push(fault));
	for (let index = 0; index < 1000; index++) report(`request ${index}`, new Error('x'));
	expect(sent).toHaveLength(100);
});
