/**
 * Finds the kubeconfig as kubectl does, merges its files or makes one of a pod's service account, and selects one cluster,
 * one user and one namespace. Opens no connection and does not load the Kubernetes client, so finding the namespace is
 * cheap.
 * Source: client-go v0.32 tools/clientcmd, ClientConfigLoadingRules.Load and DeferredLoadingClientConfig.
 */

import { readFileSync, statSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ConfigMapFsError, errorText, systemCode } from '../../base/errors.js';
import {
	type ClusterEntry,
	type ContextEntry,
	type KubeconfigEntries,
	readKubeconfigEntries,
	type UserEntry,
} from './kubeconfig-entries.js';

export interface KubeconfigOptions {
	/** `--kubeconfig`: only this file is read. */
	readonly kubeconfig?: string | undefined;
	/** `--context`. Default is the current context. */
	readonly context?: string | undefined;
	/** `--cluster`. Default is the context's. */
	readonly cluster?: string | undefined;
	/** `--user`. Default is the context's. */
	readonly user?: string | undefined;
	/** Default is the environment of the process. */
	readonly environment?: Readonly<Record<string, string | undefined>>;
	/** Directory of a pod's service account. Default is /var/run/secrets/kubernetes.io/serviceaccount. */
	readonly serviceAccountDirectory?: string;
}

