import { beforeEach, describe, expect, test } from 'vitest';
import type { ControlEvent } from '../../../src/control/events.js';
import { ProblemReporter } from '../../../src/control/problem-reporter.js';

const A = { location: 'a.yaml:1:1', reason: 'bad indentation' };
const B = { location: 'b.yaml', reason: 'too big' };

let events: ControlEvent[];
let reporter: ProblemReporter;

beforeEach(() => {
	events = [];
	reporter = new ProblemReporter((event) => events.push(event));
});

describe('ProblemReporter', () => {
	test('emits each problem once while it is present, and again when it returns', () => {
		for (const problems of [[A], [A, B], [B, A], [B], [A, B]]) reporter.update(problems);
		expect(events).toEqual([
			{ type: 'problem', location: 'a.yaml:1:1', reason: 'bad indentation' },
			{ type: 'problem', location: 'b.yaml', reason: 'too big' },
			{ type: 'problem', location: 'a.yaml:1:1', reason: 'bad indentation' },
		]);
	});

	test('the same problem of two sources is one event', () => {
		reporter.update([A, { ...A }]);
		expect(events).toHaveLength(1);
	});

	test('emits one recovery, when the last problem is gone', () => {
		reporter.update([A, B]);
		reporter.update([B]);
		expect(events).toHaveLength(2);
		reporter.update([]);
		reporter.update([]);
		expect(events.slice(2)).toEqual([{ type: 'resolved', locations: ['b.yaml'] }]);
	});

	test('a warning is emitted, and its end is not a recovery', () => {
		const warning = { location: 'c.yaml:1:1', reason: 'twice', warning: 'duplicate-key' };
		reporter.update([A, warning]);
		reporter.update([warning]);
		reporter.update([]);
		expect(events).toEqual([
			{ type: 'problem', ...A },
			{ type: 'problem', ...warning },
			{ type: 'resolved', locations: ['a.yaml:1:1'] },
		]);
	});

	test('a problem that its source has emitted itself is neither emitted nor resolved here', () => {
		reporter.update([{ ...A, isLogged: true }]);
		reporter.update([]);
		expect(events).toEqual([]);
	});
});
