/**
 * Which field of a pod `configmapfs run` supports how: the rows of native-notes/pod-support.md, which
 * scripts/pod-support.mjs writes. cases.ts says which case proves which row. No imports: the script reads this file as
 * it is.
 */

/**
 * `yes`: as kubelet. `partly`: the note says what is other. `flag`: with a flag, else a warning. `no`: a warning names
 * what the process misses. `ignored`: not looked at, and nothing is said.
 */
export type Support = 'yes' | 'partly' | 'flag' | 'no' | 'ignored';

export interface FieldRow {
	readonly support: Support;
	/** What a person should know; with `no`, what is said. */
	readonly note: string;
	/** Members of the types of src/pod/pod-spec.ts: `Container.args`, and `VolumeSource=emptyDir` for a kind. */
	readonly covers?: readonly string[];
}

const OBJECT = ['ObjectVolumeSource.kind', 'VolumeSource.kind', 'PodVolume.source'];
const PROJECTED = ['ProjectedSource.kind', 'VolumeSource.sources', 'VolumeSource=projected'];
const ENV_KIND = ['EnvVarSource.kind', 'EnvVar.valueFrom'];
const KEY_REF = ['EnvVarSource.name', 'EnvVarSource.key'];
const FILE_KEY_REF = ['EnvVarSource=fileKeyRef', 'EnvVarSource.volumeName', 'EnvVarSource.path', 'EnvVarSource.key'];

const UNKNOWN_TO_PROCESS = 'for a node; a process has what its caller has';
const OF_RUNTIME = 'for a container runtime';
const OF_SCHEDULER = 'for the scheduler';
const OF_CLUSTER = 'for the API server and its controllers';

