/**
 * Resolves the subPath of a mount, as at each start of a container. Pure: the volume is not read. Source: kubelet v1.32 kubelet_pods.go, makeMounts; container/helpers.go, ExpandContainerVolumeMounts.
 */

import type { Environment } from '../environment/environment.js';
import { expand } from '../environment/expansion.js';
import type { Missing } from '../notices.js';
import type { VolumeMount } from '../pod-spec.js';

export interface SubPath {
	/** Relative to the root of the volume, without `.` and `..`: `a/b`. Undefined: the root itself. */
	readonly path: string | undefined;
	/** Why the container cannot start. Then `path` is undefined. */
	readonly missing: Missing | undefined;
}

/** Errors: none; see `missing`. */
export function resolveSubPath(
	mount: Pick<VolumeMount, 'subPath' | 'subPathExpr'>,
	environment: Pick<Environment, 'variables'>,
): SubPath {
	const { subPath = '', subPathExpr = '' } = mount;
	const missingNames = new Set<string>();
	const lookup = (name: string) => {
		const value = environment.variables.get(name)?.value;
		// Unlike in variables and arguments, an empty value is refused: it would mount a parent directory.
		if (value === undefined || value === '') missingNames.add(name);
		return value;
	};
	const text = subPathExpr === '' ? subPath : expand(subPathExpr, lookup);
	if (missingNames.size > 0) return refused(`missing value for ${[...missingNames].sort().join(', ')}`);
	if (text.startsWith('/')) return refused(`error SubPath \`${text}\` must not be an absolute path`);
	const parts = text.split('/');
	if (parts.includes('..')) return refused(`unable to provision SubPath \`${text}\`: must not contain '..'`);
	const path = parts.filter((part) => part !== '' && part !== '.').join('/');
	return { path: path === '' ? undefined : path, missing: undefined };
}

function refused(message: string): SubPath {
	return { path: undefined, missing: { reason: 'CreateContainerConfigError', message } };
}
