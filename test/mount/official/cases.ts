/**
 * The official cases by number, with their titles and the fields of a pod that they prove. This is only the table; the
 * tests are in this folder, or in the file of `elsewhere`.
 * Source: kubernetes v1.20.2 test/e2e; v1.34 for B6 and C9.
 */

import type { FieldName } from './fields.js';

/** `title` is the prefix of the titles of the cases; `file` in this folder has their tests. */
export const SECTIONS = {
	A: { title: '[sig-storage] ConfigMap', file: 'volumes.test.ts' },
	B: { title: '[sig-node] ConfigMap', file: 'environment.test.ts' },
	C: { title: 'Variable Expansion', file: 'expansion.test.ts' },
	D: { title: '[sig-storage] Projected configMap', file: 'volumes.test.ts' },
	E: { title: '', file: 'combined.test.ts' },
	F: { title: '[sig-storage] Subpath', file: 'sub-path.test.ts' },
	H: { title: 'Docker Containers', file: 'command.test.ts' },
	/** The suite for storage drivers, with our own numbers. */
	S: { title: '[sig-storage] subPath', file: 'sub-path.test.ts' },
	/** Our own cases for fields that no official case covers. */
	L: { title: 'local:', file: 'fields.test.ts' },
} as const;

export type Section = keyof typeof SECTIONS;

export interface OfficialCase {
	readonly section: Section;
	readonly title: string;
	readonly proves: readonly FieldName[];
	/** The file of the test, if it is not that of the section. */
	readonly elsewhere?: string;
	/** Independent of mounts and users, so it runs only as root if root is available. */
	readonly once?: true;
}

