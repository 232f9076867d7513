/**
 * The Go types that kubectl decodes a kubeconfig and a credential plugin's output into.
 * Source: client-go v0.32 tools/clientcmd/api/v1/types.go and pkg/apis/clientauthentication/v1/types.go.
 */

import type { GoStruct } from '../../go/json/struct.js';

const NAMED_EXTENSION: GoStruct = { struct: 'v1.NamedExtension', fields: { name: 'string', extension: 'any' } };
const EXTENSIONS = { list: NAMED_EXTENSION };

const CLUSTER: GoStruct = {
	struct: 'v1.Cluster',
	fields: {
		server: 'string',
		'tls-server-name': 'string',
		'insecure-skip-tls-verify': 'bool',
		'certificate-authority': 'string',
		'certificate-authority-data': 'bytes',
		'proxy-url': 'string',
		'disable-compression': 'bool',
		extensions: EXTENSIONS,
	},
};

const EXEC_ENV_VAR: GoStruct = { struct: 'v1.ExecEnvVar', fields: { name: 'string', value: 'string' } };

const EXEC_CONFIG: GoStruct = {
	struct: 'v1.ExecConfig',
	fields: {
		command: 'string',
		args: { list: 'string' },
		env: { list: EXEC_ENV_VAR },
		apiVersion: 'string',
		installHint: 'string',
		provideClusterInfo: 'bool',
		interactiveMode: 'string',
	},
};

const AUTH_PROVIDER: GoStruct = {
	struct: 'v1.AuthProviderConfig',
	fields: { name: 'string', config: { map: 'string' } },
};

const AUTH_INFO: GoStruct = {
	struct: 'v1.AuthInfo',
	fields: {
		'client-certificate': 'string',
		'client-certificate-data': 'bytes',
		'client-key': 'string',
		'client-key-data': 'bytes',
		token: 'string',
		tokenFile: 'string',
		as: 'string',
		'as-uid': 'string',
		'as-groups': { list: 'string' },
		'as-user-extra': { map: { list: 'string' } },
		username: 'string',
		password: 'string',
		'auth-provider': AUTH_PROVIDER,
		exec: EXEC_CONFIG,
		extensions: EXTENSIONS,
	},
};

const CONTEXT: GoStruct = {
	struct: 'v1.Context',
	fields: { cluster: 'string', user: 'string', namespace: 'string', extensions: EXTENSIONS },
};

export const CONFIG: GoStruct = {
	struct: 'v1.Config',
	fields: {
		kind: 'string',
		apiVersion: 'string',
		preferences: { struct: 'v1.Preferences', fields: { colors: 'bool', extensions: EXTENSIONS } },
		clusters: { list: { struct: 'v1.NamedCluster', fields: { name: 'string', cluster: CLUSTER } } },
		users: { list: { struct: 'v1.NamedAuthInfo', fields: { name: 'string', user: AUTH_INFO } } },
		contexts: { list: { struct: 'v1.NamedContext', fields: { name: 'string', context: CONTEXT } } },
		'current-context': 'string',
		extensions: EXTENSIONS,
	},
};

export const EXEC_CREDENTIAL: GoStruct = {
	struct: 'v1.ExecCredential',
	fields: {
		kind: 'string',
		apiVersion: 'string',
		spec: { struct: 'v1.ExecCredentialSpec', fields: { cluster: 'any', interactive: 'bool' } },
		status: {
			struct: 'v1.ExecCredentialStatus',
			fields: {
				expirationTimestamp: 'string',
				token: 'string',
				clientCertificateData: 'string',
				clientKeyData: 'string',
			},
		},
	},
};

/** What Go decodes first to find the type of an object. */
export const TYPE_META: GoStruct = {
	struct: '',
	fields: { apiVersion: 'string', kind: 'string' },
};
