/** What this room reports besides its results: reasons to wait, warnings, and faults with their cures. */

/**
 * An object, key or file that a container needs and that is absent, or not usable as it is. It is returned, never
 * thrown: kubelet retries until the objects change, and so does `run`.
 */
export interface Missing {
	/** The pod's waiting reason: `CreateContainerConfigError` for the environment, `ContainerCreating` for volumes. */
	readonly reason: 'ContainerCreating' | 'CreateContainerConfigError';
	/** Kubelet's text: `configmap "foo" not found`. Equal texts mean the same fault. */
	readonly message: string;
}

/** Something that a local process lacks, or a name that is ignored. It stops nothing. */
export interface PodWarning {
	/** What it is about: `spec.containers[0].env[2]`, `volume "data"`. */
	readonly field: string;
	readonly text: string;
}

/** A fault and its cure. */
export interface Advice {
	/** The fault and its consequence. */
	readonly text: string;
	/** What to do, in the imperative. */
	readonly cure: string;
}

/** One sentence, with the cure at the end. */
export function adviceText({ text, cure }: Advice): string {
	return `${text}; ${cure}`;
}
