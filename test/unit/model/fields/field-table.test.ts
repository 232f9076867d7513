import { expect, test } from 'vitest';
import { FIELD_TABLE, type Field, objectTypeName } from '../../../../src/model/fields/field-table.js';
import { FIELDS, type Support } from '../../../mount/official/fields.js';

/** The first type of a path and its fields: `spec.containers[].env[].name`. */
function fieldAt(path: string): Field | undefined {
	let fields = FIELD_TABLE.get('Pod');
	let field: Field | undefined;
	for (const name of path.replaceAll('[]', '').split('.')) {
		field = fields?.get(name);
		fields = field?.type === undefined ? undefined : FIELD_TABLE.get(field.type);
	}
	return field;
}

test('every type of a field is in the table', () => {
	const types = [...FIELD_TABLE.values()].flatMap((fields) => [...fields.values()].flatMap(({ type }) => type ?? []));
	expect(types.filter((type) => !FIELD_TABLE.has(type))).toEqual([]);
});

test('every row of the table of supported fields is in it', () => {
	expect(Object.keys(FIELDS).filter((path) => fieldAt(path) === undefined)).toEqual([]);
});

test('a field is used, lacking or ignored as the table of supported fields has it', () => {
	const uses: Readonly<Record<Support, readonly string[]>> = {
		yes: ['used'],
		partly: ['used'],
		flag: ['used', 'lacking'],
		no: ['lacking'],
		ignored: ['ignored'],
	};
	const wrong = Object.entries(FIELDS).filter(([path, { support }]) => {
		const use = fieldAt(path)?.use;
		return use !== undefined && !uses[support].includes(use);
	});
	expect(wrong.map(([path]) => path)).toEqual([]);
});

test('has the release that brought a field', () => {
	expect(fieldAt('spec.containers[].volumeMounts[].bindMountOptions')?.since).toBe('1.37');
	expect(fieldAt('spec.containers[].env[].valueFrom.fileKeyRef')?.since).toBe('1.34');
	expect(fieldAt('spec.containers[].env')?.since).toBeUndefined();
});

test('the type of an object depends on its version', () => {
	expect(objectTypeName({ apiVersion: 'apps/v1', kind: 'Deployment' })).toBe('Deployment');
	expect(objectTypeName({ apiVersion: 'v1', kind: 'Deployment' })).toBeUndefined();
	expect(objectTypeName({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' })).toBeUndefined();
});
