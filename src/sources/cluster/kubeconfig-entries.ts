/**
 * The entries of one kubeconfig file, typed, with file names made absolute. Knows nothing of where files are found or
 * how several are one. Values of unknown fields are passed over, as kubectl does.
 * Source: client-go v0.32 tools/clientcmd/api/v1/types.go.
 */

import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { ConfigMapFsError, errorText } from '../../base/errors.js';
import { isJsonObject } from '../../go/json/value.js';

export interface ClusterEntry {
	/** URL without a slash at the end. */
	readonly server: string;
	readonly caFile: string | undefined;
	/** Base64 of PEM. */
	readonly caData: string | undefined;
	readonly insecureSkipTlsVerify: boolean;
	readonly tlsServerName: string | undefined;
	readonly proxyUrl: string | undefined;
	/** What the cluster says to exec plugins, passed on as it is. */
	readonly execConfig?: unknown;
}

export interface ExecEntry {
	readonly apiVersion: string;
	/** A bare name is searched in PATH. */
	readonly command: string;
	readonly args: readonly string[];
	readonly env: readonly { readonly name: string; readonly value: string }[];
	readonly installHint: string | undefined;
	readonly provideClusterInfo: boolean;
}

export interface UserEntry {
	readonly certFile?: string | undefined;
	readonly certData?: string | undefined;
	readonly keyFile?: string | undefined;
	readonly keyData?: string | undefined;
	readonly token?: string | undefined;
	/** Wins over `token`, and is read again as it changes. */
	readonly tokenFile?: string | undefined;
	readonly username?: string | undefined;
	readonly password?: string | undefined;
	readonly impersonateUser?: string | undefined;
	readonly impersonateUid?: string | undefined;
	readonly impersonateGroups?: readonly string[] | undefined;
	/** Several values for each name. */
	readonly impersonateExtra?: ReadonlyMap<string, readonly string[]> | undefined;
	/** Passed to the Kubernetes client as it is. */
	readonly authProvider?: unknown;
	readonly exec?: ExecEntry | undefined;
}

export interface ContextEntry {
	readonly cluster: string | undefined;
	readonly user: string | undefined;
	readonly namespace: string | undefined;
}

