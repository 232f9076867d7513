#!/usr/bin/env node
/** Entry point of the program; everything is in `cli/program.ts`. */

import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { runProgram } from './cli/program.js';

const terminals = [0, 1, 2].filter(isatty);
process.exitCode = await runProgram(basename(process.argv[1] ?? ''), process.argv.slice(2));

// Node would set the terminal back to what it was, and aborts (SIGABRT) where that was closed meanwhile.
if (!terminals.every(isatty)) {
	const { exitImmediately } = await import('./native/process.js');
	exitImmediately(Number(process.exitCode));
}
