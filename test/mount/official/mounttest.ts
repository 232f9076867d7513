/** The official test program as a container: its command line and its output. */

import type { Fields } from '../../support/pod-manifest.js';

/** CM3 of the official cases: three keys with values without a newline. */
export const THREE = { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' };

/** A container that runs `mounttest` with these flags. `more` has further fields of the container. */
export function mounttest(agnhost: string, flags: readonly string[], more: Fields = {}): Fields {
	return { command: [agnhost], args: ['mounttest', ...flags], ...more };
}

/** Flags to read a file every two seconds, longer than any test, as in the cases about updates. */
export function loop(path: string): readonly string[] {
	return ['--break_on_expected_content=false', '--retry_time=300', `--file_content_in_loop=${path}`];
}

export function contentLine(path: string, content: string): string {
	return `content of file "${path}": ${content}\n`;
}

/** `mode` in Go's notation. */
export function modeLine(path: string, mode: string): string {
	return `mode of file "${path}": ${mode}\n`;
}

export function failureLine(path: string): string {
	return `Error reading file ${path}`;
}
