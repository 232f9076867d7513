/**
 * The entries of one kubeconfig file, typed, with file names made absolute. A file is accepted and refused exactly as
 * kubectl does: fields of a wrong type and duplicate names are errors, unknown fields are ignored.
 * Source: client-go v0.32 tools/clientcmd/api/v1/types.go and conversion.go. Checked against kubectl v1.32.
 */

import { dirname, isAbsolute, join } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import type { UnmarshalFault } from '../../go/json/struct.js';
import { isJsonObject, type JsonObject } from '../../go/json/value.js';
import { type FirstDocument, type Position, readFirstDocument } from '../../go/yaml/first-document.js';
import { CONFIG } from './kubeconfig-schema.js';
import { decodeTyped, textOf } from './typed-document.js';

export interface ClusterEntry {
	/** URL without a slash at the end. */
	readonly server: string;
	readonly caFile: string | undefined;
	/** Base64 of PEM. */
	readonly caData: string | undefined;
	readonly insecureSkipTlsVerify: boolean;
	readonly tlsServerName: string | undefined;
	readonly proxyUrl: string | undefined;
	/** Configuration of the cluster for exec plugins, passed on unchanged. */
	readonly execConfig?: unknown;
}

export interface ExecEntry {
	readonly apiVersion: string;
	/** A name without a slash is looked up in PATH. */
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
	/** Wins over `token`; read again at intervals. */
	readonly tokenFile?: string | undefined;
	readonly username?: string | undefined;
	readonly password?: string | undefined;
	readonly impersonateUser?: string | undefined;
	readonly impersonateUid?: string | undefined;
	readonly impersonateGroups?: readonly string[] | undefined;
	readonly impersonateExtra?: ReadonlyMap<string, readonly string[]> | undefined;
	/** Passed to the Kubernetes client unchanged. */
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

const CONFIG_TYPE = { kind: 'Config', apiVersions: ['v1'], type: CONFIG };

type Absolute = (path: string | undefined) => string | undefined;

/** Errors: CONFIG_INVALID with kubectl's message, the location in the file and a cure. */
export function readKubeconfigEntries(content: Buffer, file: string): KubeconfigEntries {
	const document = readFirstDocument(content);
	if ('reason' in document) throw invalid(file, document.reason, `see ${location(file, document.position)}`);
	const decoded = decodeTyped(document.value, CONFIG_TYPE);
	if ('fault' in decoded) throw invalid(file, decoded.fault.reason, cure(decoded.fault, file, document));
	const { object: config } = decoded;
	const absolute: Absolute = (path) => {
		return path === undefined || isAbsolute(path) ? path : join(dirname(file), path);
	};
	const named = new NamedEntries(config, file, document);
	return {
		clusters: named.read('clusters', (fields) => readCluster(fields, absolute)),
		users: named.read('users', (fields) => readUser(fields, absolute)),
		contexts: named.read('contexts', readContext),
		currentContext: textOf(config['current-context']),
	};
}

/** The value itself is not quoted: it may be a secret. */
function cure(fault: UnmarshalFault, file: string, document: FirstDocument): string {
	const at = location(file, document.locate(fault.path));
	if (fault.reason.startsWith('no kind ')) return `a kubeconfig has "kind: Config" and "apiVersion: v1"; see ${at}`;
	if (fault.wanted === 'string' && !/ (?:array|object) /.test(fault.reason)) return `put the value at ${at} in quotes`;
	if (fault.wanted === 'bool') return `write true or false, without quotes, at ${at}`;
	return `see ${at}`;
}

function location(file: string, { line, column }: Position): string {
	return `${file}:${line}:${column}`;
}

/** Lists of `{ name, FIELD }`. */
const LISTS = {
	clusters: { field: 'cluster', goName: 'NamedCluster', goEntry: 'Cluster' },
	users: { field: 'user', goName: 'NamedAuthInfo', goEntry: 'AuthInfo' },
	contexts: { field: 'context', goName: 'NamedContext', goEntry: 'Context' },
} as const;

class NamedEntries {
	readonly #config: JsonObject;
	readonly #file: string;
	readonly #document: FirstDocument;

	constructor(config: JsonObject, file: string, document: FirstDocument) {
		this.#config = config;
		this.#file = file;
		this.#document = document;
	}

