/**
 * The types of the objects themselves: ConfigMap, Secret, and every kind with a pod template.
 * Source: k8s.io/api v0.20 to v0.37, core/v1, apps/v1 and batch/v1 types.go; apimachinery meta/v1 types.go.
 */

import type { TypeRows } from './type-rows.js';

export const OBJECT_TYPES = {
	Pod: '+apiVersion +kind +metadata:ObjectMeta +spec:PodSpec status',
	PodTemplate: '+apiVersion +kind +metadata:ObjectMeta +template:PodTemplateSpec',
	PodTemplateSpec: '+metadata:ObjectMeta +spec:PodSpec',
	ReplicationController: '+apiVersion +kind +metadata:ObjectMeta +spec:ReplicationControllerSpec status',
	ReplicationControllerSpec: 'replicas minReadySeconds selector +template:PodTemplateSpec',
	Deployment: '+apiVersion +kind +metadata:ObjectMeta +spec:DeploymentSpec status',
	DeploymentSpec: `
		replicas selector:LabelSelector +template:PodTemplateSpec strategy:DeploymentStrategy minReadySeconds
		revisionHistoryLimit paused progressDeadlineSeconds
	`,
	DeploymentStrategy: 'type rollingUpdate:RollingUpdateDeployment',
	RollingUpdateDeployment: 'maxUnavailable maxSurge',
	StatefulSet: '+apiVersion +kind +metadata:ObjectMeta +spec:StatefulSetSpec status',
	StatefulSetSpec: `
		replicas selector:LabelSelector +template:PodTemplateSpec +volumeClaimTemplates:PersistentVolumeClaim
		serviceName podManagementPolicy updateStrategy:StatefulSetUpdateStrategy revisionHistoryLimit
		minReadySeconds@1.22 persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy@1.23
		+ordinals:StatefulSetOrdinals@1.26
	`,
	PersistentVolumeClaim: 'apiVersion kind +metadata:ObjectMeta spec:PersistentVolumeClaimSpec status',
	StatefulSetUpdateStrategy: 'type rollingUpdate:RollingUpdateStatefulSetStrategy',
	RollingUpdateStatefulSetStrategy: 'partition maxUnavailable@1.24',
	StatefulSetPersistentVolumeClaimRetentionPolicy: 'whenDeleted whenScaled',
	StatefulSetOrdinals: '+start',
	DaemonSet: '+apiVersion +kind +metadata:ObjectMeta +spec:DaemonSetSpec status',
	DaemonSetSpec: `
		selector:LabelSelector +template:PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy minReadySeconds
		revisionHistoryLimit
	`,
	DaemonSetUpdateStrategy: 'type rollingUpdate:RollingUpdateDaemonSet',
	RollingUpdateDaemonSet: 'maxUnavailable maxSurge@1.21',
	ReplicaSet: '+apiVersion +kind +metadata:ObjectMeta +spec:ReplicaSetSpec status',
	ReplicaSetSpec: 'replicas minReadySeconds selector:LabelSelector +template:PodTemplateSpec',
	Job: '+apiVersion +kind +metadata:ObjectMeta +spec:JobSpec status',
	JobSpec: `
		parallelism completions activeDeadlineSeconds backoffLimit selector:LabelSelector manualSelector
		+template:PodTemplateSpec ttlSecondsAfterFinished +completionMode@1.21 suspend@1.21
		podFailurePolicy:PodFailurePolicy@1.25 backoffLimitPerIndex@1.28 maxFailedIndexes@1.28 podReplacementPolicy@1.28
		successPolicy:SuccessPolicy@1.30 managedBy@1.30 scheduling:JobSchedulingConfiguration@1.37
	`,
	PodFailurePolicy: 'rules:PodFailurePolicyRule',
	PodFailurePolicyRule: `
		action onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:PodFailurePolicyOnPodConditionsPattern
	`,
	PodFailurePolicyOnExitCodesRequirement: 'containerName operator values',
	PodFailurePolicyOnPodConditionsPattern: 'type status',
	SuccessPolicy: 'rules:SuccessPolicyRule',
	SuccessPolicyRule: 'succeededIndexes succeededCount',
	JobSchedulingConfiguration: 'schedulingPolicy schedulingConstraints disruptionMode resourceClaims',
	CronJob: '+apiVersion +kind +metadata:ObjectMeta +spec:CronJobSpec status',
	CronJobSpec: `
		schedule startingDeadlineSeconds concurrencyPolicy suspend +jobTemplate:JobTemplateSpec
		successfulJobsHistoryLimit failedJobsHistoryLimit timeZone@1.24
	`,
	JobTemplateSpec: 'metadata:ObjectMeta +spec:JobSpec',
	ConfigMap: '+apiVersion +kind +metadata:ObjectMeta +immutable +data +binaryData',
	Secret: '+apiVersion +kind +metadata:ObjectMeta +immutable +data +stringData +type',
	ObjectMeta: `
		+name +generateName +namespace selfLink +uid resourceVersion generation creationTimestamp deletionTimestamp
		deletionGracePeriodSeconds +labels +annotations ownerReferences:OwnerReference finalizers clusterName
		managedFields
	`,
	OwnerReference: 'apiVersion kind name uid controller blockOwnerDeletion',
	LabelSelector: 'matchLabels matchExpressions:LabelSelectorRequirement',
	LabelSelectorRequirement: 'key operator values',
	LocalObjectReference: 'name',
	ObjectFieldSelector: '+apiVersion +fieldPath',
	ResourceFieldSelector: '+containerName +resource +divisor',
} as const satisfies TypeRows;
