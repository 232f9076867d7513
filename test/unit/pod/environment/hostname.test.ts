import { describe, expect, test } from 'vitest';
import { podHostname } from '../../../../src/pod/environment/hostname.js';
import type { PodSpec } from '../../../../src/pod/pod-spec.js';
import { makeContainer, makePod } from './environment-pod.js';

const nameOf = (spec: Partial<PodSpec>, name = 'web-local') =>
	podHostname(makePod(makeContainer(), { name, namespace: 'shop' }, spec));

describe('podHostname', () => {
	test.each([
		[{}, 'web-local'],
		[{ hostname: 'box' }, 'box'],
		[{ hostname: 'box', subdomain: 'db' }, 'box'],
		[{ setHostnameAsFQDN: true }, 'web-local'],
		[{ hostname: 'box', subdomain: 'db', setHostnameAsFQDN: true }, 'box.db.shop.svc.cluster.local'],
		[{ hostname: 'box', subdomain: 'db', hostnameOverride: 'any.example' }, 'any.example'],
	])('of %j is %s', (spec, expected) => {
		expect(nameOf(spec)).toBe(expected);
	});

	test('is truncated to 63 characters, without a dash or dot at its end', () => {
		expect(nameOf({}, 'a'.repeat(64))).toBe('a'.repeat(63));
		expect(nameOf({}, `${'a'.repeat(61)}-.b`)).toBe('a'.repeat(61));
	});

	test('refuses a FQDN that the kernel cannot hold', () => {
		const spec = { subdomain: 'd'.repeat(40), setHostnameAsFQDN: true };
		expect(() => nameOf(spec)).toThrow(
			/^Failed to construct FQDN .* \(64 characters is the max, 73 characters requested\); /,
		);
	});
});
