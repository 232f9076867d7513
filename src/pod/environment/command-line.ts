/**
 * Builds the command line of a container's process. Pure. There is no shell: words are never split, and empty words stay.
 * Source: kubelet v1.32 container/helpers.go, ExpandContainerCommandAndArgs.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import type { Container } from '../pod-spec.js';
import type { Environment } from './environment.js';
import { stringFault } from './exec-limits.js';
import { expand } from './expansion.js';

/**
 * Returns the expanded `command` and `args` of the container. A non-empty `given` replaces `command` and is not expanded;
 * `args` follow it only with `keepArgs`. Errors: USAGE if only the image has a command; INPUT_INVALID for an argument
 * that execve(2) would refuse.
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
		throw noCommand(container, 'no command of its own', 'pass one after --');
	}
	const cure = 'pass a command after --, and --keep-args before it to keep the args';
	throw noCommand(container, 'args but no command of its own', cure);
}

function noCommand({ name }: Container, lacks: string, cure: string): ConfigMapFsError {
	const what = `container "${name}" has ${lacks}, and its image's is not available here`;
	return new ConfigMapFsError('USAGE', `${what}; ${cure}`);
}

function checked(word: string, field: string, container: Container): string {
	const fault = stringFault(word);
	if (fault === undefined) return word;
	const what = `container "${container.name}": ${field} ${fault}`;
	throw new ConfigMapFsError('INPUT_INVALID', `${what}; mount it as a file`);
}