	read<T>(list: keyof typeof LISTS, readFields: (fields: JsonObject) => T): ReadonlyMap<string, T> {
		const { field } = LISTS[list];
		const found = new Map<string, T>();
		for (const [index, entry] of listOf(this.#config[list]).entries()) {
			const { name: given, [field]: fields } = objectOf(entry);
			const name = textOf(given) ?? '';
			if (found.has(name)) throw this.#duplicate(list, name, index);
			found.set(name, readFields(objectOf(fields)));
		}
		return found;
	}

	/** kubectl prints the entries as well, with their tokens. */
	#duplicate(list: keyof typeof LISTS, name: string, index: number): ConfigMapFsError {
		const { goName, goEntry } = LISTS[list];
		const reason = `error converting *[]${goName} into *map[string]*api.${goEntry}: duplicate name "${name}" in list`;
		const at = location(this.#file, this.#document.locate([list, index]));
		return invalid(this.#file, reason, `rename or remove the entry at ${at}`);
	}
}

function readCluster(fields: JsonObject, absolute: Absolute): ClusterEntry {
	const caData = textOf(fields['certificate-authority-data']);
	return {
		server: (textOf(fields.server) ?? '').replace(/\/+$/, ''),
		// Data wins over a file. Source: client-go v0.32 rest/transport, dataFromSliceOrFile.
		caFile: caData === undefined ? absolute(textOf(fields['certificate-authority'])) : undefined,
		caData,
		insecureSkipTlsVerify: fields['insecure-skip-tls-verify'] === true,
		tlsServerName: textOf(fields['tls-server-name']),
		proxyUrl: textOf(fields['proxy-url']),
		execConfig: readExecConfig(fields.extensions),
	};
}

/** Source: client-go v0.32 tools/clientcmd/api, the reserved name of an extension of a cluster. */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

function readExecConfig(extensions: unknown): unknown {
	return listOf(extensions)
		.map(objectOf)
		.find(({ name }) => name === EXEC_EXTENSION)?.extension;
}

function readUser(fields: JsonObject, absolute: Absolute): UserEntry {
	const certData = textOf(fields['client-certificate-data']);
	const keyData = textOf(fields['client-key-data']);
	const { 'auth-provider': authProvider, exec } = fields;
	return {
		certFile: certData === undefined ? absolute(textOf(fields['client-certificate'])) : undefined,
		certData,
		keyFile: keyData === undefined ? absolute(textOf(fields['client-key'])) : undefined,
		keyData,
		token: textOf(fields.token),
		tokenFile: absolute(textOf(fields.tokenFile)),
		username: textOf(fields.username),
		password: textOf(fields.password),
		impersonateUser: textOf(fields.as),
		impersonateUid: textOf(fields['as-uid']),
		impersonateGroups: textsOf(fields['as-groups']),
		impersonateExtra: readExtra(fields['as-user-extra']),
		authProvider: isJsonObject(authProvider) ? authProvider : undefined,
		exec: isJsonObject(exec) ? readExec(exec, absolute) : undefined,
	};
}

function readExtra(extra: unknown): ReadonlyMap<string, readonly string[]> | undefined {
	if (!isJsonObject(extra)) return undefined;
	return new Map(Object.entries(extra).map(([name, values]) => [name, textsOf(values)]));
}

function readExec(fields: JsonObject, absolute: Absolute): ExecEntry {
	const command = textOf(fields.command) ?? '';
	return {
		apiVersion: textOf(fields.apiVersion) ?? 'client.authentication.k8s.io/v1',
		command: command.includes('/') ? (absolute(command) ?? command) : command,
		args: textsOf(fields.args),
		env: listOf(fields.env)
			.map(objectOf)
			.map(({ name, value }) => ({ name: textOf(name) ?? '', value: textOf(value) ?? '' })),
		installHint: textOf(fields.installHint),
		provideClusterInfo: fields.provideClusterInfo === true,
	};
}

function readContext(fields: JsonObject): ContextEntry {
	return { cluster: textOf(fields.cluster), user: textOf(fields.user), namespace: textOf(fields.namespace) };
}

/** Empty for null, as Go decodes it. */
function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

/** Empty for null, as Go decodes it. */
function objectOf(value: unknown): JsonObject {
	return isJsonObject(value) ? value : {};
}

/** Null is an empty string, as Go decodes it. */
function textsOf(value: unknown): readonly string[] {
	return listOf(value).map((text) => textOf(text) ?? '');
}

function invalid(file: string, reason: string, cure: string): ConfigMapFsError {
	return new ConfigMapFsError('CONFIG_INVALID', `error loading config file "${file}": ${reason}; ${cure}`);
}
