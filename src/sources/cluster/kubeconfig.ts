/**
 * The kubeconfig as kubectl finds it, merged from its files or made from a pod's service account, and what of it
 * applies: one cluster, one user, one namespace. Reads files; opens no connection and does not load the Kubernetes
 * client, so that the namespace can be known for nothing.
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
	/** `--kubeconfig`: this file alone. */
	readonly kubeconfig?: string | undefined;
	/** `--context`. Default is the current one. */
	readonly context?: string | undefined;
	/** `--cluster`. Default is the context's. */
	readonly cluster?: string | undefined;
	/** `--user`. Default is the context's. */
	readonly user?: string | undefined;
	/** Default is that of the process. */
	readonly environment?: Readonly<Record<string, string | undefined>>;
	/** Where a pod's service account is. Default is /var/run/secrets/kubernetes.io/serviceaccount. */
	readonly serviceAccountDirectory?: string;
}

/** What applies. */
export interface Kubeconfig {
	/** Files that it was read from; none in a pod. */
	readonly files: readonly string[];
	/** Undefined in a pod, and where flags name cluster and user. */
	readonly contextName: string | undefined;
	/** Undefined in a pod, and for a context that names none. */
	readonly userName: string | undefined;
	readonly cluster: ClusterEntry;
	readonly user: UserEntry;
	/** That of the context, or `default`. */
	readonly namespace: string;
	/** The same flags applied to what the files hold now. Errors: as loadKubeconfig. */
	readonly reload: () => Kubeconfig;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const MORE_HELP = 'set KUBECONFIG, pass --kubeconfig FILE, or give local manifests with -f';

/**
 * Errors: INPUT_MISSING the file of `--kubeconfig` is not there; CONFIG_INVALID there is no kubeconfig at all, one
 * cannot be parsed, or it does not have what was asked for; the text names what it has.
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
		const looked = files.map((file) => `"${file}"`).join(', ');
		throw invalid(`No kubeconfig: no configuration has been provided in ${looked}; ${MORE_HELP}`);
	}
	return select(
		entries,
		options,
		read.map(({ file }) => file),
	);
}

/** Flag, variable, home: the first of them that is given is the only one. */
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
		throw new ConfigMapFsError('INPUT_MISSING', `Cannot read the kubeconfig: ${reason}`, { cause: error });
	}
	return [{ file, entries: readKubeconfigEntries(content, file) }];
}

/** The first file that has an entry, or a current context, wins. */
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
		const what = nonEmpty(options.context) === undefined ? 'current-context: ' : '';
		throw unknown(`${what}context`, contextName, entries.contexts, '--context');
	}
	const clusterName = nonEmpty(options.cluster) ?? context?.cluster;
	if (clusterName === undefined) {
		if (context !== undefined) throw invalid(`context "${contextName}" names no cluster; pass --cluster NAME`);
		const known = knownNames(entries.contexts);
		throw invalid(`current-context is not set; pass --context NAME, or run "kubectl config use-context NAME"${known}`);
	}
	const cluster = entries.clusters.get(clusterName);
	if (cluster === undefined) throw unknown('cluster', clusterName, entries.clusters, '--cluster');
	if (!/^https?:\/\/[^/]/.test(cluster.server) || !URL.canParse(cluster.server)) {
		throw invalid(`cluster "${clusterName}" has no usable server: "${cluster.server}" is no http or https URL`);
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

function unknown(what: string, name: string, known: ReadonlyMap<string, unknown>, flag: string): ConfigMapFsError {
	return invalid(`${what} "${name}" does not exist; pass ${flag} NAME${knownNames(known)}`);
}

function knownNames(known: ReadonlyMap<string, unknown>): string {
	const names = [...known.keys()].sort();
	return names.length === 0 ? '' : `; known: ${names.map((name) => `"${name}"`).join(', ')}`;
}

function invalid(message: string): ConfigMapFsError {
	return new ConfigMapFsError('CONFIG_INVALID', message);
}
