/** The environment of a container: its variables and their origins (types only). */

import type { Missing, PodWarning } from '../notices.js';
import type { EnvFromSource, EnvVarSource } from '../pod-spec.js';

/** A snapshot for one start of a container. It never changes while the container runs. */
export interface Environment {
	/** By name. Incomplete while `missing` is not empty. */
	readonly variables: ReadonlyMap<string, EnvironmentVariable>;
	/** Absent objects, keys and files that are not optional. Until this is empty the container does not start. */
	readonly missing: readonly Missing[];
	readonly warnings: readonly PodWarning[];
	/** The referenced ConfigMaps and Secrets, including optional and absent ones. A change of one makes this stale. */
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
	/** Origins of the values that it replaced, in the order in which they were set. */
	readonly overrode: readonly VariableOrigin[];
	/** Undefined if the value is not from the manifest, or has nothing to expand. */
	readonly expansion: VariableExpansion | undefined;
	/** Whether it contains a value of a Secret, also by reference. Then it must not be printed. */
	readonly isSecret: boolean;
	/** The local replacement for a value from the node: `an address of this machine`. */
	readonly standIn: string | undefined;
}

/** A variable of the command line. It replaces the pod's. */
export interface GivenVariable {
	readonly value: string;
	/** `-e NAME`, `--env-file app.env`. */
	readonly flag: string;
}

/** The origin of a value. */
export interface VariableOrigin {
	/** `flag`: the command line. */
	readonly kind: 'value' | 'flag' | EnvVarSource['kind'] | EnvFromSource['kind'];
	/** The field of the container: `env[2]`, `envFrom[0]`; or the flag: `-e NAME`. */
	readonly field: string;
	/** Name of the ConfigMap or Secret; for a fileKeyRef, of the volume. */
	readonly object: string | undefined;
	/** Key in that object or file; for a field or resource, its path. */
	readonly key: string | undefined;
}

/** How the text in the manifest was expanded. */
export interface VariableExpansion {
	/** As written in the manifest. */
	readonly raw: string;
	/** Names of the variables whose values were inserted. */
	readonly references: readonly string[];
	/** Names without a variable at this position in the list. Their references stay as written. */
	readonly unresolved: readonly string[];
}
