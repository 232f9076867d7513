/**
 * How `configmapfs run` supports each field of a pod: the rows of native-notes/pod-support.md, which
 * scripts/pod-support.mjs writes. The cases in cases.ts prove them. This file has no imports, because the script
 * evaluates it on its own.
 */

/**
 * `yes`: as kubelet. `partly`: the note describes the difference. `flag`: with a flag, otherwise with a warning. `no`: a
 * warning names what the process lacks. `ignored`: silently ignored.
 */
export type Support = 'yes' | 'partly' | 'flag' | 'no' | 'ignored';

export interface FieldRow {
	readonly support: Support;
	/** A note for users; for `no` the text of the warning. */
	readonly note: string;
	/** Members of the types of src/pod/pod-spec.ts: `Container.args`, and `VolumeSource=emptyDir` for a kind. */
	readonly covers?: readonly string[];
}

const OBJECT = ['ObjectVolumeSource.kind', 'VolumeSource.kind', 'PodVolume.source'];
const PROJECTED = ['ProjectedSource.kind', 'VolumeSource.sources', 'VolumeSource=projected'];
const ENV_KIND = ['EnvVarSource.kind', 'EnvVar.valueFrom'];
const KEY_REF = ['EnvVarSource.name', 'EnvVarSource.key'];
const FILE_KEY_REF = ['EnvVarSource=fileKeyRef', 'EnvVarSource.volumeName', 'EnvVarSource.path', 'EnvVarSource.key'];

const UNKNOWN_TO_PROCESS = 'for a node; the process inherits it from its caller';
const OF_RUNTIME = 'for a container runtime';
const OF_SCHEDULER = 'for the scheduler';
const OF_CLUSTER = 'for the API server and its controllers';

