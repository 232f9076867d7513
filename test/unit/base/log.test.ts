import { expect, test } from 'vitest';
import { SILENT } from '../../../src/base/log.js';

test('SILENT and its children accept both forms of arguments at every level', () => {
	for (const logger of [SILENT, SILENT.child({ part: 'x' })]) {
		for (const log of [logger.error, logger.warn, logger.info, logger.debug, logger.trace]) {
			expect(log({ field: 1 }, 'text')).toBeUndefined();
			expect(log('text')).toBeUndefined();
		}
	}
});
