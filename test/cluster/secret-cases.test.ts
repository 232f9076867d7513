/** Secrets that a real API server refuses: the decoder has the same messages, without the values that they quote. */

import { expect, test } from 'vitest';
import type { Secret } from '../../src/model/secret.js';
import { decodeSecret } from '../../src/model/secret-decoder.js';
import { secretUpdateViolations } from '../../src/model/secret-validation.js';
import { useControlPlane } from '../support/control-plane.js';

const cluster = useControlPlane();

function body(more: object) {
	return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...more };
}

/** The violations as the API server joins them. */
function joined(texts: readonly string[]): string {
	const [first = ''] = texts;
	if (texts.length < 2) return first;
	const prefix = 'Secret "s" is invalid: ';
	return `${prefix}[${texts.map((text) => text.replace(prefix, '')).join(', ')}]`;
}

test.each([
	['a key', { data: { 'a b': '' } }],
	['a key that begins with two dots', { stringData: { '..a': 'x' } }],
	['more than 1 MiB', { stringData: { a: 'x'.repeat(1_048_577) } }],
	['TLS', { type: 'kubernetes.io/tls' }],
	['basic-auth', { type: 'kubernetes.io/basic-auth' }],
	['ssh-auth', { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } }],
	['dockerconfigjson', { type: 'kubernetes.io/dockerconfigjson' }],
	['a label', { metadata: { name: 's', labels: { a: '-' } } }],
	['a service account token', { type: 'kubernetes.io/service-account-token' }],
])('refuses %s with the same message', async (_name, more) => {
	const ns = await cluster().namespace();
	const answer = await cluster().api('POST', `/api/v1/namespaces/${ns}/secrets`, { body: body(more) });
	expect(answer.status).toBe(422);
	// Two of the server's paths have an unfilled placeholder: `data[%s][username]`.
	const message = answer.body.message.replaceAll('[%s]', '');
	expect(joined(decodeSecret(body(more), ns).violations.map(({ text }) => text))).toBe(message);
});

test('refuses a registry login that is not JSON; the server quotes a letter of it', async () => {
	const ns = await cluster().namespace();
	const wrong = body({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'hunter2' } });
	const answer = await cluster().api('POST', `/api/v1/namespaces/${ns}/secrets`, { body: wrong });
	const [violation] = decodeSecret(wrong, ns).violations;
	const common = 'Secret "s" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": ';
	expect(answer.body.message.startsWith(common)).toBe(true);
	expect(violation?.text.startsWith(common)).toBe(true);
});

test('applies stringData over data, and defaults the type to Opaque', async () => {
	const ns = await cluster().namespace();
	const both = body({ data: { a: 'b2xk', b: 'Yg==' }, stringData: { a: 'new', c: '' } });
	const made = await cluster().api('POST', `/api/v1/namespaces/${ns}/secrets`, { body: both });
	const { object } = decodeSecret(both, ns);
	const data = Object.fromEntries([...(object?.data ?? [])].map(([key, value]) => [key, value.toString('base64')]));
	expect({ type: object?.type, data }).toEqual({ type: made.body.type, data: { ...made.body.data } });
});

test('refuses changes of immutable data and of the type', async () => {
	const ns = await cluster().namespace();
	const first = body({ immutable: true, stringData: { a: '1' } });
	await cluster().api('POST', `/api/v1/namespaces/${ns}/secrets`, { body: first });
	const decode = (value: unknown) => decodeSecret(value, ns).object as Secret;
	for (const next of [
		body({ stringData: { a: '1' } }),
		body({ immutable: true, stringData: { a: '2' } }),
		body({ immutable: true, type: 'x/y', stringData: { a: '1' } }),
	]) {
		const answer = await cluster().api('PUT', `/api/v1/namespaces/${ns}/secrets/s`, { body: next });
		const violations = secretUpdateViolations(decode(first), decode(next));
		expect(joined(violations.map(({ text }) => text))).toBe(answer.body.message);
	}
});
