import { expect, test } from 'vitest';
import { plainLogger } from '../../../../src/cli/print/plain-logger.js';

test('says what is wrong in one line each, and nothing else', () => {
	const lines: string[] = [];
	const log = plainLogger((line) => void lines.push(line)).child({ component: 'x' });
	log.error('it\nfails');
	log.warn({ path: 'dir', component: 'y' }, 'directory holds nothing');
	for (const method of ['info', 'debug', 'trace'] as const) log[method]({ a: 1 }, 'not said');
	expect(lines).toEqual(['error: it\\nfails\n', 'warning: directory holds nothing (path dir)\n']);
});
