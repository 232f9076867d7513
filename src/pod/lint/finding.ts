/** Results of `lint` (types only). */

export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
	/** `error`: the pod does not start, or does not do what the manifest says. */
	readonly severity: Severity;
	/** `subpath-never-updates`. */
	readonly rule: string;
	/** `file:line:column` of the workload, or of the invalid object. */
	readonly location: string;
	/** `spec.template.spec.containers[0].env[2].value`, `configmap/app data[key]`; empty for the object itself. */
	readonly field: string;
	/** The fault and its consequence. */
	readonly text: string;
	/** What to do, in the imperative. */
	readonly cure: string;
}

/** A finding without the name of its rule and the location, which the caller adds. */
export type RuleFinding = Omit<Finding, 'rule' | 'location'>;
