import { describe, expect, it } from 'vitest';
import { parseWithYargs } from '../../../src/cli/yargs-commands.js';

describe('parseWithYargs', () => {
	it.each(['--nope', '--from-literal.a', '--no-append-hash'])('does not know the flag %s', async (flag) => {
		await expect(parseWithYargs(['create', 'cm', 'x', `${flag}=b`])).rejects.toMatchObject({
			code: 'USAGE',
			message: `unknown flag: ${flag}; see "configmapfs create --help"`,
		});
	});
});
