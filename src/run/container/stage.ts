/** What is where in the stage of a placement. Pure. */

import { join } from 'node:path';

/** Where a driver shows the volumes whose files come from objects, each as a directory of its name. */
export function volumeTree(stage: string): string {
	return join(stage, 'volumes');
}

/** What an application writes into an emptyDir. */
export function emptyDirectoryOf(stage: string, volume: string): string {
	return join(stage, 'empty', volume);
}
