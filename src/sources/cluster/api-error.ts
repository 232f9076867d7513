/**
 * What can go wrong between this program and an API server, as one typed error. Pure: it knows what a failure means,
 * not what to do about it; sentences for a person are in failure-text.ts.
 */

import { errorText, systemCode } from '../../base/errors.js';
import { JsonLineError } from '../../base/json-lines.js';
import { isJsonObject } from '../../go/json/value.js';

/**
 * - `status`: the server answered, and not with what was asked for
 * - `network`: no connection, or one that broke
 * - `timeout`: a connection on which nothing came for too long
 * - `protocol`: an answer that is no Kubernetes API's
 * - `credentials`: nothing could be sent, because the credentials could not be had
 * - `aborted`: this program itself gave up the request
 */
export type ApiErrorKind = 'status' | 'network' | 'timeout' | 'protocol' | 'credentials' | 'aborted';

export interface ApiErrorDetails {
	/** HTTP status, or the code of a Status object in a stream. */
	readonly code?: number | undefined;
	/** Status.reason, such as `Expired`. */
	readonly reason?: string | undefined;
	/** From the header Retry-After or Status.details. Unit: seconds. */
	readonly retryAfterSeconds?: number | undefined;
	/** Reasons in Status.details.causes, such as `ResourceVersionTooLarge`. */
	readonly causes?: readonly string[] | undefined;
	/** Node's code, such as `ECONNREFUSED`. */
	readonly systemCode?: string | undefined;
	/** A credential plugin failed, or what it gave was refused: each attempt runs somebody's program. Default is false. */
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

	/** The resourceVersion or continue token is too old: only a new list helps. */
	get isExpired(): boolean {
		return this.code === 410 || this.reason === 'Expired' || this.reason === 'Gone';
	}

	/**
	 * The server has not come as far as the resourceVersion that was asked for.
	 * Source: client-go v0.32 tools/cache, isTooLargeResourceVersionError; servers up to 1.17 say it in the message only.
	 */
	get isResourceVersionTooLarge(): boolean {
		if (this.causes.includes('ResourceVersionTooLarge')) return true;
		return this.code === 504 && this.message.includes('Too large resource version');
	}

	/** Trying again does not help until a person has changed something. */
	get isPermanent(): boolean {
		if (this.kind === 'credentials') return true;
		if (this.code !== undefined && [400, 401, 403, 422].includes(this.code)) return true;
		return this.systemCode !== undefined && CERTIFICATE_CODES.has(this.systemCode);
	}
}

/** Codes that Node gives a refused certificate. Source: node v20 doc/api/tls.md, "X509 certificate error codes". */
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

/** What whoever waits for a request gets when this program itself gave it up. */
export function aborted(): ApiError {
	return new ApiError('aborted', 'given up by this program');
}

/**
 * Converts anything thrown below the API: a broken line of a stream becomes `protocol`, a system error `network`; an
 * ApiError is returned unchanged.
 */
export function toApiError(thrown: unknown): ApiError {
	if (thrown instanceof ApiError) return thrown;
	if (thrown instanceof JsonLineError) return new ApiError('protocol', thrown.message, { cause: thrown });
	const code = systemCode(thrown);
	// OpenSSL cannot read a certificate or key that is to be used.
	if (code?.startsWith('ERR_OSSL_') === true) {
		return new ApiError('credentials', `Cannot use the certificates of the kubeconfig: ${errorText(thrown)}`, {
			systemCode: code,
			cause: thrown,
		});
	}
	return new ApiError('network', errorText(thrown), { systemCode: code, cause: thrown });
}

export interface StatusSurroundings {
	/** The status line's code, if there was one of its own; a watch answers 200 and tells the code inside. */
	readonly httpCode?: number;
	/** The header. */
	readonly retryAfter?: string | undefined;
	/** The credentials were those of a plugin. */
	readonly isOfPlugin?: boolean;
}

/** From a body or event object that should be a `Status`; whatever it is, an error comes of it. */
export function statusToApiError(body: unknown, surroundings: StatusSurroundings = {}): ApiError {
	const { httpCode, retryAfter, isOfPlugin = false } = surroundings;
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

/** A count of seconds; the form with a date is not used by API servers. */
function seconds(value: unknown): number | undefined {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined;
}
