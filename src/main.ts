#!/usr/bin/env node
/** Entry point of the program `configmapfs`. */

import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { runProgram } from './cli/program.js';

const terminals = [0, 1, 2].filter(isatty);
process.exitCode = await runProgram(basename(process.argv[1] ?? ''), process.argv.slice(2));

// At its end Node restores the mode of each terminal, and aborts (SIGABRT) if one was closed in the meantime.
if (!terminals.every(isatty)) {
	const { exitImmediately } = await import('./native/process.js');
	exitImmediately(Number(process.exitCode));
}
