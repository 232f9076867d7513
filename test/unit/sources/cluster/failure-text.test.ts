import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import { failureText, toFailure } from '../../../../src/sources/cluster/failure-text.js';
import { failures } from './fake-client.js';

const context = { server: 'https://host:6443', userName: 'dev' };
const network = (systemCode: string) => new ApiError('network', 'reason', { systemCode });

describe('failureText', () => {
	it.each([
		[
			network('ECONNREFUSED'),
			'CLUSTER_UNREACHABLE',
			/^The connection to the server host:6443 was refused - did you specify the right host or port\?$/,
		],
		[network('ENOTFOUND'), 'CLUSTER_UNREACHABLE', /dial tcp: lookup host: no such host$/],
		[network('ETIMEDOUT'), 'CLUSTER_UNREACHABLE', /^Unable to connect to the server https:\/\/host:6443: reason$/],
		[network('SELF_SIGNED_CERT_IN_CHAIN'), 'CONFIG_INVALID', /x509: reason; set certificate-authority/],
		[network('CERT_HAS_EXPIRED'), 'CONFIG_INVALID', /renew the server's certificate/],
		[network('ERR_TLS_CERT_ALTNAME_INVALID'), 'CONFIG_INVALID', /set tls-server-name/],
		[
			new ApiError('status', 'Unauthorized', { code: 401 }),
			'CLUSTER_FORBIDDEN',
			/^You must be logged in to the server \(Unauthorized\): .* as user "dev"; renew them/,
		],
		[
			failures.forbidden(),
			'CLUSTER_FORBIDDEN',
			/cannot list resource "configmaps" .* namespace "a"; a Role has to allow "list" and "watch"/,
		],
		[new ApiError('credentials', 'getting credentials: exec: x'), 'CLUSTER_FORBIDDEN', /exec: x$/],
		[
			new ApiError('status', 'bad', { code: 400, reason: 'BadRequest' }),
			'USAGE',
			/^Error from server \(BadRequest\): bad$/,
		],
		[new ApiError('timeout', 'no answer'), 'CLUSTER_UNREACHABLE', /no answer$/],
		[new ApiError('protocol', 'no JSON'), 'CLUSTER_UNREACHABLE', /does not answer as a Kubernetes API does/],
	])('explains %s', (error, code, text) => {
		expect(failureText(error, context)).toMatch(text);
		expect(toFailure(error, context)).toMatchObject({ code, cause: error });
	});
});