export const CASES = {
	A1: {
		section: 'A',
		title: 'should be consumable from pods in volume',
		proves: [
			'spec.volumes[].name',
			'spec.volumes[].configMap.name',
			'spec.containers[].volumeMounts[].mountPath',
			'spec.containers[].volumeMounts[].name',
			'spec.containers[].command',
			'spec.containers[].args',
		],
	},
	A2: {
		section: 'A',
		title: 'should be consumable from pods in volume with defaultMode set',
		proves: ['spec.volumes[].configMap.defaultMode'],
	},
	A3: {
		section: 'A',
		title: 'should be consumable from pods in volume as non-root with defaultMode and fsGroup set',
		proves: ['spec.volumes[].configMap.defaultMode', 'spec.securityContext.runAsUser', 'spec.securityContext.fsGroup'],
	},
	A4: {
		section: 'A',
		title: 'should be consumable from pods in volume as non-root',
		proves: ['spec.securityContext.runAsUser'],
	},
	A5: {
		section: 'A',
		title: 'should be consumable from pods in volume as non-root with FSGroup',
		proves: ['spec.securityContext.runAsUser', 'spec.securityContext.fsGroup'],
	},
	A6: {
		section: 'A',
		title: 'should be consumable from pods in volume with mappings',
		proves: ['spec.volumes[].configMap.items[].key', 'spec.volumes[].configMap.items[].path'],
	},
	A7: {
		section: 'A',
		title: 'should be consumable from pods in volume with mappings and Item mode set',
		proves: ['spec.volumes[].configMap.items[].mode'],
	},
	A8: {
		section: 'A',
		title: 'should be consumable from pods in volume with mappings as non-root',
		proves: [
			'spec.volumes[].configMap.items[].key',
			'spec.volumes[].configMap.items[].path',
			'spec.securityContext.runAsUser',
		],
	},
	A9: {
		section: 'A',
		title: 'should be consumable from pods in volume with mappings as non-root with FSGroup',
		proves: [
			'spec.volumes[].configMap.items[].key',
			'spec.volumes[].configMap.items[].path',
			'spec.securityContext.fsGroup',
		],
	},
	A10: { section: 'A', title: 'updates should be reflected in volume', proves: ['spec.volumes[].configMap.name'] },
	A11: {
		section: 'A',
		title: 'binary data should be reflected in volume',
		proves: ['spec.volumes[].configMap.name', 'spec.containers[].name'],
	},
	A12: {
		section: 'A',
		title: 'optional updates should be reflected in volume',
		proves: ['spec.volumes[].configMap.optional', 'spec.containers[].name'],
	},
	A13: {
		section: 'A',
		title: 'should be consumable in multiple volumes in the same pod',
		proves: ['spec.volumes[].name', 'spec.containers[].volumeMounts[].mountPath'],
	},
	A14: {
		section: 'A',
		title: 'should be immutable if `immutable` field is set',
		proves: ['spec.volumes[].configMap.name'],
	},
	A15: {
		section: 'A',
		title: 'should fail non-optional pod creation due to configMap object does not exist',
		proves: ['spec.volumes[].configMap.name', 'spec.volumes[].configMap.optional'],
	},
	A16: {
		section: 'A',
		title: 'should fail non-optional pod creation due to the key in the configMap object does not exist',
		proves: ['spec.volumes[].configMap.items[].key', 'spec.volumes[].configMap.optional'],
	},
	D1: {
		section: 'D',
		title: 'should be consumable from pods in volume',
		proves: ['spec.volumes[].projected.sources[].configMap'],
	},
	D2: {
		section: 'D',
		title: 'should be consumable from pods in volume with defaultMode set',
		proves: ['spec.volumes[].projected.defaultMode'],
	},
	D3: {
		section: 'D',
		title: 'should be consumable from pods in volume as non-root with defaultMode and fsGroup set',
		proves: ['spec.volumes[].projected.defaultMode', 'spec.securityContext.runAsUser', 'spec.securityContext.fsGroup'],
	},
	D4: {
		section: 'D',
		title: 'should be consumable from pods in volume as non-root',
		proves: ['spec.volumes[].projected.sources[].configMap', 'spec.securityContext.runAsUser'],
	},
	D5: {
		section: 'D',
		title: 'should be consumable from pods in volume as non-root with FSGroup',
		proves: [
			'spec.volumes[].projected.sources[].configMap',
			'spec.securityContext.runAsUser',
			'spec.securityContext.fsGroup',
		],
	},
	D6: {
		section: 'D',
		title: 'should be consumable from pods in volume with mappings',
		proves: ['spec.volumes[].projected.sources[].configMap.items[]'],
	},
	D7: {
		section: 'D',
		title: 'should be consumable from pods in volume with mappings and Item mode set',
		proves: ['spec.volumes[].projected.defaultMode', 'spec.volumes[].projected.sources[].configMap.items[]'],
	},
	D8: {
		section: 'D',
		title: 'should be consumable from pods in volume with mappings as non-root',
		proves: ['spec.volumes[].projected.sources[].configMap.items[]', 'spec.securityContext.runAsUser'],
	},
	D9: {
		section: 'D',
		title: 'should be consumable from pods in volume with mappings as non-root with FSGroup',
		proves: ['spec.volumes[].projected.sources[].configMap.items[]', 'spec.securityContext.fsGroup'],
	},
	D10: {
		section: 'D',
		title: 'updates should be reflected in volume',
		proves: ['spec.volumes[].projected.sources[].configMap'],
	},
	D11: {
		section: 'D',
		title: 'optional updates should be reflected in volume',
		proves: ['spec.volumes[].projected.sources[].configMap.optional'],
	},
	D12: {
		section: 'D',
		title: 'should be consumable in multiple volumes in the same pod',
		proves: ['spec.volumes[].projected.sources[].configMap'],
	},
	D13: {
		section: 'D',
		title: 'should fail non-optional pod creation due to configMap object does not exist',
		proves: ['spec.volumes[].projected.sources[].configMap', 'spec.volumes[].projected.sources[].configMap.optional'],
	},
	D14: {
		section: 'D',
		title: 'should fail non-optional pod creation due to the key in the configMap object does not exist',
		proves: [
			'spec.volumes[].projected.sources[].configMap.items[]',
			'spec.volumes[].projected.sources[].configMap.optional',
		],
	},
	B1: {
		section: 'B',
		title: 'should be consumable via environment variable',
		proves: ['spec.containers[].env[].name', 'spec.containers[].env[].valueFrom.configMapKeyRef'],
	},
	B2: {
		section: 'B',
		title: 'should be consumable via the environment',
		proves: ['spec.containers[].envFrom[].configMapRef', 'spec.containers[].envFrom[].prefix'],
	},
	B3: {
		section: 'B',
		title: 'should fail to create ConfigMap with empty key',
		proves: [],
		elsewhere: 'test/cluster/api-cases.test.ts',
	},
	B4: {
		section: 'B',
		title: 'should update ConfigMap successfully',
		proves: [],
		elsewhere: 'test/cluster/api-cases.test.ts',
	},
	B5: {
		section: 'B',
		title: 'should run through a ConfigMap lifecycle',
		proves: [],
		elsewhere: 'test/cluster/api-cases.test.ts',
	},
	B6: {
		section: 'B',
		title: 'should be consumable as environment variable names with various prefixes',
		proves: ['spec.containers[].envFrom[].prefix'],
	},
	C1: {
		section: 'C',
		title: 'should allow composing env vars into new env vars',
		proves: ['spec.containers[].env[].name', 'spec.containers[].env[].value'],
	},
	C2: {
		section: 'C',
		title: "should allow substituting values in a container's command",
		proves: ['spec.containers[].command'],
	},
	C3: {
		section: 'C',
		title: "should allow substituting values in a container's args",
		proves: ['spec.containers[].args'],
	},
	C4: {
		section: 'C',
		title: 'should allow substituting values in a volume subpath',
		proves: ['spec.containers[].volumeMounts[].subPathExpr', 'spec.volumes[].emptyDir'],
	},
	C5: {
		section: 'C',
		title: 'should fail substituting values in a volume subpath with backticks',
		proves: ['spec.containers[].volumeMounts[].subPathExpr'],
	},
	C6: {
		section: 'C',
		title: 'should fail substituting values in a volume subpath with absolute path',
		proves: ['spec.containers[].volumeMounts[].subPathExpr'],
	},
	C7: {
		section: 'C',
		title: 'should verify that a failing subpath expansion can be modified during the lifecycle of a container',
		proves: [
			'spec.containers[].volumeMounts[].subPathExpr',
			'spec.containers[].env[].valueFrom.fieldRef',
			'metadata.annotations',
		],
	},
	C8: {
		section: 'C',
		title: 'should succeed in writing subpaths in container',
		proves: [
			'spec.containers[].volumeMounts[].subPathExpr',
			'spec.volumes[].emptyDir',
			'spec.volumes[].downwardAPI.items[].path',
			'metadata.annotations',
		],
	},
	C9: {
		section: 'C',
		title: 'allow almost all printable ASCII characters as environment variable names',
		proves: ['spec.containers[].env[].name'],
	},
	H1: {
		section: 'H',
		title: 'should use the image defaults if command and args are blank',
		proves: ['spec.containers[].image'],
	},
	H2: {
		section: 'H',
		title: "should be able to override the image's default arguments (docker cmd)",
		proves: ['spec.containers[].args', 'spec.containers[].image'],
	},
	H3: {
		section: 'H',
		title: "should be able to override the image's default command (docker entrypoint)",
		proves: ['spec.containers[].command'],
	},
	H4: {
		section: 'H',
		title: "should be able to override the image's default command and arguments",
		proves: ['spec.containers[].command', 'spec.containers[].args'],
	},
	E1: {
		section: 'E',
		title: '[sig-storage] Projected combined should project all components that make up the projection API',
		proves: [
			'spec.volumes[].projected.sources[].configMap',
			'spec.volumes[].projected.sources[].secret',
			'spec.volumes[].projected.sources[].downwardAPI',
			'metadata.name',
		],
	},
	E2: {
		section: 'E',
		title: '[sig-storage] EmptyDir wrapper volumes should not conflict',
		proves: ['spec.volumes[].secret.secretName', 'spec.volumes[].configMap.name'],
	},
	E3: {
		section: 'E',
		title: '[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps',
		proves: ['spec.volumes[].name', 'spec.containers[].volumeMounts[].name'],
	},
	E4: {
		section: 'E',
		title: '[sig-storage] Volumes ConfigMap should be mountable',
		proves: ['spec.volumes[].configMap.items[].key', 'spec.volumes[].configMap.items[].path'],
	},
	E5: {
		section: 'E',
		title: 'Ephemeralstorage should allow deletion of pod with invalid volume: configmap, projected',
		proves: ['spec.volumes[].configMap.name', 'spec.volumes[].projected.sources[].configMap'],
	},
	E6: {
		section: 'E',
		title: '[sig-auth] Node Authorizer: a non-existent and an existing configmap are Forbidden',
		proves: [],
		elsewhere: 'test/cluster/run-cases.test.ts',
	},
	E7: {
		section: 'E',
		title: 'upgrade test configmap-upgrade',
		proves: ['spec.volumes[].configMap.name', 'spec.containers[].env[].valueFrom.configMapKeyRef'],
	},
	F1: {
		section: 'F',
		title: 'Atomic writer volumes should support subpaths with secret pod',
		proves: ['spec.containers[].volumeMounts[].subPath', 'spec.volumes[].secret.secretName'],
	},
	F2: {
		section: 'F',
		title: 'Atomic writer volumes should support subpaths with configmap pod',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	F3: {
		section: 'F',
		title: 'Atomic writer volumes should support subpaths with configmap pod with mountPath of existing file',
		proves: ['spec.containers[].volumeMounts[].subPath', 'spec.containers[].volumeMounts[].mountPath'],
	},
	F4: {
		section: 'F',
		title: 'Atomic writer volumes should support subpaths with downward pod',
		proves: [
			'spec.containers[].volumeMounts[].subPath',
			'spec.volumes[].downwardAPI.items[].path',
			'spec.volumes[].downwardAPI.items[].fieldRef',
		],
	},
	F5: {
		section: 'F',
		title: 'Atomic writer volumes should support subpaths with projected pod',
		proves: ['spec.containers[].volumeMounts[].subPath', 'spec.volumes[].projected.sources[].configMap.items[]'],
	},
	F6: {
		section: 'F',
		title: 'Container restart should verify that container can restart successfully after configmaps modified',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S1: {
		section: 'S',
		title: 'should support non-existent path',
		proves: [
			'spec.containers[].volumeMounts[].subPath',
			'spec.volumes[].persistentVolumeClaim',
			'spec.volumes[].emptyDir',
		],
	},
	S2: {
		section: 'S',
		title: 'should support existing directory',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S3: {
		section: 'S',
		title: 'should support existing single file',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S4: { section: 'S', title: 'should support file as subpath', proves: ['spec.containers[].volumeMounts[].subPath'] },
	S5: {
		section: 'S',
		title: 'should fail if subpath directory is outside the volume',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S6: {
		section: 'S',
		title: 'should fail if subpath file is outside the volume',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S7: {
		section: 'S',
		title: 'should fail if non-existent subpath is outside the volume',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S8: {
		section: 'S',
		title: 'should fail if subpath with backstepping is outside the volume',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S9: {
		section: 'S',
		title: 'should support creating multiple subpath from same volumes',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S10: {
		section: 'S',
		title: 'should support restarting containers using directory as subpath',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S11: {
		section: 'S',
		title: 'should support restarting containers using file as subpath',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	S12: {
		section: 'S',
		title: 'should support readOnly directory specified in the volumeMount',
		proves: ['spec.containers[].volumeMounts[].readOnly'],
	},
	S13: {
		section: 'S',
		title: 'should support readOnly file specified in the volumeMount',
		proves: ['spec.containers[].volumeMounts[].readOnly'],
	},
	S14: {
		section: 'S',
		title: 'should support existing directories when readOnly specified in the volumeSource',
		proves: ['spec.volumes[].persistentVolumeClaim.readOnly'],
	},
	S15: {
		section: 'S',
		title: 'should verify container cannot write to subpath readonly volumes',
		proves: ['spec.volumes[].persistentVolumeClaim.readOnly', 'spec.containers[].volumeMounts[].subPath'],
	},
	S16: {
		section: 'S',
		title: 'should be able to unmount after the subpath directory is deleted',
		proves: ['spec.containers[].volumeMounts[].subPath'],
	},
	L1: {
		section: 'L',
		title: 'secret volumes: all keys, items, modes, optional',
		proves: [
			'spec.volumes[].secret.secretName',
			'spec.volumes[].secret.items[]',
			'spec.volumes[].secret.defaultMode',
			'spec.volumes[].secret.optional',
		],
	},
	L2: {
		section: 'L',
		title: 'downwardAPI volumes: fields, resources, modes, changed labels',
		proves: [
			'spec.volumes[].downwardAPI.items[].path',
			'spec.volumes[].downwardAPI.items[].mode',
			'spec.volumes[].downwardAPI.items[].fieldRef',
			'spec.volumes[].downwardAPI.items[].resourceFieldRef',
			'spec.volumes[].downwardAPI.defaultMode',
			'metadata.labels',
			'metadata.annotations',
			'spec.containers[].resources.limits',
			'spec.containers[].resources.requests',
		],
	},
	L3: {
		section: 'L',
		title: 'projected volumes of every source, and sources that only a cluster has',
		proves: [
			'spec.volumes[].projected.defaultMode',
			'spec.volumes[].projected.sources[].configMap.items[]',
			'spec.volumes[].projected.sources[].configMap.optional',
			'spec.volumes[].projected.sources[].secret',
			'spec.volumes[].projected.sources[].downwardAPI',
			'spec.volumes[].projected.sources[].serviceAccountToken',
			'spec.volumes[].projected.sources[].clusterTrustBundle',
			'spec.volumes[].projected.sources[].podCertificate',
			'metadata.uid',
		],
	},
	L4: {
		section: 'L',
		once: true,
		title: 'variables from fields and resources, and local replacements for values of a node',
		proves: [
			'spec.containers[].env[].value',
			'spec.containers[].env[].valueFrom.fieldRef',
			'spec.containers[].env[].valueFrom.resourceFieldRef',
			'metadata.name',
			'metadata.namespace',
			'metadata.labels',
			'spec.nodeName',
			'spec.serviceAccountName',
			'spec.hostname',
			'spec.subdomain',
			'spec.setHostnameAsFQDN',
			'spec.hostnameOverride',
			'spec.resources',
			'spec.containers[].resources.limits',
			'spec.containers[].resources.requests',
		],
	},
	L5: {
		section: 'L',
		once: true,
		title: 'variables from Secrets, and optional ones',
		proves: [
			'spec.containers[].env[].valueFrom.secretKeyRef',
			'spec.containers[].env[].valueFrom.configMapKeyRef.optional',
			'spec.containers[].envFrom[].secretRef',
			'spec.containers[].envFrom[].configMapRef.optional',
			'spec.containers[].envFrom[].prefix',
			'spec.containers[].env[].value',
		],
	},
	L6: {
		section: 'L',
		title: 'variables from a file of an emptyDir',
		proves: ['spec.containers[].env[].valueFrom.fileKeyRef', 'spec.volumes[].emptyDir'],
	},
	L7: {
		section: 'L',
		title: 'hostPath, with and without consent',
		proves: ['spec.volumes[].hostPath.path', 'spec.volumes[].hostPath.type'],
	},
	L8: {
		section: 'L',
		title: 'kinds of volumes that only a cluster has, replaced by a local directory',
		proves: [
			'spec.volumes[].persistentVolumeClaim',
			'spec.volumes[].ephemeral',
			'spec.volumes[].csi',
			'spec.volumes[].nfs',
			'spec.volumes[].image',
		],
	},
	L9: {
		section: 'L',
		once: true,
		title: 'init containers and several containers',
		proves: ['spec.initContainers[]', 'spec.containers[].name'],
	},
	L10: { section: 'L', once: true, title: 'workingDir', proves: ['spec.containers[].workingDir'] },
	L11: {
		section: 'L',
		title: 'users and groups, of the pod and of the container',
		proves: [
			'spec.containers[].securityContext.runAsUser',
			'spec.containers[].securityContext.runAsGroup',
			'spec.securityContext.runAsUser',
			'spec.securityContext.runAsGroup',
			'spec.securityContext.fsGroup',
			'spec.securityContext.supplementalGroups',
		],
	},
	L12: {
		section: 'L',
		title: 'emptyDir with medium and sizeLimit',
		proves: ['spec.volumes[].emptyDir', 'spec.volumes[].emptyDir.medium', 'spec.volumes[].emptyDir.sizeLimit'],
	},
	L13: {
		section: 'L',
		title: 'nested mounts, missing parents, readOnly',
		proves: [
			'spec.containers[].volumeMounts[].mountPath',
			'spec.containers[].volumeMounts[].readOnly',
			'spec.containers[].volumeMounts[].mountPropagation',
			'spec.containers[].volumeMounts[].recursiveReadOnly',
		],
	},
	L14: { section: 'L', once: true, title: 'workloads with a pod template', proves: ['kind', 'metadata.labels'] },
	L15: {
		section: 'L',
		once: true,
		title: 'fields that matter only to a cluster',
		proves: [
			'spec.containers[].securityContext.runAsNonRoot',
			'spec.containers[].securityContext.readOnlyRootFilesystem',
			'spec.containers[].securityContext.capabilities',
			'spec.containers[].securityContext.privileged',
			'spec.containers[].ports',
			'spec.containers[].livenessProbe',
			'spec.containers[].readinessProbe',
			'spec.containers[].startupProbe',
			'spec.containers[].lifecycle',
			'spec.containers[].imagePullPolicy',
			'spec.containers[].stdin',
			'spec.containers[].stdinOnce',
			'spec.containers[].tty',
			'spec.containers[].terminationMessagePath',
			'spec.containers[].terminationMessagePolicy',
			'spec.containers[].resizePolicy',
			'spec.containers[].volumeDevices',
			'spec.securityContext.runAsNonRoot',
			'spec.securityContext.seccompProfile',
			'spec.securityContext.sysctls',
			'spec.enableServiceLinks',
			'spec.automountServiceAccountToken',
			'spec.hostAliases',
			'spec.dnsPolicy',
			'spec.dnsConfig',
			'spec.hostNetwork',
			'spec.hostPID',
			'spec.hostIPC',
			'spec.hostUsers',
			'spec.shareProcessNamespace',
			'spec.restartPolicy',
			'spec.terminationGracePeriodSeconds',
			'spec.activeDeadlineSeconds',
			'spec.imagePullSecrets',
			'spec.runtimeClassName',
			'spec.os',
			'spec.affinity',
			'spec.nodeSelector',
			'spec.overhead',
			'spec.preemptionPolicy',
			'spec.priority',
			'spec.priorityClassName',
			'spec.readinessGates',
			'spec.schedulerName',
			'spec.tolerations',
			'spec.topologySpreadConstraints',
		],
	},
} as const satisfies Readonly<Record<string, OfficialCase>>;

export type CaseId = keyof typeof CASES;
