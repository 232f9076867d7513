import { describe, expect, it } from 'vitest';
import { type Secret, sameSecret } from '../../../src/model/secret.js';
import { secretUpdateViolations } from '../../../src/model/secret-validation.js';

function secret(value: string, more: Partial<Secret> = {}): Secret {
	const key = { namespace: 'default', name: 's' };
	return { key, type: 'Opaque', immutable: false, data: new Map([['k', Buffer.from(value)]]), ...more };
}

const FORBIDDEN = 'Forbidden: field is immutable when `immutable` is set';

describe('secretUpdateViolations', () => {
	const texts = (previous: Secret, next: Secret) => secretUpdateViolations(previous, next).map(({ text }) => text);

	it('lets a mutable Secret change and become immutable', () => {
		expect(texts(secret('1'), secret('2', { immutable: true }))).toEqual([]);
	});

	it('refuses changes of an immutable Secret', () => {
		const frozen = secret('1', { immutable: true });
		expect(texts(frozen, secret('1', { immutable: true }))).toEqual([]);
		expect(texts(frozen, secret('2'))).toEqual([
			`Secret "s" is invalid: immutable: ${FORBIDDEN}`,
			`Secret "s" is invalid: data: ${FORBIDDEN}`,
		]);
	});

	it('never lets the type change', () => {
		expect(texts(secret('1'), secret('1', { type: 'x/y' }))).toEqual([
			'Secret "s" is invalid: type: Invalid value: "x/y": field is immutable',
		]);
	});
});

describe('sameSecret', () => {
	it('compares all fields', () => {
		expect(sameSecret(secret('1'), secret('1'))).toBe(true);
		expect(sameSecret(secret('1'), secret('2'))).toBe(false);
		expect(sameSecret(secret('1'), secret('1', { type: 'x/y' }))).toBe(false);
		expect(sameSecret(secret('1'), secret('1', { immutable: true }))).toBe(false);
		expect(sameSecret(secret('1'), secret('1', { key: { namespace: 'other', name: 's' } }))).toBe(false);
		expect(sameSecret(secret('1'), secret('1', { key: { namespace: 'default', name: 't' } }))).toBe(false);
	});
});
