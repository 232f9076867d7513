/**
 * Credentials from a program that the kubeconfig names. It is run as kubectl runs it: it receives its input in
 * KUBERNETES_EXEC_INFO, and its output is kept until the credential expires or is refused. The runner of the Kubernetes
 * client is not used: it passes no input, and runs the program for every request if the output has no expiry.
 * Source: client-go v0.32 plugin/pkg/client/auth/exec/exec.go.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errorText, systemCode } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Timers } from '../../base/timers.js';
import { isJsonObject } from '../../go/json/value.js';
import { readFirstDocument } from '../../go/yaml/first-document.js';
import { ApiError, aborted } from './api-error.js';
import type { ClusterEntry, ExecEntry } from './kubeconfig-entries.js';
import { EXEC_CREDENTIAL } from './kubeconfig-schema.js';
import { PluginMessages } from './plugin-messages.js';
import { decodeTyped, textOf } from './typed-document.js';

export interface ExecCredential {
	readonly token: string | undefined;
	/** PEM. */
	readonly certificate: string | undefined;
	readonly key: string | undefined;
	/** Undefined: valid until it is refused. Unit: milliseconds since 1970. */
	readonly expiresAt: number | undefined;
}

export interface ExecPluginOptions {
	readonly exec: ExecEntry;
	readonly cluster: ClusterEntry;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** Ends a running program; waiting calls are rejected with `aborted`. */
	readonly signal: AbortSignal;
	readonly timers: Timers;
	/** Receives the messages of a program that takes long. */
	readonly log: Logger;
}

/** A credential is renewed this long before it expires. Unit: milliseconds. */
const LEEWAY_MS = 10_000;
/** A login in a browser may take a while; a program that takes longer is killed. Unit: milliseconds. */
const LONGEST_RUN_MS = 120_000;

