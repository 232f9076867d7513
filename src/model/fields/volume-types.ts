/** The types of a volume. Source: k8s.io/api v0.20 to v0.37, core/v1 types.go. */

import type { TypeRows } from './type-rows.js';

export const VOLUME_TYPES = {
	Volume: `
		+name +hostPath:HostPathVolumeSource +emptyDir:EmptyDirVolumeSource
		-gcePersistentDisk:GCEPersistentDiskVolumeSource -awsElasticBlockStore:AWSElasticBlockStoreVolumeSource
		-gitRepo:GitRepoVolumeSource +secret:SecretVolumeSource -nfs:NFSVolumeSource -iscsi:ISCSIVolumeSource
		-glusterfs:GlusterfsVolumeSource -persistentVolumeClaim:PersistentVolumeClaimVolumeSource -rbd:RBDVolumeSource
		-flexVolume:FlexVolumeSource -cinder:CinderVolumeSource -cephfs:CephFSVolumeSource -flocker:FlockerVolumeSource
		+downwardAPI:DownwardAPIVolumeSource -fc:FCVolumeSource -azureFile:AzureFileVolumeSource
		+configMap:ConfigMapVolumeSource -vsphereVolume:VsphereVirtualDiskVolumeSource -quobyte:QuobyteVolumeSource
		-azureDisk:AzureDiskVolumeSource -photonPersistentDisk:PhotonPersistentDiskVolumeSource
		+projected:ProjectedVolumeSource -portworxVolume:PortworxVolumeSource -scaleIO:ScaleIOVolumeSource
		-storageos:StorageOSVolumeSource -csi:CSIVolumeSource -ephemeral:EphemeralVolumeSource
		-image:ImageVolumeSource@1.31
	`,
	HostPathVolumeSource: '+path +type',
	EmptyDirVolumeSource: 'medium sizeLimit mode@1.37',
	GCEPersistentDiskVolumeSource: 'pdName fsType partition +readOnly',
	AWSElasticBlockStoreVolumeSource: 'volumeID fsType partition +readOnly',
	GitRepoVolumeSource: 'repository revision directory',
	SecretVolumeSource: '+secretName +items:KeyToPath +defaultMode +optional defaultUser@1.37',
	KeyToPath: '+key +path +mode user@1.37',
	NFSVolumeSource: 'server path +readOnly',
	ISCSIVolumeSource: `
		targetPortal iqn lun iscsiInterface fsType +readOnly portals chapAuthDiscovery chapAuthSession
		secretRef:LocalObjectReference initiatorName
	`,
	GlusterfsVolumeSource: 'endpoints path +readOnly',
	PersistentVolumeClaimVolumeSource: 'claimName +readOnly',
	RBDVolumeSource: 'monitors image fsType pool user keyring secretRef:LocalObjectReference +readOnly',
	FlexVolumeSource: 'driver fsType secretRef:LocalObjectReference +readOnly options',
	CinderVolumeSource: 'volumeID fsType +readOnly secretRef:LocalObjectReference',
	CephFSVolumeSource: 'monitors path user secretFile secretRef:LocalObjectReference +readOnly',
	FlockerVolumeSource: 'datasetName datasetUUID',
	DownwardAPIVolumeSource: '+items:DownwardAPIVolumeFile +defaultMode defaultUser@1.37',
	DownwardAPIVolumeFile: `
		+path +fieldRef:ObjectFieldSelector +resourceFieldRef:ResourceFieldSelector +mode user@1.37
	`,
	FCVolumeSource: 'targetWWNs lun fsType +readOnly wwids',
	AzureFileVolumeSource: 'secretName shareName +readOnly',
	ConfigMapVolumeSource: '+name +items:KeyToPath +defaultMode +optional defaultUser@1.37',
	VsphereVirtualDiskVolumeSource: 'volumePath fsType storagePolicyName storagePolicyID',
	QuobyteVolumeSource: 'registry volume +readOnly user group tenant',
	AzureDiskVolumeSource: 'diskName diskURI cachingMode fsType +readOnly kind',
	PhotonPersistentDiskVolumeSource: 'pdID fsType',
	ProjectedVolumeSource: '+sources:VolumeProjection +defaultMode defaultUser@1.37',
	VolumeProjection: `
		+secret:SecretProjection +downwardAPI:DownwardAPIProjection +configMap:ConfigMapProjection
		-serviceAccountToken:ServiceAccountTokenProjection -clusterTrustBundle:ClusterTrustBundleProjection@1.29
		-podCertificate:PodCertificateProjection@1.34
	`,
	SecretProjection: '+name +items:KeyToPath +optional',
	DownwardAPIProjection: '+items:DownwardAPIVolumeFile',
	ConfigMapProjection: '+name +items:KeyToPath +optional',
	ServiceAccountTokenProjection: 'audience expirationSeconds path user@1.37',
	ClusterTrustBundleProjection: 'name signerName labelSelector:LabelSelector optional path user@1.37',
	PodCertificateProjection: `
		signerName keyType maxExpirationSeconds credentialBundlePath keyPath certificateChainPath userAnnotations@1.35
		user@1.37
	`,
	PortworxVolumeSource: 'volumeID fsType +readOnly',
	ScaleIOVolumeSource: `
		gateway system secretRef:LocalObjectReference sslEnabled protectionDomain storagePool storageMode volumeName
		fsType +readOnly
	`,
	StorageOSVolumeSource: 'volumeName volumeNamespace fsType +readOnly secretRef:LocalObjectReference',
	CSIVolumeSource: 'driver +readOnly fsType volumeAttributes nodePublishSecretRef:LocalObjectReference',
	EphemeralVolumeSource: 'volumeClaimTemplate:PersistentVolumeClaimTemplate +readOnly',
	PersistentVolumeClaimTemplate: 'metadata:ObjectMeta spec:PersistentVolumeClaimSpec',
	PersistentVolumeClaimSpec: `
		accessModes selector:LabelSelector resources:VolumeResourceRequirements volumeName storageClassName volumeMode
		dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference@1.22 volumeAttributesClassName@1.29
	`,
	VolumeResourceRequirements: 'limits requests',
	TypedLocalObjectReference: 'apiGroup kind name',
	TypedObjectReference: 'apiGroup kind name namespace',
	ImageVolumeSource: 'reference pullPolicy',
} as const satisfies TypeRows;
