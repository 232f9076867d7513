import { expect, test } from 'vitest';
import { SILENT } from '../../../src/base/log.js';

test('SILENT takes both forms at every level, and so do its children', () => {
	for (const logger of [SILENT, SILENT.child({ part: 'x' })]) {
		for (const log of [logger.error, logger.warn, logger.info, logger.debug, logger.trace]) {
			expect(log({ field: 1 }, 'words')).toBeUndefined();
			expect(log('words')).toBeUndefined();
		}
	}
});
