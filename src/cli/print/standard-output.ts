/** The output of a command that prints a result. */

import { manyLines } from './terminal-text.js';

export interface StandardOutput {
	readonly isTerminal: boolean;
	/** Columns of the terminal; undefined without a terminal, or if it does not know them. */
	readonly width: number | undefined;
	write(text: string): void;
	/** Writes lines for people, with their line feeds, to standard error. */
	message(lines: string): void;
}

export function standardOutput(): StandardOutput {
	const { stdout, stderr } = process;
	const isTerminal = stdout.isTTY === true;
	return {
		isTerminal,
		// A terminal that does not know its size reports 0.
		width: isTerminal ? stdout.columns || undefined : undefined,
		write: (text) => void stdout.write(text),
		message: (lines) => void stderr.write(manyLines(lines)),
	};
}
