// @ts-check
/*
 * Prints the progress of the scripts: short lines on stderr, with a mark and a colour on a terminal and plain elsewhere.
 * A module of setup, start and test.
 */

const terminal = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
const coloured = terminal && !process.env.NO_COLOR;

/**
 * @param {string} code
 * @param {string} text
 */
function paint(code, text) {
	return coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** @param {string} line */
function write(line) {
	process.stderr.write(`${line}\n`);
}

/** @param {string} text */
export function note(text) {
	write(terminal ? `${paint('2', '·')} ${text}` : `setup: ${text}`);
}

/** @param {string} text */
export function warn(text) {
	write(terminal ? `${paint('33', '!')} ${text}` : `warning: ${text}`);
}

/** @param {string} text */
export function fail(text) {
	write(terminal ? `${paint('31', '✗')} ${text}` : `error: ${text}`);
}

/**
 * Prints a step while `work` runs; on a terminal also how long it took.
 *
 * @template T
 * @param {string} text
 * @param {() => T} work
 * @returns {T}
 */
export function step(text, work) {
	const started = Date.now();
	if (terminal) process.stderr.write(`${paint('2', '·')} ${text} …`);
	else write(`setup: ${text}`);
	let done = false;
	try {
		const result = work();
		done = true;
		return result;
	} finally {
		if (terminal) {
			const seconds = ((Date.now() - started) / 1000).toFixed(1);
			const mark = done ? paint('32', '✓') : paint('31', '✗');
			write(`\r\u001b[K${mark} ${text} ${paint('2', `(${seconds} s)`)}`);
		}
	}
}
