import { expect, test } from 'vitest';
import { sentenceOf } from '../../../../src/cli/print/log-sentence.js';

test.each([
	[{ msg: 'mounted', mountPoint: '/mnt', volumes: 1, driver: 'kernel' }, 'mounted 1 ConfigMap on /mnt (kernel driver)'],
	[{ msg: 'unmounted', signal: 'SIGINT', upcalls: { LOOKUP: 3 } }, 'unmounted after SIGINT'],
	[{ msg: 'unmounted from outside', upcalls: {} }, 'unmounted from outside'],
	[
		{
			msg: 'generation published',
			configMap: 'default/app',
			generation: '..2026',
			changed: ['a', 'b'],
			removed: ['c'],
			keyCount: 2,
			sizeBytes: 1,
			durationUs: 5,
		},
		'default/app: changed a, b; removed c (2 keys, 1 byte)',
	],
	[{ msg: 'volume removed', configMap: 'default/app' }, 'default/app: removed'],
	[{ msg: 'a.yaml:3:1: bad indentation' }, 'a.yaml:3:1: bad indentation'],
	[{ msg: 'watch failed', path: '/x', err: { message: 'ENOSPC' } }, 'watch failed (path /x): ENOSPC'],
	[{ msg: 'too big', configMap: 'default/app', limit: 5 }, 'default/app: too big (limit 5)'],
	[{ msg: 'line\nfeed \u001b[2J \u009b' }, 'line\\nfeed \\x1b[2J \\x9b'],
])('%j', (record, sentence) => {
	expect(sentenceOf({ level: 30, time: 0, ...record })).toBe(sentence);
});
