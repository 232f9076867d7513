import { describe, expect, test } from 'vitest';
import {
	build,
	fromMap,
	fromSecret,
	makeConfigMap,
	makeEnv,
	makeObjects,
	makeSecret,
	mapKey,
	secretKey,
	values,
} from './environment-pod.js';

describe('values that execve(2) would refuse', () => {
	test('name the variable and its source for a NUL byte, but never the value', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: 'hush\0' })], [makeSecret('s', { k: 'hush\0' })]);
		const fields = { envFrom: [fromMap('cm')], env: makeEnv(['B', secretKey('s', 'k')], ['C', '$(A)']) };
		const fault = 'contains a NUL byte, which no argument or variable can; mount it as a file';
		const message = [
			`container "app": variable "A" (envFrom[0], key "A" of ConfigMap test/cm) ${fault}`,
			`container "app": variable "B" (env[0], key "k" of Secret test/s) ${fault}`,
			`container "app": variable "C" (env[1]) ${fault}`,
		].join('\n');
		expect(() => build(fields, objects)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
	});

	test('are longer than the limit of one string', () => {
		const container = (bytes: number) => ({ env: makeEnv(['LONG', mapKey('cm', 'k')]), bytes });
		const objects = (bytes: number) => makeObjects([makeConfigMap('cm', { k: `é${'x'.repeat(bytes - 7)}` })]);
		expect(values(build(container(131_071), objects(131_071))).LONG).toHaveLength(131_065);
		const message =
			'container "app": variable "LONG" (env[0], key "k" of ConfigMap test/cm) takes 131072 bytes, ' +
			'more than the 131071 that Linux allows in one argument or variable; mount it as a file';
		const refused = expect.objectContaining({ code: 'INPUT_INVALID', message });
		expect(() => build(container(131_072), objects(131_072))).toThrow(refused);
	});

	test('count only if they are not overridden', () => {
		const objects = makeObjects([makeConfigMap('cm', { A: 'x\0', B: 'x'.repeat(200_000) })]);
		const environment = build({ envFrom: [fromMap('cm')], env: makeEnv(['A', 'a'], ['B', 'b']) }, objects);
		expect(values(environment)).toEqual({ A: 'a', B: 'b' });
	});

	test('replaces bytes that are not UTF-8 by U+FFFD, and warns', () => {
		const secret = makeSecret('s', {
			good: 'é',
			bad: Buffer.from([0x61, 0xff, 0xe2, 0x82]),
			gone: Buffer.from([0xff]),
		});
		const fields = { envFrom: [fromSecret('s')], env: makeEnv(['gone', 'text']) };
		const environment = build(fields, makeObjects([], [secret]));
		expect(values(environment)).toEqual({ good: 'é', bad: 'a\ufffd\ufffd\ufffd', gone: 'text' });
		expect(environment.warnings).toEqual([
			{
				field: 'spec.containers[0].envFrom[0]',
				text:
					'variable "bad" (envFrom[0], key "bad" of Secret test/s) is not UTF-8, and each invalid byte becomes ' +
					'U+FFFD, as in a container; mount it as a file',
			},
		]);
	});
});
