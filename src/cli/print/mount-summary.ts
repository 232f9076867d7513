/** The text on a terminal when a mount is ready: its volumes, and commands to try. Pure. */

import { join } from 'node:path';
import type { SourceRequest } from '../../inputs/requests.js';
import { shellWord } from './shell-word.js';
import { oneLine } from './terminal-text.js';

const SHOWN = 8;

/** `directory` is the argument as typed. */
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
		...(input === undefined || input === '-' ? [] : [`  Edit ${input}; the change is visible at once.`]),
		'  Ctrl-C unmounts.',
		'',
		'',
	];
	return lines.map(oneLine).join('\n');
}

/** The path to edit to see a change. */
function editable(source: SourceRequest | undefined): string | undefined {
	if (source?.kind === 'kustomize') return source.directory;
	return source?.kind === 'filename' ? source.path : undefined;
}
