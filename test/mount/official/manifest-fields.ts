/** Which fields of a pod a manifest has. */

import type { Manifest } from '../../support/pod-manifest.js';

/** Where the pod is in a workload. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
	Pod: [],
	Deployment: ['spec', 'template'],
	StatefulSet: ['spec', 'template'],
	Job: ['spec', 'template'],
	CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** `spec.volumes[].configMap.items[].mode` and everything above it; nothing for an object that no pod comes from. */
export function fieldsOf(object: Manifest): ReadonlySet<string> {
	const template = TEMPLATES[object.kind];
	const fields = new Set<string>();
	if (template === undefined) return fields;
	fields.add('kind');
	const found = template.reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>>)[name], object);
	const { metadata, spec } = found as Readonly<Record<string, unknown>>;
	collect(metadata, 'metadata', fields);
	collect(spec, 'spec', fields);
	return fields;
}

function collect(value: unknown, path: string, fields: Set<string>): void {
	if (value === undefined) return;
	fields.add(path);
	if (Array.isArray(value)) for (const entry of value) collect(entry, `${path}[]`, fields);
	else if (typeof value === 'object' && value !== null) {
		for (const [name, field] of Object.entries(value)) collect(field, `${path}.${name}`, fields);
	}
}
