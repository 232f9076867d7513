/** What `lint` says (types only). */

export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
	/** `error`: a pod would not start, or would not do what is written. */
	readonly severity: Severity;
	/** `subpath-never-updates`. */
	readonly rule: string;
	/** Of the workload, or of the object that is invalid: `file:line:column`. */
	readonly location: string;
	/** `spec.template.spec.containers[0].env[2].value`, `configmap/app data[key]`; empty: the whole. */
	readonly field: string;
	/** What is so, and what comes of it. */
	readonly text: string;
	/** What to do. */
	readonly cure: string;
}

/** What a rule finds; the rule and the place are added to it. */
export type RuleFinding = Omit<Finding, 'rule' | 'location'>;
