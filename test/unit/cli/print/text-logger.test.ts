import { describe, expect, test } from 'vitest';
import { LOG_LEVELS } from '../../../../src/base/log.js';
import { COLOURS, NO_STYLE } from '../../../../src/cli/print/style.js';
import { commandLogger, textLogger, timedPrefix } from '../../../../src/cli/print/text-logger.js';

test('of a command: errors and warnings, each on one line, and nothing else', () => {
	const lines: string[] = [];
	const log = commandLogger((line) => void lines.push(line)).child({ component: 'x' });
	log.error('it\nfails');
	log.warn({ path: 'dir', component: 'y' }, 'directory holds nothing');
	for (const method of ['info', 'debug', 'trace'] as const) log[method]({ a: 1 }, 'not written');
	expect(lines).toEqual(['error: it\\nfails\n', 'warning: directory holds nothing\n']);
});

test.each([
	['error', ['error']],
	['info', ['error', 'warn', 'info']],
	['trace', LOG_LEVELS],
] as const)('at level %s it writes %j', (level, expected) => {
	const levels: string[] = [];
	const log = textLogger({ level, prefix: (one) => one, write: (line) => void levels.push(line) });
	for (const one of LOG_LEVELS) log[one]('');
	expect(levels).toEqual(expected.map((one) => `${one}\n`));
});

test('the subject of a child is on each of its lines, its other fields on those for developers', () => {
	const lines: string[] = [];
	const log = textLogger({ level: 'debug', prefix: () => '', write: (line) => void lines.push(line) });
	const child = log.child({ configMap: 'default/app' }).child({ limit: 5 });
	child.info('too big');
	child.debug('too big');
	expect(lines).toEqual(['default/app: too big\n', 'default/app: too big (limit 5)\n']);
});

describe('timedPrefix', () => {
	const now = new Date(2026, 0, 2, 3, 4, 5);

	test('has the local time, and the date for a file', () => {
		expect(timedPrefix(now, 'warn', { hasDate: false, style: NO_STYLE })).toBe('[03:04:05] WARN: ');
		expect(timedPrefix(now, 'error', { hasDate: true, style: NO_STYLE })).toBe('[2026-01-02 03:04:05] ERROR: ');
	});

	test('colours only the level', () => {
		expect(timedPrefix(now, 'warn', { hasDate: false, style: COLOURS })).toBe('[03:04:05] \x1b[33mWARN\x1b[39m: ');
	});
});
