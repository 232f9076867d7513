/** Variables of the command line, which replace those of the pod. */

import { expect, test } from 'vitest';
import {
	build,
	fromMap,
	fromSecret,
	makeConfigMap,
	makeEnv,
	makeObjects,
	makeSecret,
	mapKey,
	RELAXED,
	secretKey,
	values,
} from './environment-pod.js';

const given = new Map([
	['HOST', { value: 'localhost $(X)', flag: '-e HOST' }],
	['NEW', { value: '1', flag: '--env-file a.env' }],
]);
const OPTIONS = { ...RELAXED, given };

test('a given value is literal, counts at every reference, and keeps the origins that it overrides', () => {
	const objects = makeObjects([makeConfigMap('cm', { HOST: 'db' })], [makeSecret('s', { HOST: 'secret' })]);
	const env = makeEnv(['URL', 'db://$(HOST)'], ['HOST', mapKey('cm', 'HOST')], ['HOST', 'x'], ['X', 'x']);
	const environment = build({ envFrom: [fromSecret('s'), fromMap('cm')], env }, objects, OPTIONS);
	expect(values(environment)).toEqual({
		HOST: 'localhost $(X)',
		NEW: '1',
		URL: 'db://localhost $(X)',
		X: 'x',
	});
	expect(environment.variables.get('HOST')).toEqual({
		name: 'HOST',
		value: 'localhost $(X)',
		origin: { kind: 'flag', field: '-e HOST', object: undefined, key: undefined },
		overrode: [
			{ kind: 'secretRef', field: 'envFrom[0]', object: 's', key: 'HOST' },
			{ kind: 'configMapRef', field: 'envFrom[1]', object: 'cm', key: 'HOST' },
			{ kind: 'configMapKeyRef', field: 'env[1]', object: 'cm', key: 'HOST' },
			{ kind: 'value', field: 'env[2]', object: undefined, key: undefined },
		],
		expansion: undefined,
		isSecret: false,
		standIn: undefined,
	});
	expect(environment.variables.get('URL')?.isSecret).toBe(false);
	expect(environment.variables.get('NEW')?.overrode).toEqual([]);
});

test('the object of a replaced variable may be missing; other references to it may not', () => {
	const env = makeEnv(['HOST', secretKey('gone', 'k')], ['OTHER', secretKey('lost', 'k')]);
	expect(build({ env }, makeObjects([], []), OPTIONS).missing.map(({ message }) => message)).toEqual([
		'secret "lost" not found',
	]);
});
