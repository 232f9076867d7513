import { expect, test } from 'vitest';
import { sentenceOf } from '../../../../src/cli/print/log-sentence.js';

test.each([
	[{ msg: 'default/app: removed', event: 'removed', configMap: 'default/app' }, 'default/app: removed'],
	[{ msg: 'unmounted from outside', event: 'unmounted', upcalls: {} }, 'unmounted from outside'],
	[{ msg: 'a.yaml:3:1: bad indentation' }, 'a.yaml:3:1: bad indentation'],
	[{ msg: 'watch failed', path: '/x', err: { message: 'ENOSPC' } }, 'watch failed: ENOSPC'],
	[{ msg: 'too big', configMap: 'default/app', limit: 5 }, 'default/app: too big'],
	[{ msg: 'line\nfeed \u001b[2J \u009b' }, 'line\\nfeed \\x1b[2J \\x9b'],
	[{ msg: 'a\u202eb\u2066c\u2028d\u2029e' }, 'a\\u{202e}b\\u{2066}c\\u{2028}d\\u{2029}e'],
	[{ msg: 'file \u202e', event: 'problem' }, 'file \\u{202e}'],
])('%j', (record, sentence) => {
	expect(sentenceOf({ level: 30, time: 0, ...record })).toBe(sentence);
});

test.each([
	[{ msg: 'watch failed', path: '/x', err: { message: 'ENOSPC' } }, 'watch failed (path /x): ENOSPC'],
	[{ msg: 'too big', configMap: 'default/app', limits: [5] }, 'default/app: too big (limits [5])'],
	[{ msg: 'removed', event: 'removed', configMap: 'default/app' }, 'removed'],
])('with fields: %j', (record, sentence) => {
	expect(sentenceOf({ level: 20, time: 0, ...record }, true)).toBe(sentence);
});
