/**
 * The words that a container's process is started with. Pure. No shell takes part: words are never split, and an empty
 * one stays. Source: kubelet v1.32 container/helpers.go, ExpandContainerCommandAndArgs.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import type { Container } from '../pod-spec.js';
import type { Environment } from './environment.js';
import { stringFault } from './exec-limits.js';
import { expand } from './expansion.js';

/**
 * The container's `command` and `args`, expanded; or the given words as they are, which stand for `command`: `args`
 * follow them only if they are to be kept. No given word is the same as none given. Errors: USAGE where only the image
 * would know the command; INPUT_INVALID for a word that no process can be given.
 */
export function commandLine(
	container: Container,
	environment: Pick<Environment, 'variables'>,
	given: readonly string[] | undefined,
	keepArgs: boolean,
): string[] {
	const lookup = (name: string) => environment.variables.get(name)?.value;
	const expanded = (field: 'command' | 'args') =>
		(container[field] ?? []).map((word, index) => checked(expand(word, lookup), `${field}[${index}]`, container));
	if (given !== undefined && given.length > 0) return [...given, ...(keepArgs ? expanded('args') : [])];
	if (container.command !== undefined && container.command.length > 0) {
		return [...expanded('command'), ...expanded('args')];
	}
	if (container.args === undefined || container.args.length === 0) {
		const what = `container "${container.name}" has no command of its own`;
		throw new ConfigMapFsError('USAGE', `${what}: its image decides, which is not here; give one after --`);
	}
	const what = `container "${container.name}" has args but no command of its own`;
	const cure = 'give a command after --, with --keep-args before it to keep the args';
	throw new ConfigMapFsError('USAGE', `${what}: its image decides, which is not here; ${cure}`);
}

function checked(word: string, place: string, container: Container): string {
	const fault = stringFault(word);
	if (fault === undefined) return word;
	const what = `container "${container.name}": ${place} ${fault}`;
	throw new ConfigMapFsError('INPUT_INVALID', `${what}: give it to the container as a file of a volume`);
}
