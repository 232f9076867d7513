/**
 * Credentials for requests, applied by KubeConfig of the Kubernetes client. The client is loaded only here, with the first
 * request, because loading it takes about 0.4 s and 70 MB. Applied credentials and connections are kept while the
 * credentials can be valid.
 */

import http from 'node:http';
import https from 'node:https';
import { errorText } from '../../base/errors.js';
import { type Logger, SILENT } from '../../base/log.js';
import type { Timers } from '../../base/timers.js';
import { ApiError } from './api-error.js';
import { type ExecCredential, ExecPlugin } from './exec-plugin.js';
import type { Kubeconfig } from './kubeconfig.js';
import type { UserEntry } from './kubeconfig-entries.js';
import { isLoopback, proxyFromEnvironment } from './proxy-environment.js';

/** Credentials in the form that a request needs. */
export interface AppliedCredentials {
	readonly agent: http.Agent;
	readonly headers: Readonly<Record<string, string | readonly string[]>>;
	/** Equal for equal credentials. */
	readonly fingerprint: string;
	/** They came from a credential plugin. */
	readonly isOfPlugin: boolean;
}

export interface Authentication {
	/** Errors: ApiError `credentials` if they are not available. */
	apply(): Promise<AppliedCredentials>;
	/**
	 * Loads the credentials again, after 401 or after the server's certificate was refused. Returns undefined if they are
	 * the same. Errors: as apply.
	 */
	renew(refused: AppliedCredentials, why: 'unauthorized' | 'certificate'): Promise<AppliedCredentials | undefined>;
	dropIdleConnections(): void;
	close(): void;
}

/**
 * Files with tokens and certificates are read again after this time. Unit: milliseconds.
 * Source: client-go v0.32 transport/token_source.go, NewCachedFileTokenSource: period 1 min.
 */
const KEEP_MS = 60_000;
/** A plugin's credential is renewed this long before it expires. Unit: milliseconds. */
const LEEWAY_MS = 10_000;

export interface KubeconfigAuthenticationOptions {
	readonly kubeconfig: Kubeconfig;
	readonly timers: Timers;
	/** Wall clock, for the expiry of credentials. Unit: milliseconds since 1970. */
	readonly wallClock?: () => number;
	readonly environment?: Readonly<Record<string, string | undefined>>;
	readonly log?: Logger;
}

interface Kept {
	readonly credentials: AppliedCredentials;
	/** On the timers' clock. Unit: milliseconds. */
	readonly until: number;
}

export class KubeconfigAuthentication implements Authentication {
	readonly #options: KubeconfigAuthenticationOptions;
	readonly #agents = new Map<string, http.Agent>();
	readonly #closing = new AbortController();
	#kubeconfig: Kubeconfig;
	#plugin: ExecPlugin | undefined;
	#kept: Kept | undefined;
	#pending: Promise<AppliedCredentials> | undefined;

	constructor(options: KubeconfigAuthenticationOptions) {
		this.#options = options;
		this.#kubeconfig = options.kubeconfig;
		this.#plugin = this.#newPlugin();
	}

