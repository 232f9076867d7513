/** The types of a container. Source: k8s.io/api v0.20 to v0.37, core/v1 types.go. */

import type { TypeRows } from './type-rows.js';

export const CONTAINER_TYPES = {
	Container: `
		+name -image +command +args +workingDir ports:ContainerPort +envFrom:EnvFromSource +env:EnvVar
		+resources:ResourceRequirements +volumeMounts:VolumeMount volumeDevices:VolumeDevice livenessProbe:Probe
		readinessProbe:Probe startupProbe:Probe lifecycle:Lifecycle terminationMessagePath terminationMessagePolicy
		imagePullPolicy +securityContext:SecurityContext stdin stdinOnce tty resizePolicy:ContainerResizePolicy@1.27
		restartPolicy@1.28 restartPolicyRules:ContainerRestartRule@1.34
	`,
	ContainerPort: 'name hostPort containerPort protocol hostIP',
	EnvFromSource: '+prefix +configMapRef:ConfigMapEnvSource +secretRef:SecretEnvSource',
	ConfigMapEnvSource: '+name +optional',
	SecretEnvSource: '+name +optional',
	EnvVar: '+name +value +valueFrom:EnvVarSource',
	EnvVarSource: `
		+fieldRef:ObjectFieldSelector +resourceFieldRef:ResourceFieldSelector +configMapKeyRef:ConfigMapKeySelector
		+secretKeyRef:SecretKeySelector +fileKeyRef:FileKeySelector@1.34
	`,
	ConfigMapKeySelector: '+name +key +optional',
	SecretKeySelector: '+name +key +optional',
	FileKeySelector: '+volumeName +path +key +optional',
	ResourceRequirements: '+limits +requests claims:ResourceClaim@1.26',
	ResourceClaim: 'name request@1.31',
	VolumeMount: `
		+name +readOnly +mountPath +subPath mountPropagation +subPathExpr recursiveReadOnly@1.30 bindMountOptions@1.37
	`,
	VolumeDevice: 'name devicePath',
	Probe: `
		exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction initialDelaySeconds timeoutSeconds periodSeconds
		successThreshold failureThreshold terminationGracePeriodSeconds@1.21 grpc:GRPCAction@1.23
	`,
	ExecAction: 'command',
	HTTPGetAction: 'path port host scheme httpHeaders:HTTPHeader protocol@1.37',
	HTTPHeader: 'name value',
	TCPSocketAction: 'port host',
	GRPCAction: 'port service mode@1.37',
	Lifecycle: 'postStart:LifecycleHandler preStop:LifecycleHandler stopSignal@1.33',
	LifecycleHandler: 'exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction sleep:SleepAction@1.29',
	SleepAction: 'seconds',
	SecurityContext: `
		capabilities:Capabilities privileged seLinuxOptions:SELinuxOptions windowsOptions:WindowsSecurityContextOptions
		+runAsUser +runAsGroup runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount
		seccompProfile:SeccompProfile appArmorProfile:AppArmorProfile@1.30
	`,
	Capabilities: 'add drop',
	SELinuxOptions: 'user role type level',
	WindowsSecurityContextOptions: 'gmsaCredentialSpecName gmsaCredentialSpec runAsUserName hostProcess@1.22',
	SeccompProfile: 'type localhostProfile',
	AppArmorProfile: 'type localhostProfile',
	ContainerResizePolicy: 'resourceName restartPolicy',
	ContainerRestartRule: 'action exitCodes:ContainerRestartRuleOnExitCodes',
	ContainerRestartRuleOnExitCodes: 'operator values',
	EphemeralContainer: `
		name image command args workingDir ports:ContainerPort envFrom:EnvFromSource env:EnvVar
		resources:ResourceRequirements volumeMounts:VolumeMount volumeDevices:VolumeDevice livenessProbe:Probe
		readinessProbe:Probe startupProbe:Probe lifecycle:Lifecycle terminationMessagePath terminationMessagePolicy
		imagePullPolicy securityContext:SecurityContext stdin stdinOnce tty targetContainerName
		resizePolicy:ContainerResizePolicy@1.27 restartPolicy@1.28 restartPolicyRules:ContainerRestartRule@1.34
	`,
} as const satisfies TypeRows;
