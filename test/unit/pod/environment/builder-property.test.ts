import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PodObjects } from '../../../../src/pod/pod-objects.js';
import type { EnvFromSource, EnvVarSource } from '../../../../src/pod/pod-spec.js';
import { build, fromMap, makeConfigMap, makeEnv, makeObjects, mapKey, values } from './environment-pod.js';

describe('buildEnvironment of any container', () => {
	const name = fc.constantFrom('A', 'B', 'C', 'p_A', '1z');
	const text = fc.array(fc.constantFrom('$(A)', '$(B)', '$(p_A)', '$$', 'x', '$(', ''), { maxLength: 4 });
	const objectName = fc.constantFrom('x', 'y', 'gone');
	const isOptional = fc.boolean();
	const row = fc.oneof(
		fc.tuple(
			name,
			text.map((parts) => parts.join('')),
		),
		fc.tuple(
			name,
			fc.tuple(objectName, name, isOptional).map((ref): EnvVarSource => mapKey(...ref)),
		),
	);
	const source = fc
		.tuple(objectName, isOptional, fc.constantFrom('', 'p_'))
		.map(([object, optional, prefix]) => fromMap(object, { optional, prefix }));
	const maps = fc
		.tuple(fc.dictionary(name, fc.constantFrom('', 'v', '$(A)')), fc.dictionary(name, fc.constant('w')))
		.map(([x, y]) => [makeConfigMap('x', x), makeConfigMap('y', y)]);

	/** Kubelet's loop in its simplest form; undefined if it fails. */
	function kubelet(
		envFrom: readonly EnvFromSource[],
		rows: Iterable<readonly [string, string | EnvVarSource]>,
		objects: PodObjects,
	) {
		const result = new Map<string, string>();
		for (const { name: object, optional, prefix } of envFrom) {
			const data = objects.configMap(object)?.data;
			if (data === undefined && !optional) return undefined;
			for (const [key, bytes] of data ?? []) result.set(prefix + key, bytes.toString());
		}
		for (const [variable, value] of rows) {
			if (typeof value === 'string') {
				result.set(
					variable,
					value.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole, one) => (whole === '$$' ? '$' : (result.get(one) ?? whole))),
				);
			} else if (value.kind === 'configMapKeyRef') {
				const bytes = objects.configMap(value.name)?.data.get(value.key);
				if (bytes !== undefined) result.set(variable, bytes.toString());
				else if (!value.optional) return undefined;
			}
		}
		return Object.fromEntries(result);
	}

	test('sets the variables that kubelet sets, or reports something missing', () => {
		fc.assert(
			fc.property(
				fc.array(source, { maxLength: 3 }),
				fc.array(row, { maxLength: 6 }),
				maps,
				(envFrom, rows, objects) => {
					const environment = build({ envFrom, env: makeEnv(...rows) }, makeObjects(objects));
					const wanted = kubelet(envFrom, rows, makeObjects(objects));
					if (wanted === undefined) expect(environment.missing).not.toEqual([]);
					else expect([values(environment), environment.missing]).toEqual([wanted, []]);
				},
			),
			{ numRuns: 500 },
		);
	});
});