	async apply(): Promise<AppliedCredentials> {
		if (this.#kept !== undefined && this.#options.timers.now() < this.#kept.until) return this.#kept.credentials;
		this.#pending ??= this.#applyAgain().finally(() => {
			this.#pending = undefined;
		});
		return await this.#pending;
	}

	async renew(
		refused: AppliedCredentials,
		why: 'unauthorized' | 'certificate',
	): Promise<AppliedCredentials | undefined> {
		// Another request may have renewed them since the refused one was sent.
		if (this.#kept === undefined || this.#kept.credentials.fingerprint === refused.fingerprint) {
			this.#kept = undefined;
			this.#reload(why);
		}
		const renewed = await this.apply();
		return renewed.fingerprint === refused.fingerprint ? undefined : renewed;
	}

	dropIdleConnections(): void {
		for (const agent of this.#agents.values()) {
			for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
		}
	}

	close(): void {
		this.#closing.abort();
		for (const agent of this.#agents.values()) agent.destroy();
		this.#agents.clear();
		this.#kept = undefined;
	}

	/**
	 * Reads the kubeconfig again: the user may have logged in again or recreated the cluster. An unreadable kubeconfig
	 * changes nothing. A plugin's credential stays valid if it is the server's certificate that was refused.
	 */
	#reload(why: 'unauthorized' | 'certificate'): void {
		const before = this.#kubeconfig.user.exec;
		try {
			const { cluster, ...rest } = this.#kubeconfig.reload();
			if (cluster.server === this.#kubeconfig.cluster.server) this.#kubeconfig = { cluster, ...rest };
		} catch {
			// The kubeconfig that was read before is still in use.
		}
		const isSame = JSON.stringify(before) === JSON.stringify(this.#kubeconfig.user.exec);
		if (why === 'unauthorized' || !isSame) this.#plugin = this.#newPlugin();
	}

	/** Without secrets for a remote server over plain HTTP; kubectl does not send them either. */
	#user(): UserEntry {
		const { user, cluster } = this.#kubeconfig;
		const { protocol, hostname } = new URL(cluster.server);
		if (protocol === 'https:' || isLoopback(hostname)) return user;
		const { impersonateUser, impersonateUid, impersonateGroups, impersonateExtra } = user;
		return { impersonateUser, impersonateUid, impersonateGroups, impersonateExtra };
	}

	#newPlugin(): ExecPlugin | undefined {
		const { cluster } = this.#kubeconfig;
		const user = this.#user();
		const { environment = process.env, timers, log = SILENT } = this.#options;
		if (user.exec === undefined) return undefined;
		return new ExecPlugin({ exec: user.exec, cluster, environment, signal: this.#closing.signal, timers, log });
	}

	async #applyAgain(): Promise<AppliedCredentials> {
		const credential = await this.#plugin?.credential(this.#wallClock());
		try {
			const credentials = await this.#applyByClient(credential);
			this.#kept = { credentials, until: this.#options.timers.now() + this.#keepMs(credential) };
			return credentials;
		} catch (error) {
			if (error instanceof ApiError) throw error;
			throw new ApiError('credentials', `cannot use the credentials: ${errorText(error)}`, { cause: error });
		}
	}

	#keepMs(credential: ExecCredential | undefined): number {
		if (credential?.expiresAt === undefined) return KEEP_MS;
		return Math.min(KEEP_MS, Math.max(0, credential.expiresAt - LEEWAY_MS - this.#wallClock()));
	}

	#wallClock(): number {
		return (this.#options.wallClock ?? Date.now)();
	}

	async #applyByClient(credential: ExecCredential | undefined): Promise<AppliedCredentials> {
		const environment = this.#options.environment ?? process.env;
		const { KubeConfig } = await import('@kubernetes/client-node');
		const { cluster } = this.#kubeconfig;
		const user = this.#user();
		const isPlain = cluster.server.startsWith('http:');
		const config = new KubeConfig();
		config.loadFromClusterAndUser(
			{
				name: 'cluster',
				server: cluster.server,
				// The client requires it for plain HTTP, which has no certificate.
				skipTLSVerify: cluster.insecureSkipTlsVerify || isPlain,
				...defined({
					caFile: cluster.caFile,
					caData: cluster.caData,
					tlsServerName: cluster.tlsServerName,
					proxyUrl: cluster.proxyUrl ?? proxyFromEnvironment(cluster.server, environment),
				}),
			},
			{
				name: 'user',
				...defined({
					...(credential?.certificate === undefined ? certificateOf(user) : certificateOfPlugin(credential)),
					token: credential?.token ?? (user.tokenFile === undefined ? user.token : undefined),
					username: user.username,
					password: user.username === undefined ? undefined : (user.password ?? ''),
					impersonateUser: user.impersonateUser,
				}),
				...(user.tokenFile === undefined
					? defined({ authProvider: user.authProvider })
					: { authProvider: { name: 'tokenFile', config: { tokenFile: user.tokenFile } } }),
			},
		);
		const options: https.RequestOptions = {};
		await config.applyToHTTPSOptions(options);
		const headers = headersOf(options, user);
		checkHeaders(headers, user);
		const material = JSON.stringify([
			text(options.ca),
			text(options.cert),
			text(options.key),
			options.servername,
			options.rejectUnauthorized,
		]);
		const agent = this.#agents.get(material) ?? makeAgent(options, isPlain);
		this.#agents.set(material, agent);
		const fingerprint = JSON.stringify([headers, material]);
		return { agent, headers, fingerprint, isOfPlugin: credential !== undefined };
	}
}

