import { describe, expect, test } from 'vitest';
import { createHelp } from '../../../../src/cli/commands/create-command.js';
import { envHelp } from '../../../../src/cli/commands/env-command.js';
import { lintHelp } from '../../../../src/cli/commands/lint-command.js';
import { unmountHelp } from '../../../../src/cli/commands/unmount-command.js';
import { mountHelp } from '../../../../src/cli/flags/mount-flags.js';
import { runHelp } from '../../../../src/cli/flags/run-flags.js';
import { type CommandHelp, commandHelp, programHelp } from '../../../../src/cli/print/help.js';

const PAGES: readonly CommandHelp[] = [runHelp, envHelp, lintHelp, mountHelp, unmountHelp, createHelp];

const PAGE: CommandHelp = {
	name: 'show',
	summary: 'Show it',
	usage: ['show DIR [flags]'],
	description: 'Show one or two things, and stop after that.',
	options: {
		filename: { type: 'string', alias: 'f', value: 'FILE', describe: 'Read this file or directory', group: 'Input:' },
		recursive: { type: 'boolean', alias: 'R', describe: 'Read subdirectories', group: 'Input:' },
		delay: { valueIfBare: '1s', value: 'TIME', describe: 'Wait' },
	},
	epilogue: 'Examples:\n  configmapfs show',
};

test('a page has its flags in groups, with the names of their values, and is wrapped', async () => {
	expect(await commandHelp(PAGE, 40)).toBe(`configmapfs show DIR [flags]

Show one or two things, and stop after
that.

Input:
  -f, --filename FILE  Read this file or
                       directory
  -R, --recursive      Read
                       subdirectories

Flags:
      --delay[=TIME]  Wait
  -h, --help          Show this help
      --version       Show the version

Examples:
  configmapfs show
`);
});

test('the page of the program lists its commands', async () => {
	const text = await programHelp(PAGES, 80);
	for (const { name, summary } of PAGES) expect(text).toContain(`\n  ${name.padEnd(7)}  ${summary}\n`);
});

describe.each(PAGES.map((page) => [page.name, page] as const))('%s', (_, page) => {
	test('every flag that takes a value shows its name, and no other flag does', () => {
		for (const [name, option] of Object.entries(page.options)) {
			expect([name, option.value === undefined]).toEqual([name, option.type === 'boolean']);
			expect(option.describe).toMatch(/^[A-Z[].*[^.]$/);
		}
	});

	test.each([80, 120])('fits into %d columns', async (width) => {
		const text = await commandHelp(page, width);
		for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
	});

	test('no flag is separated from the name of its value', async () => {
		const text = await commandHelp(page, 80);
		for (const [name, { value, valueIfBare }] of Object.entries(page.options)) {
			const shown = value === undefined ? '' : valueIfBare === undefined ? ` ${value}` : `[=${value}]`;
			expect(text).toContain(`--${name}${shown}  `);
		}
	});

	test('no letter stands for two flags', () => {
		const letters = Object.values(page.options).flatMap(({ alias }) => alias ?? []);
		expect(new Set(letters).size).toBe(letters.length);
	});
});
