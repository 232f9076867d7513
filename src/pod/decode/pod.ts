/**
 * Decodes the pod of a workload. Fields that matter to a local process are checked as strictly as by an API server; the
 * others are ignored. Pure. Every violation is reported, not only the first, with the server's text and the path of the
 * faulty field.
 */

import type { ManifestObject } from '../../model/manifest-object.js';
import { subdomainFaults, type Violation } from '../../model/validation.js';
import type { Pod, PodSecurityContext, PodSpec } from '../pod-spec.js';
import { type WorkloadKind, workloadKind } from '../workload-kinds.js';
import { withCompletionIndex } from './completion-index.js';
import { decodeContainers, decodeId } from './containers.js';
import { decodePodMetadata, decodeWorkloadName } from './metadata.js';
import { Findings, ObjectReader } from './object-reader.js';
import { decodeResources } from './resources.js';
import { envNameFaults, ID_TEXT, labelFaults, MAX_ID, strictEnvNameFaults } from './validation.js';
import { decodeVolumes } from './volumes.js';

export interface PodDecoderOptions {
	/** Namespace of objects without one. */
	readonly defaultNamespace: string;
	/** Check names of variables as clusters before v1.32 do. Default: false. */
	readonly strictEnvNames?: boolean;
}

/** The result of decoding. There is a pod exactly if there is no violation. */
export interface DecodedPod {
	readonly pod: Pod | undefined;
	/** The pod with zero values in place of fields that cannot be read; undefined for an object without a pod template. */
	readonly readable: Pod | undefined;
	readonly violations: readonly Violation[];
}

/** Kinds with the spec of a Job. */
const JOBS = new Set(['Job', 'CronJob']);

/** Errors: none; see `violations`. An object without a pod template is a violation. */
export function decodePod(object: ManifestObject, options: PodDecoderOptions): DecodedPod {
	const kind = workloadKind(object);
	if (kind === undefined) {
		const text = `kind "${object.kind}" in version "${object.apiVersion}" has no pod template`;
		return { pod: undefined, readable: undefined, violations: [{ path: ['kind'], text }] };
	}
	const findings = new Findings();
	const root = ObjectReader.root(object.value, kind.kind, findings);
	const workload = decodeWorkloadName(root, object, options.defaultNamespace);
	const [template, controller] = templateOf(root, kind);
	const isStatefulSet = kind.kind === 'StatefulSet';
	const metadata = decodePodMetadata(root, template, kind, workload, isStatefulSet ? startOrdinal(controller) : 0);
	const claims = isStatefulSet ? claimNames(controller) : [];
	const spec = decodeSpec(template.member('spec', 'PodSpec'), claims, options.strictEnvNames ?? false);
	const isIndexed = JOBS.has(kind.kind) && controller.text('completionMode', 'v1.CompletionMode') === 'Indexed';
	const { violations } = findings;
	const pod = { workload, metadata, spec };
	const readable = isIndexed ? withCompletionIndex(pod) : pod;
	return { pod: violations.length > 0 ? undefined : readable, readable, violations };
}

/** The object with the metadata and the spec of the pod, and its parent, the spec of the controller. */
function templateOf(root: ObjectReader, kind: WorkloadKind): readonly [template: ObjectReader, parent: ObjectReader] {
	let parent = root;
	let template = root;
	for (const { field, goType } of kind.template) {
		parent = template;
		template = parent.member(field, goType);
	}
	return [template, parent];
}

/** The number of the first pod. Source: kubernetes v1.32 pkg/controller/statefulset, getStartOrdinal. */
function startOrdinal(statefulSet: ObjectReader): number {
	const ordinals = statefulSet.member('ordinals', 'StatefulSetOrdinals');
	const start = ordinals.integer('start', 'int32') ?? 0;
	if (start < 0) ordinals.invalid('start', start, 'must be greater than or equal to 0');
	return start;
}

/** Volumes that the controller adds. Source: kubernetes v1.32 pkg/controller/statefulset, updateStorage. */
function claimNames(statefulSet: ObjectReader): readonly string[] {
	const claims = statefulSet.objects('volumeClaimTemplates', 'PersistentVolumeClaim');
	return claims.map((claim) => claim.member('metadata', 'ObjectMeta').text('name')).filter((name) => name !== '');
}

function decodeSpec(spec: ObjectReader, claims: readonly string[], strictEnvNames: boolean): PodSpec {
	const volumes = decodeVolumes(spec, claims);
	const rules = {
		name: strictEnvNames ? strictEnvNameFaults : envNameFaults,
		volumes: new Map(volumes.map((volume) => [volume.name, volume])),
	};
	const nodeName = spec.optionalText('nodeName');
	if (nodeName !== undefined) spec.check('nodeName', nodeName, subdomainFaults);
	const hostname = spec.optionalText('hostname');
	if (hostname !== undefined) spec.check('hostname', hostname, labelFaults);
	const subdomain = spec.optionalText('subdomain');
	if (subdomain !== undefined) spec.check('subdomain', subdomain, labelFaults);
	const hostnameOverride = spec.optionalText('hostnameOverride');
	if (hostnameOverride !== undefined) spec.check('hostnameOverride', hostnameOverride, subdomainFaults);
	// `serviceAccount` is the old name of the field.
	const serviceAccountName = spec.text('serviceAccountName') || spec.text('serviceAccount') || 'default';
	spec.check('serviceAccountName', serviceAccountName, subdomainFaults);
	return {
		...decodeContainers(spec, rules),
		volumes,
		resources: decodeResources(spec),
		securityContext: decodeSecurityContext(spec.member('securityContext', 'PodSecurityContext')),
		nodeName,
		serviceAccountName,
		hostname,
		subdomain,
		setHostnameAsFQDN: spec.flag('setHostnameAsFQDN'),
		hostnameOverride,
		enableServiceLinks: spec.flag('enableServiceLinks', true),
	};
}

function decodeSecurityContext(reader: ObjectReader): PodSecurityContext {
	const supplementalGroups = reader.integers('supplementalGroups', 'int64');
	supplementalGroups.forEach((id, index) => {
		if (id < 0 || id > MAX_ID) reader.invalidItem('supplementalGroups', index, id, ID_TEXT);
	});
	return {
		runAsUser: decodeId(reader, 'runAsUser'),
		runAsGroup: decodeId(reader, 'runAsGroup'),
		fsGroup: decodeId(reader, 'fsGroup'),
		supplementalGroups,
	};
}