export const FIELDS = {
	kind: {
		support: 'yes',
		note: 'Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, PodTemplate; KIND/NAME selects one of several',
		covers: [
			'WorkloadName.kind',
			'WorkloadName.name',
			'WorkloadName.namespace',
			'WorkloadName.location',
			'Pod.workload',
		],
	},
	'metadata.name': {
		support: 'yes',
		note: 'a random suffix becomes `local`: `web-local`; of numbered pods it is the first: `web-0`',
		covers: ['PodMetadata.name', 'Pod.metadata'],
	},
	'metadata.namespace': {
		support: 'yes',
		note: 'otherwise that of `-n`, of the context, or `default`',
		covers: ['PodMetadata.namespace'],
	},
	'metadata.uid': {
		support: 'partly',
		note: 'if absent, a stable one derived from namespace, kind and name',
		covers: ['PodMetadata.uid'],
	},
	'metadata.labels': { support: 'yes', note: 'downwardAPI volumes follow them', covers: ['PodMetadata.labels'] },
	'metadata.annotations': {
		support: 'yes',
		note: 'downwardAPI volumes follow them',
		covers: ['PodMetadata.annotations'],
	},

	'spec.volumes[].name': {
		support: 'yes',
		note: 'volumes that the container does not mount are not set up',
		covers: ['PodVolume.name', 'PodSpec.volumes'],
	},
	'spec.volumes[].configMap.name': {
		support: 'yes',
		note: "a missing one is waited for, with kubelet's text; changes are visible at once",
		covers: ['ObjectVolumeSource.name', 'ObjectVolumeSource=configMap', ...OBJECT],
	},
	'spec.volumes[].configMap.items[].key': {
		support: 'yes',
		note: 'a missing one is waited for',
		covers: ['ObjectVolumeSource.projection'],
	},
	'spec.volumes[].configMap.items[].path': { support: 'yes', note: '' },
	'spec.volumes[].configMap.items[].mode': {
		support: 'yes',
		note: '',
	},
	'spec.volumes[].configMap.defaultMode': { support: 'yes', note: '' },
	'spec.volumes[].configMap.optional': {
		support: 'yes',
		note: 'objects and keys may appear and disappear while it runs',
	},
	'spec.volumes[].secret.secretName': {
		support: 'yes',
		note: 'from manifests; Secrets of a cluster are not read',
		covers: ['ObjectVolumeSource=secret'],
	},
	'spec.volumes[].secret.items[]': { support: 'yes', note: 'key, path and mode as with configMap' },
	'spec.volumes[].secret.defaultMode': { support: 'yes', note: '' },
	'spec.volumes[].secret.optional': { support: 'yes', note: '' },
	'spec.volumes[].downwardAPI.items[].path': {
		support: 'yes',
		note: '',
		covers: ['VolumeSource=downwardAPI', 'VolumeSource.items', 'DownwardItem.path'],
	},
	'spec.volumes[].downwardAPI.items[].mode': { support: 'yes', note: '', covers: ['DownwardItem.mode'] },
	'spec.volumes[].downwardAPI.items[].fieldRef': {
		support: 'yes',
		note: 'name, namespace, uid, labels, annotations',
		covers: ['DownwardItem.ref'],
	},
	'spec.volumes[].downwardAPI.items[].resourceFieldRef': {
		support: 'yes',
		note: 'limits and requests of the container, else of the pod; an absent limit is that of this machine',
	},
	'spec.volumes[].downwardAPI.defaultMode': { support: 'yes', note: '' },
	'spec.volumes[].projected.defaultMode': { support: 'yes', note: '', covers: ['VolumeSource.defaultMode'] },
	'spec.volumes[].projected.sources[].configMap': {
		support: 'yes',
		note: 'name, items with modes, optional',
		covers: ['ProjectedSource=configMap', 'ProjectedSource.name', 'ProjectedSource.items', ...PROJECTED],
	},
	'spec.volumes[].projected.sources[].configMap.items[]': { support: 'yes', note: '' },
	'spec.volumes[].projected.sources[].configMap.optional': {
		support: 'yes',
		note: '',
		covers: ['ProjectedSource.optional'],
	},
	'spec.volumes[].projected.sources[].secret': {
		support: 'yes',
		note: 'name, items with modes, optional',
		covers: ['ProjectedSource=secret'],
	},
	'spec.volumes[].projected.sources[].downwardAPI': {
		support: 'yes',
		note: '',
		covers: ['ProjectedSource=downwardAPI'],
	},
	'spec.volumes[].projected.sources[].serviceAccountToken': {
		support: 'no',
		note: '`serviceAccountToken "token" is not available: only a cluster creates it; add a secret source with its path to replace it`',
		covers: ['ProjectedSource=other', 'ProjectedSource.type', 'ProjectedSource.path'],
	},
	'spec.volumes[].projected.sources[].clusterTrustBundle': {
		support: 'no',
		note: 'the same with `clusterTrustBundle`',
	},
	'spec.volumes[].projected.sources[].podCertificate': { support: 'no', note: 'the same with `podCertificate`' },
	'spec.volumes[].emptyDir': {
		support: 'yes',
		note: 'in memory; survives restarts of the application, removed with the run',
		covers: ['VolumeSource=emptyDir'],
	},
	'spec.volumes[].emptyDir.medium': {
		support: 'ignored',
		note: 'always in memory; with `Memory` the root has mode 01777',
		covers: ['VolumeSource.medium'],
	},
	'spec.volumes[].emptyDir.sizeLimit': { support: 'ignored', note: 'not enforced', covers: ['VolumeSource.sizeLimit'] },
	'spec.volumes[].hostPath.path': {
		support: 'flag',
		note: '`--allow-host-path`, or `--local-volume NAME=DIR` for another directory; otherwise `hostPath /srv is not mounted without consent`',
		covers: ['VolumeSource=hostPath', 'VolumeSource.path'],
	},
	'spec.volumes[].hostPath.type': {
		support: 'flag',
		note: 'checked, and created if the type requires it, with `--allow-host-path`',
		covers: ['VolumeSource.type'],
	},
	'spec.volumes[].persistentVolumeClaim': {
		support: 'flag',
		note: '`--local-volume NAME=DIR`; otherwise `persistentVolumeClaim volumes exist only in a cluster`, and nothing is mounted',
		covers: ['VolumeSource=other'],
	},
	'spec.volumes[].persistentVolumeClaim.readOnly': {
		support: 'yes',
		note: 'with `--local-volume`, for every kind with this field',
		covers: ['VolumeSource.readOnly'],
	},
	'spec.volumes[].ephemeral': { support: 'flag', note: '`--local-volume NAME=DIR`; otherwise the same warning' },
	'spec.volumes[].csi': { support: 'flag', note: '`--local-volume NAME=DIR`; otherwise the same warning' },
	'spec.volumes[].nfs': {
		support: 'flag',
		note: 'and every older kind: `--local-volume NAME=DIR`; otherwise the same warning',
	},
	'spec.volumes[].image': { support: 'flag', note: '`--local-volume NAME=DIR`, read-only; otherwise the same warning' },

	'spec.containers[].name': {
		support: 'yes',
		note: 'a run is one container: that of `-c`, of the annotation kubectl.kubernetes.io/default-container, or the first',
		covers: ['Container.name', 'PodSpec.containers', 'Pod.spec'],
	},
	'spec.containers[].image': {
		support: 'no',
		note: 'a local process has no image; without a command, `container "app" has no command of its own, and its image\'s is not available here; pass one after --`',
		covers: ['Container.image'],
	},
	'spec.containers[].command': {
		support: 'yes',
		note: '`$(NAME)` is expanded; a command after `--` replaces it',
		covers: ['Container.command'],
	},
	'spec.containers[].args': {
		support: 'yes',
		note: '`$(NAME)` is expanded; with a command after `--` only with `--keep-args`',
		covers: ['Container.args'],
	},
	'spec.containers[].workingDir': {
		support: 'partly',
		note: "for the container's own command; it must exist. A command after `--` runs in the caller's directory",
		covers: ['Container.workingDir'],
	},
	'spec.containers[].env[].name': {
		support: 'yes',
		note: 'every printable name, as since v1.30; `--strict-env-names` for the older rule',
		covers: ['EnvVar.name', 'Container.env'],
	},
	'spec.containers[].env[].value': {
		support: 'yes',
		note: '`$(NAME)` of earlier variables is expanded',
		covers: ['EnvVar.value'],
	},
	'spec.containers[].env[].valueFrom.configMapKeyRef': {
		support: 'yes',
		note: 'a missing object or key is waited for; never binaryData',
		covers: ['EnvVarSource=configMapKeyRef', ...KEY_REF, ...ENV_KIND],
	},
	'spec.containers[].env[].valueFrom.configMapKeyRef.optional': {
		support: 'yes',
		note: '',
		covers: ['EnvVarSource.optional'],
	},
	'spec.containers[].env[].valueFrom.secretKeyRef': {
		support: 'yes',
		note: 'from manifests',
		covers: ['EnvVarSource=secretKeyRef'],
	},
	'spec.containers[].env[].valueFrom.fieldRef': {
		support: 'partly',
		note: "status.podIP, status.hostIP and their lists are 127.0.0.1; spec.nodeName is this machine's name if the manifest has none",
		covers: ['FieldRef.kind', 'FieldRef.fieldPath', 'FieldRef=fieldRef'],
	},
	'spec.containers[].env[].valueFrom.resourceFieldRef': {
		support: 'partly',
		note: 'an absent limit is that of this machine',
		covers: [
			...['ResourceFieldRef.kind', 'ResourceFieldRef=resourceFieldRef', 'ResourceFieldRef.containerName'],
			...['ResourceFieldRef.resource', 'ResourceFieldRef.divisor'],
		],
	},
	'spec.containers[].env[].valueFrom.fileKeyRef': {
		support: 'partly',
		note: 'from the emptyDir at the start; no init container runs before, so only a restarted application finds the file that it wrote',
		covers: FILE_KEY_REF,
	},
	'spec.containers[].envFrom[].configMapRef': {
		support: 'yes',
		note: 'in order; a missing one is waited for',
		covers: ['EnvFromSource=configMapRef', 'EnvFromSource.kind', 'EnvFromSource.name', 'Container.envFrom'],
	},
	'spec.containers[].envFrom[].configMapRef.optional': { support: 'yes', note: '', covers: ['EnvFromSource.optional'] },
	'spec.containers[].envFrom[].secretRef': {
		support: 'yes',
		note: 'from manifests',
		covers: ['EnvFromSource=secretRef'],
	},
	'spec.containers[].envFrom[].prefix': {
		support: 'yes',
		note: 'any printable text',
		covers: ['EnvFromSource.prefix'],
	},
	'spec.containers[].volumeMounts[].name': {
		support: 'yes',
		note: '',
		covers: ['VolumeMount.name', 'Container.volumeMounts'],
	},
	'spec.containers[].volumeMounts[].mountPath': {
		support: 'yes',
		note: 'at exactly this path, in a private mount namespace; missing parents exist only there; files too. Not `/`, `/proc`, `/sys`, `/dev`',
		covers: ['VolumeMount.mountPath'],
	},
	'spec.containers[].volumeMounts[].readOnly': {
		support: 'yes',
		note: 'volumes of objects are always read-only',
		covers: ['VolumeMount.readOnly'],
	},
	'spec.containers[].volumeMounts[].subPath': {
		support: 'yes',
		note: 'never changes after the start, with one warning; `--subpath=live` follows changes. A link out of the volume is refused',
		covers: ['VolumeMount.subPath'],
	},
	'spec.containers[].volumeMounts[].subPathExpr': {
		support: 'yes',
		note: 'a missing variable, or a path out of the volume, is waited for with CreateContainerConfigError',
		covers: ['VolumeMount.subPathExpr'],
	},
	'spec.containers[].volumeMounts[].mountPropagation': { support: 'ignored', note: 'nothing is propagated' },
	'spec.containers[].volumeMounts[].recursiveReadOnly': { support: 'ignored', note: '' },
	'spec.resources': {
		support: 'partly',
		note: 'for resourceFieldRef of containers without an amount of their own; not enforced',
		covers: ['PodSpec.resources'],
	},
	'spec.containers[].resources.limits': {
		support: 'partly',
		note: 'for resourceFieldRef; not enforced',
		covers: ['Container.resources', 'ContainerResources.limits'],
	},
	'spec.containers[].resources.requests': {
		support: 'partly',
		note: 'for resourceFieldRef',
		covers: ['ContainerResources.requests'],
	},
	'spec.containers[].securityContext.runAsUser': {
		support: 'partly',
		note: 'as root; otherwise `runAsUser 1000: only root can become another user; the application runs as you`. Overrides that of the pod',
		covers: ['Container.runAsUser'],
	},
	'spec.containers[].securityContext.runAsGroup': {
		support: 'partly',
		note: 'the same',
		covers: ['Container.runAsGroup'],
	},
	'spec.containers[].securityContext.runAsNonRoot': { support: 'ignored', note: OF_RUNTIME },
	'spec.containers[].securityContext.readOnlyRootFilesystem': { support: 'ignored', note: OF_RUNTIME },
	'spec.containers[].securityContext.capabilities': {
		support: 'ignored',
		note: `${OF_RUNTIME}; the process of an ordinary user has none`,
	},
	'spec.containers[].securityContext.privileged': { support: 'ignored', note: OF_RUNTIME },
	'spec.containers[].ports': { support: 'ignored', note: 'the process opens its own ports on this machine' },
	'spec.containers[].livenessProbe': {
		support: 'ignored',
		note: 'only `--on-change restart` restarts the application',
	},
	'spec.containers[].readinessProbe': { support: 'ignored', note: '' },
	'spec.containers[].startupProbe': { support: 'ignored', note: '' },
	'spec.containers[].lifecycle': { support: 'ignored', note: '' },
	'spec.containers[].imagePullPolicy': { support: 'ignored', note: OF_RUNTIME },
	'spec.containers[].stdin': { support: 'ignored', note: "the caller's standard input" },
	'spec.containers[].stdinOnce': { support: 'ignored', note: '' },
	'spec.containers[].tty': { support: 'ignored', note: "the caller's terminal" },
	'spec.containers[].terminationMessagePath': { support: 'ignored', note: '' },
	'spec.containers[].terminationMessagePolicy': { support: 'ignored', note: '' },
	'spec.containers[].resizePolicy': { support: 'ignored', note: '' },
	'spec.containers[].volumeDevices': { support: 'ignored', note: '', covers: ['Container.volumeDevices'] },

	'spec.initContainers[]': {
		support: 'partly',
		note: 'only with `-c NAME`',
		covers: ['PodSpec.initContainers'],
	},
	'spec.securityContext.runAsUser': {
		support: 'partly',
		note: 'as root; otherwise it runs as the caller, with a warning',
		covers: ['PodSecurityContext.runAsUser', 'PodSpec.securityContext'],
	},
	'spec.securityContext.runAsGroup': {
		support: 'partly',
		note: 'as root; otherwise it runs as the caller, with a warning',
		covers: ['PodSecurityContext.runAsGroup'],
	},
	'spec.securityContext.fsGroup': {
		support: 'partly',
		note: 'the modes always; the group as root; otherwise `groups 1001: you are not a member, and only root can join them`',
		covers: ['PodSecurityContext.fsGroup'],
	},
	'spec.securityContext.supplementalGroups': {
		support: 'partly',
		note: 'as root; otherwise a warning',
		covers: ['PodSecurityContext.supplementalGroups'],
	},
	'spec.securityContext.runAsNonRoot': { support: 'ignored', note: OF_RUNTIME },
	'spec.securityContext.seccompProfile': { support: 'ignored', note: OF_RUNTIME },
	'spec.securityContext.sysctls': { support: 'ignored', note: OF_RUNTIME },
	'spec.nodeName': { support: 'yes', note: 'for fieldRef', covers: ['PodSpec.nodeName'] },
	'spec.serviceAccountName': {
		support: 'partly',
		note: 'for fieldRef; there is no token',
		covers: ['PodSpec.serviceAccountName'],
	},
	'spec.hostname': {
		support: 'partly',
		note: 'only the variable HOSTNAME; the name of the machine stays',
		covers: ['PodSpec.hostname'],
	},
	'spec.enableServiceLinks': {
		support: 'ignored',
		note: 'variables of Services are never set',
		covers: ['PodSpec.enableServiceLinks'],
	},
	'spec.automountServiceAccountToken': { support: 'ignored', note: '/var/run/secrets is never mounted' },
	'spec.hostAliases': { support: 'ignored', note: "/etc/hosts is this machine's" },
	'spec.dnsPolicy': { support: 'ignored', note: "/etc/resolv.conf is this machine's" },
	'spec.dnsConfig': { support: 'ignored', note: '' },
	'spec.hostNetwork': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.hostPID': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.hostIPC': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.hostUsers': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.shareProcessNamespace': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.setHostnameAsFQDN': {
		support: 'partly',
		note: 'only the variable HOSTNAME; the domain of the cluster is cluster.local',
		covers: ['PodSpec.setHostnameAsFQDN'],
	},
	'spec.subdomain': { support: 'partly', note: 'with setHostnameAsFQDN', covers: ['PodSpec.subdomain'] },
	'spec.hostnameOverride': {
		support: 'partly',
		note: 'only the variable HOSTNAME',
		covers: ['PodSpec.hostnameOverride'],
	},
	'spec.restartPolicy': { support: 'ignored', note: 'the run ends with the application' },
	'spec.terminationGracePeriodSeconds': { support: 'ignored', note: '30 seconds at a restart' },
	'spec.activeDeadlineSeconds': { support: 'ignored', note: OF_CLUSTER },
	'spec.imagePullSecrets': { support: 'ignored', note: OF_RUNTIME },
	'spec.runtimeClassName': { support: 'ignored', note: OF_RUNTIME },
	'spec.os': { support: 'ignored', note: OF_SCHEDULER },
	'spec.affinity': { support: 'ignored', note: OF_SCHEDULER },
	'spec.nodeSelector': { support: 'ignored', note: OF_SCHEDULER },
	'spec.overhead': { support: 'ignored', note: OF_SCHEDULER },
	'spec.preemptionPolicy': { support: 'ignored', note: OF_SCHEDULER },
	'spec.priority': { support: 'ignored', note: OF_SCHEDULER },
	'spec.priorityClassName': { support: 'ignored', note: OF_SCHEDULER },
	'spec.readinessGates': { support: 'ignored', note: OF_CLUSTER },
	'spec.schedulerName': { support: 'ignored', note: OF_SCHEDULER },
	'spec.tolerations': { support: 'ignored', note: OF_SCHEDULER },
	'spec.topologySpreadConstraints': { support: 'ignored', note: OF_SCHEDULER },
} as const satisfies Readonly<Record<string, FieldRow>>;

export type FieldName = keyof typeof FIELDS;