export interface KubeconfigEntries {
	readonly clusters: ReadonlyMap<string, ClusterEntry>;
	readonly users: ReadonlyMap<string, UserEntry>;
	readonly contexts: ReadonlyMap<string, ContextEntry>;
	readonly currentContext: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Errors: CONFIG_INVALID for a file that is no YAML or no kubeconfig, with kubectl's words. */
export function readKubeconfigEntries(content: string, file: string): KubeconfigEntries {
	let root: unknown;
	try {
		root = parse(content) ?? {};
	} catch (error) {
		// The first line says it; the rest is a drawing of the place.
		const [reason = ''] = errorText(error).split(/:?\n/);
		throw invalid(file, `yaml: ${reason}`, error);
	}
	if (!isJsonObject(root)) throw invalid(file, 'it is no mapping');
	const { kind } = root;
	if (kind !== undefined && kind !== 'Config') throw invalid(file, `kind is ${JSON.stringify(kind)}, not "Config"`);
	const absolute = (path: string | undefined): string | undefined => {
		return path === undefined || isAbsolute(path) ? path : join(dirname(file), path);
	};
	return {
		clusters: named(root, 'clusters', 'cluster', file, (fields) => readCluster(fields, absolute)),
		users: named(root, 'users', 'user', file, (fields) => readUser(fields, absolute)),
		contexts: named(root, 'contexts', 'context', file, readContext),
		currentContext: text(root, 'current-context'),
	};
}

function readCluster(fields: Fields, absolute: (path: string | undefined) => string | undefined): ClusterEntry {
	const caData = text(fields, 'certificate-authority-data');
	return {
		server: (text(fields, 'server') ?? '').replace(/\/+$/, ''),
		// Data wins over a file. Source: client-go v0.32 rest/transport, dataFromSliceOrFile.
		caFile: caData === undefined ? absolute(text(fields, 'certificate-authority')) : undefined,
		caData,
		insecureSkipTlsVerify: fields['insecure-skip-tls-verify'] === true,
		tlsServerName: text(fields, 'tls-server-name'),
		proxyUrl: text(fields, 'proxy-url'),
		execConfig: readExecConfig(fields.extensions),
	};
}

/** Source: client-go v0.32 tools/clientcmd/api, the reserved name of an extension of a cluster. */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

function readExecConfig(extensions: unknown): unknown {
	if (!Array.isArray(extensions)) return undefined;
	return extensions.filter(isJsonObject).find(({ name }) => name === EXEC_EXTENSION)?.extension;
}

function readUser(fields: Fields, absolute: (path: string | undefined) => string | undefined): UserEntry {
	const certData = text(fields, 'client-certificate-data');
	const keyData = text(fields, 'client-key-data');
	const authProvider = fields['auth-provider'];
	return {
		certFile: certData === undefined ? absolute(text(fields, 'client-certificate')) : undefined,
		certData,
		keyFile: keyData === undefined ? absolute(text(fields, 'client-key')) : undefined,
		keyData,
		token: text(fields, 'token'),
		tokenFile: absolute(text(fields, 'tokenFile')),
		username: text(fields, 'username'),
		password: text(fields, 'password'),
		impersonateUser: text(fields, 'as'),
		impersonateUid: text(fields, 'as-uid'),
		impersonateGroups: texts(fields['as-groups']),
		impersonateExtra: readExtra(fields['as-user-extra']),
		authProvider: isJsonObject(authProvider) ? authProvider : undefined,
		exec: isJsonObject(fields.exec) ? readExec(fields.exec, absolute) : undefined,
	};
}

function readExtra(extra: unknown): ReadonlyMap<string, readonly string[]> | undefined {
	if (!isJsonObject(extra)) return undefined;
	return new Map(Object.entries(extra).map(([name, values]) => [name, texts(values)]));
}

function readExec(fields: Fields, absolute: (path: string | undefined) => string | undefined): ExecEntry {
	const command = text(fields, 'command') ?? '';
	const env = Array.isArray(fields.env) ? fields.env.filter(isJsonObject) : [];
	return {
		apiVersion: text(fields, 'apiVersion') ?? 'client.authentication.k8s.io/v1',
		command: command.includes('/') ? (absolute(command) ?? command) : command,
		args: texts(fields.args),
		env: env.map((one) => ({ name: text(one, 'name') ?? '', value: text(one, 'value') ?? '' })),
		installHint: text(fields, 'installHint'),
		provideClusterInfo: fields.provideClusterInfo === true,
	};
}

function readContext(fields: Fields): ContextEntry {
	return { cluster: text(fields, 'cluster'), user: text(fields, 'user'), namespace: text(fields, 'namespace') };
}

/** A list of `{ name, <field> }` by name; the first of a name wins. */
function named<T>(
	root: Fields,
	list: string,
	field: string,
	file: string,
	read: (fields: Fields) => T,
): ReadonlyMap<string, T> {
	const entries = root[list] ?? [];
	if (!Array.isArray(entries)) throw invalid(file, `${list} is no list`);
	const found = new Map<string, T>();
	for (const entry of entries) {
		if (!isJsonObject(entry) || typeof entry.name !== 'string') throw invalid(file, `an entry of ${list} has no name`);
		const fields = entry[field];
		if (!found.has(entry.name)) found.set(entry.name, read(isJsonObject(fields) ? fields : {}));
	}
	return found;
}

function text(fields: Fields, name: string): string | undefined {
	const value = fields[name];
	if (typeof value === 'number' || typeof value === 'boolean') return String(value);
	return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(value: unknown): readonly string[] {
	return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function invalid(file: string, reason: string, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError('CONFIG_INVALID', `error loading config file "${file}": ${reason}`, { cause });
}
