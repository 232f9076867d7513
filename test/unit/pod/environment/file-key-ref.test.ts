import { describe, expect, test } from 'vitest';
import type { EnvironmentOptions } from '../../../../src/pod/environment/builder.js';
import type { EnvVarSource } from '../../../../src/pod/pod-spec.js';
import { build, makeEnv, makeObjects, values, waiting } from './environment-pod.js';

describe('fileKeyRef', () => {
	const FILES: ReadonlyMap<string, string> = new Map([
		['work/config.env', "# made by init\nA='one\ntwo'\nEMPTY=''\n"],
		['work/broken.env', "A='1'\nB=2\n"],
	]);
	const options: EnvironmentOptions = {
		strictNames: false,
		readFile: (volumeName, path) => {
			const text = FILES.get(`${volumeName}/${path}`);
			return text === undefined ? undefined : Buffer.from(text);
		},
	};
	function ref(path: string, key: string, optional = false): EnvVarSource {
		return { kind: 'fileKeyRef', volumeName: 'work', path, key, optional };
	}

	test('takes the value of a key unchanged', () => {
		const env = makeEnv(['X', ref('config.env', 'A')], ['Y', ref('config.env', 'EMPTY')], ['Z', '$(X)']);
		const environment = build({ env }, makeObjects(), options);
		expect(values(environment)).toEqual({ X: 'one\ntwo', Y: '', Z: 'one\ntwo' });
		expect(environment.variables.get('X')?.origin).toEqual({
			kind: 'fileKeyRef',
			field: 'env[0]',
			object: 'work',
			key: 'A',
		});
	});

	test('reports an absent file or key as missing, unless it is optional', () => {
		const env = makeEnv(
			['A', ref('absent.env', 'A')],
			['B', ref('config.env', 'absent')],
			['C', ref('absent.env', 'A', true)],
			['D', ref('config.env', 'absent', true)],
		);
		const environment = build({ env }, makeObjects(), options);
		expect(values(environment)).toEqual({});
		expect(environment.missing).toEqual(
			waiting(
				'environment variable file "absent.env" not found in volume "work"',
				'environment variable key "absent" not found in file "config.env" of volume "work"',
			),
		);
	});

	test('refuses a malformed file with its line, optional or not', () => {
		const env = makeEnv(['X', ref('broken.env', 'A')], ['Y', ref('broken.env', 'C', true)]);
		const message =
			'pod.yaml:1:1: spec.containers[0].env[1].valueFrom.fileKeyRef: file "broken.env" of volume "work": invalid environment ' +
			'variable format at line 2: value must be enclosed in single quotes';
		const refused = expect.objectContaining({ code: 'INPUT_INVALID', message });
		expect(() => build({ env }, makeObjects(), options)).toThrow(refused);
	});

	test('without files warns of an optional reference, and reports another as missing', () => {
		const environment = build({ env: makeEnv(['X', ref('f', 'A', true)], ['Y', ref('f', 'A')]) });
		expect(environment.warnings).toEqual([
			{
				field: 'spec.containers[0].env[0]',
				text: 'variable "X" comes from file "f" of volume "work", which a local process does not have',
			},
		]);
		expect(environment.missing).toEqual(
			waiting('variable "Y" comes from file "f" of volume "work", which a local process does not have'),
		);
	});
});
