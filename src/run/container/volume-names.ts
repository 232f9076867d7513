/** Names of volumes that flags give, compared with those of the pod. Pure. */

import { ConfigMapFsError } from '../../base/errors.js';
import { closest } from '../../base/suggestion.js';

/** Errors: USAGE when `flag` names a volume that the pod does not have. */
export function checkVolumeNames(flag: string, names: Iterable<string>, volumes: readonly string[]): void {
	for (const name of names) {
		if (volumes.includes(name)) continue;
		const near = closest(name, volumes);
		const cure = near === undefined ? 'name one of those' : `did you mean "${near}"?`;
		const rest = volumes.length === 0 ? 'nor any other; leave the flag out' : `only ${volumes.join(', ')}; ${cure}`;
		throw new ConfigMapFsError('USAGE', `${flag}: the pod has no volume "${name}", ${rest}`);
	}
}
