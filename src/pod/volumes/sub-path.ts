/**
 * The part of a volume that a mount shows, as it is resolved at each start of a container. Pure: nothing is looked up
 * in the volume. Source: kubelet v1.32 kubelet_pods.go, makeMounts; container/helpers.go, ExpandContainerVolumeMounts.
 */

import type { Environment } from '../environment/environment.js';
import { expand } from '../environment/expansion.js';
import type { Missing } from '../notices.js';
import type { VolumeMount } from '../pod-spec.js';

export interface SubPath {
	/** Below the root of the volume: `a/b`, no component of which is `.` or `..`. Undefined: the whole volume. */
	readonly path: string | undefined;
	/** Why the container cannot start; then there is no path. */
	readonly missing: Missing | undefined;
}

/** Errors: none, see `missing`. */
export function resolveSubPath(
	mount: Pick<VolumeMount, 'subPath' | 'subPathExpr'>,
	environment: Pick<Environment, 'variables'>,
): SubPath {
	const { subPath = '', subPathExpr = '' } = mount;
	const missingNames = new Set<string>();
	const lookup = (name: string) => {
		const value = environment.variables.get(name)?.value;
		// Unlike in a variable or an argument: an empty value would widen what is mounted.
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
