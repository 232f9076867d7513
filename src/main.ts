#!/usr/bin/env node
/** Entry point of the program; everything is in `cli/program.ts`. */

import { basename } from 'node:path';
import { runProgram } from './cli/program.js';

process.exitCode = await runProgram(basename(process.argv[1] ?? ''), process.argv.slice(2));