export const FIELDS = {
	kind: {
		support: 'yes',
		note: 'Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, PodTemplate; of several in a source KIND/NAME says which',
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
		note: 'what a controller would draw by lot is `local`: `web-local`; of pods with numbers it is the first: `web-0`',
		covers: ['PodMetadata.name', 'Pod.metadata'],
	},
	'metadata.namespace': {
		support: 'yes',
		note: 'else that of `-n`, of the context, or `default`',
		covers: ['PodMetadata.namespace'],
	},
	'metadata.uid': {
		support: 'partly',
		note: 'where there is none, one made of namespace, kind and name: the same every time',
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
		note: "waits for a missing one with kubelet's text; changes are shown at once",
		covers: ['ObjectVolumeSource.name', 'ObjectVolumeSource=configMap', ...OBJECT],
	},
	'spec.volumes[].configMap.items[].key': {
		support: 'yes',
		note: 'waits for a missing one',
		covers: ['ObjectVolumeSource.projection'],
	},
	'spec.volumes[].configMap.items[].path': { support: 'yes', note: '' },
	'spec.volumes[].configMap.items[].mode': {
		support: 'yes',
		note: '',
	},
	'spec.volumes[].configMap.defaultMode': { support: 'yes', note: '' },
	'spec.volumes[].configMap.optional': { support: 'yes', note: 'also while it runs: object and keys may come and go' },
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
		note: "limits and requests of the manifest; a limit that is not there is this machine's",
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
		note: 'in memory, outlives restarts of the application, gone with the run',
		covers: ['VolumeSource=emptyDir'],
	},
	'spec.volumes[].emptyDir.medium': {
		support: 'ignored',
		note: 'it is in memory always',
		covers: ['VolumeSource.medium'],
	},
	'spec.volumes[].emptyDir.sizeLimit': { support: 'ignored', note: 'not enforced', covers: ['VolumeSource.sizeLimit'] },
	'spec.volumes[].hostPath.path': {
		support: 'flag',
		note: '`--allow-host-path`, or `--local-volume NAME=DIR` for another directory; else `hostPath /srv is not mounted without consent`',
		covers: ['VolumeSource=hostPath', 'VolumeSource.path'],
	},
	'spec.volumes[].hostPath.type': {
		support: 'flag',
		note: 'checked, and made where it says so, with `--allow-host-path`',
		covers: ['VolumeSource.type'],
	},
	'spec.volumes[].persistentVolumeClaim': {
		support: 'flag',
		note: '`--local-volume NAME=DIR`; else `persistentVolumeClaim volumes exist only in a cluster`, and nothing is mounted',
		covers: ['VolumeSource=other'],
	},
	'spec.volumes[].persistentVolumeClaim.readOnly': {
		support: 'yes',
		note: 'with `--local-volume`; so for every kind that has it',
		covers: ['VolumeSource.readOnly'],
	},
	'spec.volumes[].ephemeral': { support: 'flag', note: '`--local-volume NAME=DIR`; else the same warning' },
	'spec.volumes[].csi': { support: 'flag', note: '`--local-volume NAME=DIR`; else the same warning' },
	'spec.volumes[].nfs': {
		support: 'flag',
		note: 'and every older kind: `--local-volume NAME=DIR`; else the same warning',
	},
	'spec.volumes[].image': { support: 'flag', note: '`--local-volume NAME=DIR`, read-only; else the same warning' },

	'spec.containers[].name': {
		support: 'yes',
		note: 'one container a run: that of `-c`, of the annotation kubectl.kubernetes.io/default-container, or the first',
		covers: ['Container.name', 'PodSpec.containers', 'Pod.spec'],
	},
	'spec.containers[].image': {
		support: 'no',
		note: 'a local process has none: without a command of its own, `container "app" has no command of its own, and its image\'s is not available here; pass one after --`',
		covers: ['Container.image'],
	},
	'spec.containers[].command': {
		support: 'yes',
		note: '`$(NAME)` is expanded; a command after `--` takes its place',
		covers: ['Container.command'],
	},
	'spec.containers[].args': {
		support: 'yes',
		note: '`$(NAME)` is expanded; with a command after `--` only with `--keep-args`',
		covers: ['Container.args'],
	},
	'spec.containers[].workingDir': {
		support: 'partly',
		note: "for the container's own command; it must exist. A command after `--` runs where the caller is",
		covers: ['Container.workingDir'],
	},
	'spec.containers[].env[].name': {
		support: 'yes',
		note: 'every printable name, as since v1.30; `--strict-env-names` for the rule before',
		covers: ['EnvVar.name', 'Container.env'],
	},
	'spec.containers[].env[].value': {
		support: 'yes',
		note: '`$(NAME)` of variables before it is expanded',
		covers: ['EnvVar.value'],
	},
	'spec.containers[].env[].valueFrom.configMapKeyRef': {
		support: 'yes',
		note: 'waits for a missing object or key; never binaryData',
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
		note: "status.podIP, status.hostIP and their lists are 127.0.0.1; spec.nodeName is this machine's name where the manifest has none",
		covers: ['FieldRef.kind', 'FieldRef.fieldPath', 'FieldRef=fieldRef'],
	},
	'spec.containers[].env[].valueFrom.resourceFieldRef': {
		support: 'partly',
		note: 'a limit that is not there is what this machine has',
		covers: [
			...['ResourceFieldRef.kind', 'ResourceFieldRef=resourceFieldRef', 'ResourceFieldRef.containerName'],
			...['ResourceFieldRef.resource', 'ResourceFieldRef.divisor'],
		],
	},
	'spec.containers[].env[].valueFrom.fileKeyRef': {
		support: 'partly',
		note: 'of what is in the emptyDir at the start, so after a restart what the application wrote; no init container runs before',
		covers: FILE_KEY_REF,
	},
	'spec.containers[].envFrom[].configMapRef': {
		support: 'yes',
		note: 'in order; waits for a missing one',
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
		note: 'at that very path, in a mount namespace of its own; parents that the machine has not are only there; files too. Not `/`, `/proc`, `/sys`, `/dev`',
		covers: ['VolumeMount.mountPath'],
	},
	'spec.containers[].volumeMounts[].readOnly': {
		support: 'yes',
		note: 'volumes of objects are read-only always',
		covers: ['VolumeMount.readOnly'],
	},
	'spec.containers[].volumeMounts[].subPath': {
		support: 'yes',
		note: 'stays as it is at the start, with one warning; `--subpath=live` follows. A link that leads out of the volume is refused',
		covers: ['VolumeMount.subPath'],
	},
	'spec.containers[].volumeMounts[].subPathExpr': {
		support: 'yes',
		note: 'waits with CreateContainerConfigError where a variable is missing or leads elsewhere',
		covers: ['VolumeMount.subPathExpr'],
	},
	'spec.containers[].volumeMounts[].mountPropagation': { support: 'ignored', note: 'nothing is propagated' },
	'spec.containers[].volumeMounts[].recursiveReadOnly': { support: 'ignored', note: '' },
	'spec.containers[].resources.limits': {
		support: 'partly',
		note: 'what resourceFieldRef says; not enforced',
		covers: ['Container.resources', 'ContainerResources.limits'],
	},
	'spec.containers[].resources.requests': {
		support: 'partly',
		note: 'what resourceFieldRef says',
		covers: ['ContainerResources.requests'],
	},
	'spec.containers[].securityContext.runAsUser': {
		support: 'partly',
		note: 'as root; else `runAsUser 1000: only root can become another user; the application runs as you`. Over that of the pod',
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
		note: `${OF_RUNTIME}; an ordinary user's process has none`,
	},
	'spec.containers[].securityContext.privileged': { support: 'ignored', note: OF_RUNTIME },
	'spec.containers[].ports': { support: 'ignored', note: 'a process listens where it likes, on this machine' },
	'spec.containers[].livenessProbe': { support: 'ignored', note: 'nothing restarts it but `--on-change restart`' },
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
		note: 'with `-c NAME`; they do not run by themselves',
		covers: ['PodSpec.initContainers'],
	},
	'spec.securityContext.runAsUser': {
		support: 'partly',
		note: 'as root; else a warning, and it runs as the caller',
		covers: ['PodSecurityContext.runAsUser', 'PodSpec.securityContext'],
	},
	'spec.securityContext.runAsGroup': {
		support: 'partly',
		note: 'as root; else a warning, and it runs as the caller',
		covers: ['PodSecurityContext.runAsGroup'],
	},
	'spec.securityContext.fsGroup': {
		support: 'partly',
		note: 'the modes always; the group as root; else `groups 1001: you are not a member, and only root can join them`',
		covers: ['PodSecurityContext.fsGroup'],
	},
	'spec.securityContext.supplementalGroups': {
		support: 'partly',
		note: 'as root; else a warning',
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
		note: 'the variable HOSTNAME; the machine keeps its name',
		covers: ['PodSpec.hostname'],
	},
	'spec.enableServiceLinks': {
		support: 'ignored',
		note: 'there are no Services: no variables of them',
		covers: ['PodSpec.enableServiceLinks'],
	},
	'spec.automountServiceAccountToken': { support: 'ignored', note: 'nothing is at /var/run/secrets' },
	'spec.hostAliases': { support: 'ignored', note: "/etc/hosts is this machine's" },
	'spec.dnsPolicy': { support: 'ignored', note: "/etc/resolv.conf is this machine's" },
	'spec.dnsConfig': { support: 'ignored', note: '' },
	'spec.hostNetwork': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.hostPID': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.hostIPC': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.hostUsers': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.shareProcessNamespace': { support: 'ignored', note: UNKNOWN_TO_PROCESS },
	'spec.setHostnameAsFQDN': { support: 'ignored', note: '' },
	'spec.subdomain': { support: 'ignored', note: '' },
	'spec.restartPolicy': { support: 'ignored', note: 'the end of the application is the end of the run' },
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