const GROUP = 'client.authentication.k8s.io';
const CREDENTIAL_TYPE = {
	kind: 'ExecCredential',
	apiVersions: [`${GROUP}/v1`, `${GROUP}/v1beta1`, `${GROUP}/v1alpha1`],
	type: EXEC_CREDENTIAL,
};
/** Source: kubernetes v1.32 apimachinery meta/v1, Time.UnmarshalJSON: Go's time.RFC3339. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)$/;

export class ExecPlugin {
	readonly #options: ExecPluginOptions;
	#kept: ExecCredential | undefined;

	constructor(options: ExecPluginOptions) {
		this.#options = options;
	}

	/**
	 * Errors: ApiError `credentials` with the program's standard error, or with the hint of the kubeconfig if the program is
	 * not installed.
	 */
	async credential(now: number): Promise<ExecCredential> {
		const kept = this.#kept;
		if (kept !== undefined && (kept.expiresAt === undefined || kept.expiresAt - LEEWAY_MS > now)) return kept;
		this.#kept = undefined;
		const credential = this.#decode(await this.#run());
		this.#kept = credential;
		return credential;
	}

	async #run(): Promise<Buffer> {
		const { exec, environment, signal, timers, log } = this.#options;
		if (signal.aborted) throw aborted();
		const env: Record<string, string | undefined> = { ...environment, KUBERNETES_EXEC_INFO: this.#input() };
		for (const { name, value } of exec.env) env[name] = value;
		return await new Promise<Buffer>((resolve, reject) => {
			const child = spawn(exec.command, exec.args, {
				env,
				stdio: ['ignore', 'pipe', 'pipe'],
				signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_RUN_MS)]),
			});
			const output: Buffer[] = [];
			const messages = new PluginMessages({
				timers,
				onLine: (line) => log.info(`credential plugin ${exec.command}: ${line}`),
			});
			child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
			child.stderr.on('data', (chunk: Buffer) => messages.add(chunk));
			child.on('error', (error) => {
				messages.end();
				// Children of the program may keep the pipes open; nothing waits for them.
				child.stdout.destroy();
				child.stderr.destroy();
				child.unref();
				if (signal.aborted) reject(aborted());
				else if (error.name === 'AbortError') reject(this.#timedOut());
				else reject(this.#notStarted(error));
			});
			child.on('close', (status, signal) => {
				const stderr = messages.end();
				if (status === 0) {
					resolve(Buffer.concat(output));
					return;
				}
				const end = signal === null ? `failed with exit code ${status}` : `was ended by ${signal}`;
				const text = `getting credentials: exec: executable ${exec.command} ${end}`;
				reject(failed(stderr === '' ? text : `${text}: ${stderr}`));
			});
		});
	}

	#timedOut(): ApiError {
		const seconds = LONGEST_RUN_MS / 1_000;
		const { command } = this.#options.exec;
		return failed(`getting credentials: exec: executable ${command} took more than ${seconds} s`);
	}

	#notStarted(error: unknown): ApiError {
		const { command, installHint } = this.#options.exec;
		const reason = systemCode(error) === 'ENOENT' ? `executable ${command} not found` : errorText(error);
		const hint = installHint === undefined ? '' : `\n\n${installHint.trim()}`;
		return failed(`getting credentials: exec: ${reason}${hint}`, error);
	}

	#input(): string {
		const { exec, cluster } = this.#options;
		const clusterInfo = {
			server: cluster.server,
			'tls-server-name': cluster.tlsServerName,
			'insecure-skip-tls-verify': cluster.insecureSkipTlsVerify ? true : undefined,
			'certificate-authority-data': exec.provideClusterInfo ? this.#authority() : undefined,
			'proxy-url': cluster.proxyUrl,
			config: cluster.execConfig,
		};
		return JSON.stringify({
			kind: 'ExecCredential',
			apiVersion: exec.apiVersion,
			spec: { ...(exec.provideClusterInfo ? { cluster: clusterInfo } : {}), interactive: false },
		});
	}

	/** In base64, also if the kubeconfig names a file. */
	#authority(): string | undefined {
		const { caData, caFile } = this.#options.cluster;
		if (caData !== undefined || caFile === undefined) return caData;
		try {
			return readFileSync(caFile).toString('base64');
		} catch (error) {
			throw new ApiError('credentials', `unable to read certificate-authority ${errorText(error)}`, { cause: error });
		}
	}

	#decode(output: Buffer): ExecCredential {
		const decoded = decodeTyped(this.#parse(output), CREDENTIAL_TYPE);
		if ('fault' in decoded) throw this.#refused(`decoding stdout: ${decoded.fault.reason}`);
		const { apiVersion, status } = decoded.object;
		const wanted = this.#options.exec.apiVersion;
		if (apiVersion !== wanted) {
			const found = textOf(apiVersion) ?? `${GROUP}/__internal`;
			throw this.#refused(`exec plugin is configured to use API version ${wanted}, plugin returned version ${found}`);
		}
		if (!isJsonObject(status)) throw this.#refused("exec plugin didn't return a status field");
		const expiresAt = this.#expiry(status.expirationTimestamp);
		const token = textOf(status.token);
		const [certificate, key] = [textOf(status.clientCertificateData), textOf(status.clientKeyData)];
		if (token === undefined && certificate === undefined && key === undefined) {
			throw this.#refused("exec plugin didn't return a token or cert/key pair");
		}
		if ((certificate === undefined) !== (key === undefined)) {
			throw this.#refused('exec plugin returned only certificate or key, not both');
		}
		return { token, certificate, key, expiresAt };
	}

	/** JSON or YAML. The output may contain a secret, so no error quotes it. */
	#parse(output: Buffer): unknown {
		if (/^\s*\{/.test(output.toString('latin1', 0, 1_000))) {
			try {
				return JSON.parse(output.toString('utf8'));
			} catch (error) {
				throw this.#refused("decoding stdout: couldn't get version/kind; json parse error: it is not JSON", error);
			}
		}
		const document = readFirstDocument(output);
		if ('reason' in document) throw this.#refused('decoding stdout: it is neither JSON nor YAML');
		return document.value;
	}

	#expiry(timestamp: unknown): number | undefined {
		if (typeof timestamp !== 'string') return undefined;
		const time = RFC_3339.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
		if (!Number.isNaN(time)) return time;
		const quoted = JSON.stringify(timestamp);
		throw this.#refused(`decoding stdout: parsing time ${quoted} as "2006-01-02T15:04:05Z07:00"; RFC 3339 is required`);
	}

	#refused(reason: string, cause?: unknown): ApiError {
		const { command } = this.#options.exec;
		return failed(`getting credentials: ${command}: ${reason}`, cause);
	}
}

function failed(text: string, cause?: unknown): ApiError {
	return new ApiError('credentials', text, { runsPlugin: true, cause });
}
