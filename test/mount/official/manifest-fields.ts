/** Lists the fields of a pod in a manifest. */

import type { Manifest } from '../../support/pod-manifest.js';

/** Path of the pod template in a workload. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
	Pod: [],
	Deployment: ['spec', 'template'],
	StatefulSet: ['spec', 'template'],
	Job: ['spec', 'template'],
	CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** `spec.volumes[].configMap.items[].mode` and its ancestors; empty for an object without a pod template. */
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
