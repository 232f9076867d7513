import { expect, test } from 'vitest';
import { COLOURS, NO_STYLE, styleFor } from '../../../../src/cli/print/style.js';

test.each([
	[true, {}, COLOURS],
	[true, { NO_COLOR: '' }, COLOURS],
	[true, { NO_COLOR: '1' }, NO_STYLE],
	[true, { TERM: 'dumb' }, NO_STYLE],
	[false, { TERM: 'xterm-256color' }, NO_STYLE],
])('on a terminal: %s, with %j', (isTerminal, env, style) => {
	expect(styleFor(isTerminal, env)).toBe(style);
});
