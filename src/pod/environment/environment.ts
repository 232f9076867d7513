/** The environment of a container: its variables, each with where it came from (types only). */

import type { Missing, PodWarning } from '../notices.js';
import type { EnvFromSource, EnvVarSource } from '../pod-spec.js';

/** One snapshot, for one start of a container. It never changes while the container runs. */
export interface Environment {
	/** By name. Not what a process gets while something is missing. */
	readonly variables: ReadonlyMap<string, EnvironmentVariable>;
	/** Everything that is not there and not optional: the container cannot start yet. */
	readonly missing: readonly Missing[];
	readonly warnings: readonly PodWarning[];
	/** ConfigMaps and Secrets that were read or wanted, optional ones too: once one changes, the environment is stale. */
	readonly sources: readonly EnvironmentSource[];
}

/** An object of the pod's namespace. */
export interface EnvironmentSource {
	readonly kind: 'ConfigMap' | 'Secret';
	readonly name: string;
}

export interface EnvironmentVariable {
	readonly name: string;
	readonly value: string;
	readonly origin: VariableOrigin;
	/** What set it before and was replaced, the first one first. */
	readonly overrode: readonly VariableOrigin[];
	/** Undefined where the value is not a text of the manifest, or is one with nothing to expand. */
	readonly expansion: VariableExpansion | undefined;
	/** Whether a value of a Secret is in it, by reference too: it is never to be printed. */
	readonly isSecret: boolean;
	/** What the value is made of here where a cluster would ask the node: `an address of this machine`. */
	readonly standIn: string | undefined;
}

/** Where a value came from. */
export interface VariableOrigin {
	readonly kind: 'value' | EnvVarSource['kind'] | EnvFromSource['kind'];
	/** The field of the container: `env[2]`, `envFrom[0]`. */
	readonly field: string;
	/** Name of the ConfigMap or Secret; of the volume for a fileKeyRef. */
	readonly object: string | undefined;
	/** In that object or file; the path of a field or resource. */
	readonly key: string | undefined;
}

/** How a text of the manifest became a value. */
export interface VariableExpansion {
	/** As it is written in the manifest. */
	readonly raw: string;
	/** Variables whose values it took. */
	readonly references: readonly string[];
	/** Names that no variable had at that place of the list: they stay as they are written. */
	readonly unresolved: readonly string[];
}
