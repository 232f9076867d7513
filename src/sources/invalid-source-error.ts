/** A source that has nothing good and something bad, so that there is no first state of it. */

import { ConfigMapFsError } from '../base/errors.js';
import type { Problem } from '../store/source.js';

/** The message is about the first problem. */
export class InvalidSourceError extends ConfigMapFsError {
	/** All of them, in the order of the input; at least one. */
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		const [first, ...more] = problems;
		const count = more.length > 0 ? ` (and ${more.length} more problems)` : '';
		super('INPUT_INVALID', `${first?.place}: ${first?.reason}${count}`);
		this.name = 'InvalidSourceError';
		this.problems = problems;
	}
}
