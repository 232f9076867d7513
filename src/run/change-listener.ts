/** Who is told of changes while an application runs (types only). */

import type { Flip } from '../mount/volume-session.js';

export interface ChangeListener {
	/** A volume shows a new generation. */
	volumeChanged(volume: string, flip: Flip): void;
	/** A process started now would get something else: `what` names it. */
	environmentChanged(what: string): void;
	/** A new process runs, with all that there is now. */
	started(): void;
	/** Idempotent. */
	close(): void;
}
