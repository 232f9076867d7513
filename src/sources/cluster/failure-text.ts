/** API failures as text for people: kubectl's sentence, then the cure. Pure. */

import { ConfigMapFsError, type ErrorCode } from '../../base/errors.js';
import { type ApiError, CERTIFICATE_CODES } from './api-error.js';

export interface FailureContext {
	/** `https://host:port`. */
	readonly server: string;
	/** The user entry of the kubeconfig; undefined in a pod. */
	readonly userName?: string | undefined;
}

/** Error code and exit status of a failure that ends a start. */
export function failureCode(error: ApiError): ErrorCode {
	if (error.kind === 'credentials' || error.code === 401 || error.code === 403) return 'CLUSTER_FORBIDDEN';
	if (error.systemCode !== undefined && CERTIFICATE_CODES.has(error.systemCode)) return 'CONFIG_INVALID';
	if (error.code === 400 || error.code === 422) return 'USAGE';
	return 'CLUSTER_UNREACHABLE';
}

export function toFailure(error: ApiError, context: FailureContext): ConfigMapFsError {
	return new ConfigMapFsError(failureCode(error), failureText(error, context), { cause: error });
}

/** The reason alone, for a sentence that names the server already. */
export function failureReason(error: ApiError, context: FailureContext): string {
	switch (error.kind) {
		case 'credentials':
		case 'timeout':
			return error.message;
		case 'network':
			return networkReason(error, context);
		case 'status':
			return statusText(error, context);
		default:
			return `it does not answer as a Kubernetes API does: ${error.message}`;
	}
}

/** kubectl's sentence and the cure. */
export function failureText(error: ApiError, context: FailureContext): string {
	switch (error.kind) {
		case 'credentials':
			return `Unable to connect to the server: ${error.message}`;
		case 'timeout':
			return `Unable to connect to the server ${context.server}: ${error.message}`;
		case 'network':
			return networkText(error, context);
		case 'status':
			return statusText(error, context);
		default:
			return `The server ${context.server} does not answer as a Kubernetes API does: ${error.message}`;
	}
}

function statusText(error: ApiError, { server, userName }: FailureContext): string {
	if (error.code === 401) {
		const user = userName === undefined ? '' : ` as user "${userName}"`;
		return `You must be logged in to the server (Unauthorized): ${server} refuses the credentials${user}; renew them, or choose others with --user or --context`;
	}
	if (error.code === 403) return `Error from server (Forbidden): ${error.message}; ${permissionCure(error.message)}`;
	const reason = error.reason === undefined ? '' : ` (${error.reason})`;
	return `Error from server${reason}: ${error.message}`;
}

/** The missing verb is in the message: `cannot list resource "configmaps"`. */
function permissionCure(message: string): string {
	const verb = /cannot (\w+) resource/.exec(message)?.[1];
	if (verb !== 'list' && verb !== 'watch') return 'a Role has to allow it';
	return 'a Role has to allow "list" and "watch"; if it does so by resourceNames, pass --name for each; if it allows only "get", add --change-detection=get';
}

function networkText(error: ApiError, context: FailureContext): string {
	const { systemCode = '' } = error;
	if (systemCode === 'ECONNREFUSED') {
		return `The connection to the server ${new URL(context.server).host} was refused - did you specify the right host or port?`;
	}
	const reason = networkReason(error, context);
	if (LOOKUP_CODES.has(systemCode)) return `Unable to connect to the server: dial tcp: ${reason}`;
	return `Unable to connect to the server ${context.server}: ${reason}`;
}

const LOOKUP_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN']);

function networkReason({ systemCode = '', message }: ApiError, { server }: FailureContext): string {
	if (systemCode === 'ECONNREFUSED') return 'connection refused';
	if (LOOKUP_CODES.has(systemCode)) return `lookup ${new URL(server).hostname}: no such host`;
	if (!CERTIFICATE_CODES.has(systemCode)) return message;
	// Node adds advice of its own after a semicolon.
	const [reason = ''] = message.split(';');
	return `x509: ${reason}; ${certificateCure(systemCode)}`;
}

function certificateCure(code: string): string {
	if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
		return "renew the server's certificate, or set this machine's clock";
	}
	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
		return 'set tls-server-name in the kubeconfig to a name that the certificate has';
	}
	return "set certificate-authority in the kubeconfig to the authority that signed the server's certificate";
}
