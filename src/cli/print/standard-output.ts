/** Standard output as a command that prints a result needs it. */

export interface StandardOutput {
	readonly isTerminal: boolean;
	/** Columns of the terminal; undefined where there is none. */
	readonly width: number | undefined;
	write(text: string): void;
	/** One line for people, on standard error. */
	say(line: string): void;
}

export function standardOutput(): StandardOutput {
	const { stdout, stderr } = process;
	const isTerminal = stdout.isTTY === true;
	return {
		isTerminal,
		// A terminal that does not know its size says 0.
		width: isTerminal ? stdout.columns || undefined : undefined,
		write: (text) => void stdout.write(text),
		say: (line) => void stderr.write(line),
	};
}
