/** The types of a pod, without those of containers and volumes. Source: k8s.io/api v0.20 to v0.37, core/v1 types.go. */

import type { TypeRows } from './type-rows.js';

export const POD_TYPES = {
	PodSpec: `
		+volumes:Volume +initContainers:Container +containers:Container ephemeralContainers:EphemeralContainer
		restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector +serviceAccountName
		+serviceAccount automountServiceAccountToken +nodeName hostNetwork hostPID hostIPC shareProcessNamespace
		+securityContext:PodSecurityContext imagePullSecrets:LocalObjectReference +hostname +subdomain affinity:Affinity
		schedulerName tolerations:Toleration hostAliases:HostAlias priorityClassName priority dnsConfig:PodDNSConfig
		readinessGates:PodReadinessGate runtimeClassName enableServiceLinks preemptionPolicy overhead
		topologySpreadConstraints:TopologySpreadConstraint +setHostnameAsFQDN os:PodOS@1.23 hostUsers@1.25
		schedulingGates:PodSchedulingGate@1.26 resourceClaims:PodResourceClaim@1.26 +resources:ResourceRequirements@1.32
		+hostnameOverride@1.34 workloadRef:WorkloadReference@1.35 schedulingGroup:PodSchedulingGroup@1.36
		evictionResponders:EvictionResponder@1.37
	`,
	PodSecurityContext: `
		seLinuxOptions:SELinuxOptions windowsOptions:WindowsSecurityContextOptions +runAsUser +runAsGroup runAsNonRoot
		+supplementalGroups +fsGroup sysctls:Sysctl fsGroupChangePolicy seccompProfile:SeccompProfile
		appArmorProfile:AppArmorProfile@1.30 supplementalGroupsPolicy@1.31 seLinuxChangePolicy@1.32
	`,
	Sysctl: 'name value',
	Affinity: 'nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity',
	NodeAffinity: `
		requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
		preferredDuringSchedulingIgnoredDuringExecution:PreferredSchedulingTerm
	`,
	NodeSelector: 'nodeSelectorTerms:NodeSelectorTerm',
	NodeSelectorTerm: 'matchExpressions:NodeSelectorRequirement matchFields:NodeSelectorRequirement',
	NodeSelectorRequirement: 'key operator values',
	PreferredSchedulingTerm: 'weight preference:NodeSelectorTerm',
	PodAffinity: `
		requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm
		preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm
	`,
	PodAffinityTerm: `
		labelSelector:LabelSelector namespaces topologyKey namespaceSelector:LabelSelector@1.21 matchLabelKeys@1.29
		mismatchLabelKeys@1.29
	`,
	WeightedPodAffinityTerm: 'weight podAffinityTerm:PodAffinityTerm',
	PodAntiAffinity: `
		requiredDuringSchedulingIgnoredDuringExecution:PodAffinityTerm
		preferredDuringSchedulingIgnoredDuringExecution:WeightedPodAffinityTerm
	`,
	Toleration: 'key operator value effect tolerationSeconds',
	HostAlias: 'ip hostnames',
	PodDNSConfig: 'nameservers searches options:PodDNSConfigOption',
	PodDNSConfigOption: 'name value',
	PodReadinessGate: 'conditionType',
	TopologySpreadConstraint: `
		maxSkew topologyKey whenUnsatisfiable labelSelector:LabelSelector minDomains@1.24 nodeAffinityPolicy@1.25
		nodeTaintsPolicy@1.25 matchLabelKeys@1.25
	`,
	PodOS: 'name',
	PodSchedulingGate: 'name',
	PodResourceClaim: 'name source:ClaimSource resourceClaimName@1.31 resourceClaimTemplateName@1.31',
	ClaimSource: 'resourceClaimName resourceClaimTemplateName',
	WorkloadReference: 'name podGroup podGroupReplicaKey',
	PodSchedulingGroup: 'podGroupName',
	EvictionResponder: 'name priority',
} as const satisfies TypeRows;
