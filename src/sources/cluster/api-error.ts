/**
 * Failures between this program and an API server, as one typed error. Pure. The error classifies a failure; sentences
 * for people are in failure-text.ts.
 */

import { errorText, systemCode } from '../../base/errors.js';
import { JsonLineError } from '../../base/json-lines.js';
import { isJsonObject } from '../../go/json/value.js';

/**
 * - `status`: the server answered with an error status
 * - `network`: there is no connection, or it broke
 * - `timeout`: the server sent nothing for too long
 * - `protocol`: the answer is not one of a Kubernetes API
 * - `credentials`: no request was sent, because the credentials are not available
 * - `aborted`: this program cancelled the request
 */
export type ApiErrorKind = 'status' | 'network' | 'timeout' | 'protocol' | 'credentials' | 'aborted';

export interface ApiErrorDetails {
	/** HTTP status, or the code of a Status object in a stream. */
	readonly code?: number | undefined;
	/** Status.reason, such as `Expired`. */
	readonly reason?: string | undefined;
	/** Of the header Retry-After or Status.details. Unit: seconds. */
	readonly retryAfterSeconds?: number | undefined;
	/** Reasons in Status.details.causes, such as `ResourceVersionTooLarge`. */
	readonly causes?: readonly string[] | undefined;
	/** Node's code, such as `ECONNREFUSED`. */
	readonly systemCode?: string | undefined;
	/** A credential plugin failed or its credential was refused, so each attempt runs a program. Default is false. */
	readonly runsPlugin?: boolean | undefined;
	readonly cause?: unknown;
}

export class ApiError extends Error {
	readonly kind: ApiErrorKind;
	readonly code: number | undefined;
	readonly reason: string | undefined;
	readonly retryAfterSeconds: number | undefined;
	readonly causes: readonly string[];
	readonly systemCode: string | undefined;
	readonly runsPlugin: boolean;

	constructor(kind: ApiErrorKind, message: string, details: ApiErrorDetails = {}) {
		super(message, { cause: details.cause });
		this.name = 'ApiError';
		this.kind = kind;
		this.code = details.code;
		this.reason = details.reason;
		this.retryAfterSeconds = details.retryAfterSeconds;
		this.causes = details.causes ?? [];
		this.systemCode = details.systemCode;
		this.runsPlugin = details.runsPlugin ?? false;
	}

	/** The resourceVersion or continue token is too old; a new list is needed. */
	get isExpired(): boolean {
		return this.code === 410 || this.reason === 'Expired' || this.reason === 'Gone';
	}

	/**
	 * The server has not reached the requested resourceVersion yet.
	 * Source: client-go v0.32 tools/cache, isTooLargeResourceVersionError; servers up to 1.17 have it in the message only.
	 */
	get isResourceVersionTooLarge(): boolean {
		if (this.causes.includes('ResourceVersionTooLarge')) return true;
		return this.code === 504 && this.message.includes('Too large resource version');
	}

	/** Whether a retry cannot succeed until a person changes something. */
	get isPermanent(): boolean {
		if (this.kind === 'credentials') return true;
		if (this.code !== undefined && [400, 401, 403, 422].includes(this.code)) return true;
		return this.systemCode !== undefined && CERTIFICATE_CODES.has(this.systemCode);
	}
}

/** Node's codes of refused certificates. Source: node v20 doc/api/tls.md, "X509 certificate error codes". */
export const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
	'CERT_HAS_EXPIRED',
	'CERT_NOT_YET_VALID',
	'CERT_REJECTED',
	'CERT_REVOKED',
	'CERT_SIGNATURE_FAILURE',
	'CERT_UNTRUSTED',
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'ERR_TLS_CERT_ALTNAME_INVALID',
	'HOSTNAME_MISMATCH',
	'INVALID_CA',
	'INVALID_PURPOSE',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The error of a request that this program cancelled. */
export function aborted(): ApiError {
	return new ApiError('aborted', 'cancelled by this program');
}

/**
 * Converts anything thrown below the API: a broken line of a stream becomes `protocol`, a system error `network`; an
 * ApiError is returned unchanged.
 */
export function toApiError(thrown: unknown): ApiError {
	if (thrown instanceof ApiError) return thrown;
	if (thrown instanceof JsonLineError) return new ApiError('protocol', thrown.message, { cause: thrown });
	const code = systemCode(thrown);
	// OpenSSL cannot read a certificate or key of the kubeconfig.
	if (code?.startsWith('ERR_OSSL_') === true) {
		return new ApiError('credentials', `cannot use the certificates of the kubeconfig: ${errorText(thrown)}`, {
			systemCode: code,
			cause: thrown,
		});
	}
	return new ApiError('network', errorText(thrown), { systemCode: code, cause: thrown });
}

export interface StatusContext {
	/** Code of the status line; undefined for an event of a watch, whose code is in the event. */
	readonly httpCode?: number;
	/** The header Retry-After. */
	readonly retryAfter?: string | undefined;
	/** The credential came from a plugin. */
	readonly isOfPlugin?: boolean;
}

/** Converts a body or event object that should be a `Status`; any other value becomes an error, too. */
export function statusToApiError(body: unknown, context: StatusContext = {}): ApiError {
	const { httpCode, retryAfter, isOfPlugin = false } = context;
	const status = isJsonObject(body) ? body : {};
	const details = isJsonObject(status.details) ? status.details : {};
	const code = typeof status.code === 'number' ? status.code : httpCode;
	const reason = typeof status.reason === 'string' && status.reason !== '' ? status.reason : undefined;
	const text = typeof status.message === 'string' && status.message !== '' ? status.message : undefined;
	const causes = Array.isArray(details.causes) ? details.causes : [];
	return new ApiError('status', text ?? reason ?? `the server answered with status ${code ?? 'unknown'}`, {
		code,
		reason,
		retryAfterSeconds: seconds(retryAfter) ?? seconds(details.retryAfterSeconds),
		runsPlugin: code === 401 && isOfPlugin,
		causes: causes.flatMap((one) => (isJsonObject(one) && typeof one.reason === 'string' ? [one.reason] : [])),
	});
}

/** API servers do not use the header's form with a date. */
function seconds(value: unknown): number | undefined {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined;
}
