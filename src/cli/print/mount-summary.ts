/**
 * What a person at a terminal reads when a mount is ready: what is there, and what to try next. Pure.
 */

import { join } from 'node:path';
import type { SourceRequest } from '../../inputs/requests.js';
import { shellWord } from './shell-word.js';

const SHOWN = 8;

/** `directory` is as the person typed it. */
export function describeMount(directory: string, paths: readonly string[], sources: readonly SourceRequest[]): string {
	const [first = ''] = paths;
	const names = paths.slice(0, SHOWN).filter((path) => path !== '');
	const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
	const input = editable(sources[0]);
	const volume = first === '' ? directory : join(directory, first);
	const lines = [
		'',
		`  ${directory} shows ${names.length === 0 ? 'one volume' : `${names.join(', ')}${more}`}`,
		'',
		'  Try in another terminal:',
		`    ls -la ${shellWord(volume)}`,
		`    head ${shellWord(volume)}/*`,
		`    inotifywait -m ${shellWord(volume)}`,
		...(input === undefined || input === '-' ? [] : [`  Edit ${input} and look again: the change is there at once.`]),
		'  Ctrl-C unmounts.',
		'',
		'',
	];
	return lines.join('\n');
}

/** What a person can edit to see a change. */
function editable(source: SourceRequest | undefined): string | undefined {
	if (source?.kind === 'kustomize') return source.directory;
	return source?.kind === 'filename' ? source.path : undefined;
}
