/** Prints help and version. */

import { readFileSync } from 'node:fs';
import { mountHelp } from '../flags/mount-flags.js';
import { runHelp } from '../flags/run-flags.js';
import { type CommandHelp, commandHelp, programHelp } from '../print/help.js';
import { createHelp } from './create-command.js';
import { envHelp } from './env-command.js';
import { lintHelp } from './lint-command.js';
import { unmountHelp } from './unmount-command.js';

/** In the order of the list. */
const PAGES: readonly CommandHelp[] = [runHelp, envHelp, lintHelp, mountHelp, unmountHelp, createHelp];

const WIDEST = 120;
/** Width if the terminal's is unknown. */
const DEFAULT_WIDTH = 100;

/** Help of a command, or without a name of the program. */
export async function printHelp(command?: string): Promise<void> {
	const width = Math.min(WIDEST, process.stdout.columns || Number(process.env.COLUMNS) || DEFAULT_WIDTH);
	const page = PAGES.find(({ name }) => name === command);
	process.stdout.write(await (page === undefined ? programHelp(PAGES, width) : commandHelp(page, width)));
}

export function printVersion(): void {
	const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
	process.stdout.write(`${(JSON.parse(text) as { readonly version: string }).version}\n`);
}