/** The client's own agent keeps no connections, so it is used only for a proxy. */
function makeAgent(options: https.RequestOptions, isPlain: boolean): http.Agent {
	const { agent } = options;
	const isProxied =
		agent instanceof http.Agent && agent.constructor !== https.Agent && agent.constructor !== http.Agent;
	if (isProxied) return agent;
	if (isPlain) return new http.Agent({ keepAlive: true });
	const { ca, cert, key, servername, rejectUnauthorized } = options;
	return new https.Agent({ keepAlive: true, ...defined({ ca, cert, key, servername, rejectUnauthorized }) });
}

interface Certificate {
	readonly certFile?: string | undefined;
	readonly certData?: string | undefined;
	readonly keyFile?: string | undefined;
	readonly keyData?: string | undefined;
}

function certificateOf({ certFile, certData, keyFile, keyData }: UserEntry): Certificate {
	return { certFile, certData, keyFile, keyData };
}

function certificateOfPlugin({ certificate = '', key = '' }: ExecCredential): Certificate {
	return { certData: Buffer.from(certificate).toString('base64'), keyData: Buffer.from(key).toString('base64') };
}

function headersOf(
	options: https.RequestOptions,
	{ impersonateUid: uid, impersonateGroups: groups = [], impersonateExtra: extra = new Map() }: UserEntry,
): Record<string, string | readonly string[]> {
	const headers: Record<string, string | readonly string[]> = {};
	const applied = Array.isArray(options.headers) ? {} : (options.headers ?? {});
	for (const [name, value] of Object.entries(applied)) {
		// Token files often end with a newline.
		if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
	}
	const { auth } = options;
	if (auth !== undefined && auth !== null && headers.authorization === undefined) {
		headers.authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
	}
	if (uid !== undefined) headers['impersonate-uid'] = uid;
	if (groups.length > 0) headers['impersonate-group'] = groups;
	for (const [name, values] of extra) if (values.length > 0) headers[extraHeader(name)] = values;
	return headers;
}

/**
 * Errors: Error for an empty token, which would make the request anonymous, such as while another process writes the file;
 * Error for a token that is not a valid header.
 */
function checkHeaders(headers: Record<string, string | readonly string[]>, { tokenFile }: UserEntry): void {
	const { authorization } = headers;
	if (tokenFile !== undefined && (authorization === undefined || authorization === 'Bearer')) {
		throw new Error(`read empty token from file "${tokenFile}"`);
	}
	if (typeof authorization === 'string') http.validateHeaderValue('authorization', authorization);
}

/** Source: client-go v0.32 transport/round_trippers.go, headerKeyEscape. */
function extraHeader(name: string): string {
	const escaped = [...Buffer.from(name)].map((byte) => {
		const character = String.fromCharCode(byte);
		const isLegal = /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(character);
		return isLegal ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
	});
	return `impersonate-extra-${escaped.join('')}`;
}

function text(material: unknown): string {
	return Buffer.isBuffer(material) ? material.toString('latin1') : String(material ?? '');
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without undefined fields, for types that do not allow them. */
function defined<T extends object>(fields: T): Partial<Defined<T>> {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>;
}
