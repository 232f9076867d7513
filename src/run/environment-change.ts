/** What only a restart can bring to a running process: another environment, or another definition. Pure. */

import { sameForProcess } from '../inputs/pod-references.js';
import type { Environment } from '../pod/environment/environment.js';
import type { Pod } from '../pod/pod-spec.js';

export interface ProcessInputs {
	readonly pod: Pod;
	readonly environment: Environment;
}

export interface EnvironmentChange {
	/** Variables that were added, removed or changed, sorted. */
	readonly names: readonly string[];
	/** Whether the definition of the pod changed: its command, arguments, variables, mounts or volumes. */
	readonly isWorkload: boolean;
}

/** Compares the inputs of the running process with those of one that would start now; undefined if they are equal. */
export function environmentChange(running: ProcessInputs, now: ProcessInputs): EnvironmentChange | undefined {
	const isWorkload = !sameForProcess(running.pod, now.pod);
	const names = changedNames(running.environment, now.environment);
	return isWorkload || names.length > 0 ? { names, isWorkload } : undefined;
}

/** Empty if a reference is missing: no process could start then, so there is no other environment. */
function changedNames(before: Environment, now: Environment): readonly string[] {
	if (now.missing.length > 0) return [];
	const names = new Set([...before.variables.keys(), ...now.variables.keys()]);
	return [...names].filter((name) => before.variables.get(name)?.value !== now.variables.get(name)?.value).sort();
}
