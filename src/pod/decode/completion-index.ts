/**
 * Additions of the Job controller to the first pod of an Indexed Job: its index as a variable, a label and an annotation,
 * and in the host name. Pure.
 * Source: kubernetes v1.32 pkg/controller/job, addCompletionIndexEnvVariable, manageJob.
 */

import type { Container, EnvVar, Pod } from '../pod-spec.js';
import { GENERATED_SUFFIX } from '../workload-kinds.js';

const KEY = 'batch.kubernetes.io/job-completion-index';
const FIRST = '0';
const VARIABLE: EnvVar = {
	name: 'JOB_COMPLETION_INDEX',
	value: '',
	valueFrom: { kind: 'fieldRef', fieldPath: `metadata.labels['${KEY}']` },
};

export function withCompletionIndex({ workload, metadata, spec }: Pod): Pod {
	const hostname = `${workload.name}-${FIRST}`;
	return {
		workload,
		metadata: {
			...metadata,
			name: `${hostname}-${GENERATED_SUFFIX}`,
			labels: new Map([...metadata.labels, [KEY, FIRST]]),
			annotations: new Map([...metadata.annotations, [KEY, FIRST]]),
		},
		spec: {
			...spec,
			hostname,
			initContainers: spec.initContainers.map(withVariable),
			containers: spec.containers.map(withVariable),
		},
	};
}

/** A variable of this name in the manifest stays unchanged. */
function withVariable(container: Container): Container {
	const isSet = container.env.some(({ name }) => name === VARIABLE.name);
	return isSet ? container : { ...container, env: [...container.env, VARIABLE] };
}
