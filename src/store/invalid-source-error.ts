/** The error of a source that cannot start because it has nothing valid and something invalid. */

import { ConfigMapFsError } from '../base/errors.js';
import { isError, type Problem } from './source.js';

/** The message is the first error. */
export class InvalidSourceError extends ConfigMapFsError {
	/** All problems, warnings too, in the order of the input; at least one is an error. */
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		const [first, ...more] = problems.filter(isError);
		const count = more.length > 0 ? ` (and ${more.length} more problems)` : '';
		super('INPUT_INVALID', `${first?.location}: ${first?.reason}${count}`);
		this.name = 'InvalidSourceError';
		this.problems = problems;
	}
}