/** The selected entries. */
export interface Kubeconfig {
	/** The files that were read; empty in a pod. */
	readonly files: readonly string[];
	/** Undefined in a pod, and if flags name cluster and user. */
	readonly contextName: string | undefined;
	/** Undefined in a pod, and for a context without user. */
	readonly userName: string | undefined;
	readonly cluster: ClusterEntry;
	readonly user: UserEntry;
	/** The context's, or `default`. */
	readonly namespace: string;
	/** Reads the files again, with the same flags. Errors: as loadKubeconfig. */
	readonly reload: () => Kubeconfig;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const MORE_HELP = 'set KUBECONFIG, pass --kubeconfig FILE, or give local manifests with -f';

/**
 * Errors: INPUT_MISSING if the file of `--kubeconfig` does not exist; CONFIG_INVALID if there is no kubeconfig, if one is
 * invalid, or if an entry does not exist, with the names of existing ones.
 */
export function loadKubeconfig(options: KubeconfigOptions = {}): Kubeconfig {
	const environment = options.environment ?? process.env;
	const { files, isExplicit } = candidates(options.kubeconfig, environment);
	const read = readFiles(files, isExplicit);
	const entries = merge(read.map(({ entries }) => entries));
	const isEmpty = entries.clusters.size === 0 && entries.contexts.size === 0 && entries.users.size === 0;
	if (isEmpty && !isExplicit) {
		const inPod = fromServiceAccount(options, environment);
		if (inPod !== undefined) return inPod;
		const searched = files.map((file) => `"${file}"`).join(', ');
		throw invalid(`no kubeconfig: no configuration has been provided in ${searched}; ${MORE_HELP}`);
	}
	return select(
		entries,
		options,
		read.map(({ file }) => file),
	);
}

/** Flag, variable, home directory: only the first that is given is read. */
function candidates(
	flag: string | undefined,
	environment: Readonly<Record<string, string | undefined>>,
): { readonly files: readonly string[]; readonly isExplicit: boolean } {
	if (flag !== undefined && flag !== '') return { files: [flag], isExplicit: true };
	const variable = environment.KUBECONFIG ?? '';
	if (variable !== '') {
		const files = variable.split(delimiter).filter((file) => file !== '');
		return { files: [...new Set(files)], isExplicit: false };
	}
	const home = environment.HOME ?? '';
	return { files: [join(home === '' ? homedir() : home, '.kube', 'config')], isExplicit: false };
}

interface ReadFile {
	readonly file: string;
	readonly entries: KubeconfigEntries;
}

/** Errors: those of the only invalid file; CONFIG_INVALID with one line for each if there are several. */
function readFiles(files: readonly string[], isExplicit: boolean): readonly ReadFile[] {
	const read: ReadFile[] = [];
	const errors: unknown[] = [];
	for (const file of files) {
		try {
			read.push(...readFile(file, isExplicit));
		} catch (error) {
			errors.push(error);
		}
	}
	if (errors.length === 1) throw errors[0];
	if (errors.length > 1) throw invalid(errors.map(errorText).join('\n'));
	return read;
}

/** Empty for a missing file that is not explicit. */
function readFile(file: string, isExplicit: boolean): readonly ReadFile[] {
	let content: Buffer;
	try {
		content = readFileSync(file);
	} catch (error) {
		const isMissing = systemCode(error) === 'ENOENT';
		if (isMissing && !isExplicit) return [];
		const reason = isMissing ? `stat ${file}: no such file or directory` : errorText(error);
		throw new ConfigMapFsError('INPUT_MISSING', `cannot read the kubeconfig: ${reason}`, { cause: error });
	}
	return [{ file, entries: readKubeconfigEntries(content, file) }];
}

/** Of each entry, and of the current context, the first file wins. */
function merge(all: readonly KubeconfigEntries[]): KubeconfigEntries {
	const clusters = new Map<string, ClusterEntry>();
	const users = new Map<string, UserEntry>();
	const contexts = new Map<string, ContextEntry>();
	let currentContext: string | undefined;
	for (const entries of all) {
		for (const [name, entry] of entries.clusters) if (!clusters.has(name)) clusters.set(name, entry);
		for (const [name, entry] of entries.users) if (!users.has(name)) users.set(name, entry);
		for (const [name, entry] of entries.contexts) if (!contexts.has(name)) contexts.set(name, entry);
		currentContext ??= entries.currentContext;
	}
	return { clusters, users, contexts, currentContext };
}

function select(entries: KubeconfigEntries, options: KubeconfigOptions, files: readonly string[]): Kubeconfig {
	const contextName = nonEmpty(options.context) ?? entries.currentContext;
	const context = contextName === undefined ? undefined : entries.contexts.get(contextName);
	if (contextName !== undefined && context === undefined) {
		const origin = nonEmpty(options.context) === undefined ? 'current-context: ' : '';
		throw unknown(`${origin}context`, contextName, entries.contexts, '--context');
	}
	const clusterName = nonEmpty(options.cluster) ?? context?.cluster;
	if (clusterName === undefined) {
		if (context !== undefined) throw invalid(`context "${contextName}" has no cluster; pass --cluster NAME`);
		const known = knownNames(entries.contexts);
		throw invalid(`current-context is not set; pass --context NAME, or run "kubectl config use-context NAME"${known}`);
	}
	const cluster = entries.clusters.get(clusterName);
	if (cluster === undefined) throw unknown('cluster', clusterName, entries.clusters, '--cluster');
	if (!/^https?:\/\/[^/]/.test(cluster.server) || !URL.canParse(cluster.server)) {
		throw invalid(`cluster "${clusterName}" has no usable server: "${cluster.server}" is not an http or https URL`);
	}
	const userName = nonEmpty(options.user) ?? context?.user;
	const user = userName === undefined ? {} : entries.users.get(userName);
	if (user === undefined) throw unknown('auth info', userName ?? '', entries.users, '--user');
	const namespace = context?.namespace ?? 'default';
	return { files, contextName, userName, cluster, user, namespace, reload: () => loadKubeconfig(options) };
}

/** Source: client-go v0.32 tools/clientcmd/client_config.go, inClusterClientConfig. */
function fromServiceAccount(
	options: KubeconfigOptions,
	environment: Readonly<Record<string, string | undefined>>,
): Kubeconfig | undefined {
	const { serviceAccountDirectory = SERVICE_ACCOUNT } = options;
	const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '', POD_NAMESPACE = '' } = environment;
	const tokenFile = join(serviceAccountDirectory, 'token');
	if (host === '' || port === '' || !isFile(tokenFile)) return undefined;
	const caFile = join(serviceAccountDirectory, 'ca.crt');
	const namespaceFile = join(serviceAccountDirectory, 'namespace');
	const ownNamespace = isFile(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '';
	return {
		files: [],
		contextName: undefined,
		userName: undefined,
		cluster: {
			server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
			caFile: isFile(caFile) ? caFile : undefined,
			caData: undefined,
			insecureSkipTlsVerify: false,
			tlsServerName: undefined,
			proxyUrl: undefined,
		},
		user: { tokenFile },
		namespace: nonEmpty(POD_NAMESPACE) ?? nonEmpty(ownNamespace) ?? 'default',
		reload: () => loadKubeconfig(options),
	};
}

function isFile(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function nonEmpty(text: string | undefined): string | undefined {
	return text === '' ? undefined : text;
}

function unknown(noun: string, name: string, known: ReadonlyMap<string, unknown>, flag: string): ConfigMapFsError {
	return invalid(`${noun} "${name}" does not exist; pass ${flag} NAME${knownNames(known)}`);
}

function knownNames(known: ReadonlyMap<string, unknown>): string {
	const names = [...known.keys()].sort();
	return names.length === 0 ? '' : `; known: ${names.map((name) => `"${name}"`).join(', ')}`;
}

function invalid(message: string): ConfigMapFsError {
	return new ConfigMapFsError('CONFIG_INVALID', message);
}
