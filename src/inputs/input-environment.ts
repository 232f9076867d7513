/** The part of the process that sources depend on (types only), so that this room reads nothing of it on its own. */

import type { Readable } from 'node:stream';
import type { Logger } from '../base/log.js';

export interface InputEnvironment {
	/** Relative paths start here. */
	readonly cwd: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** The source `-f -`; opened only if it is one, because the application may need it. */
	stdin(): Readable;
	readonly log: Logger;
}
