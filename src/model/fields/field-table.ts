/** Every field of the objects that this program reads, by Go type. Pure; the rows are in the files beside this one. */

import { CONTAINER_TYPES } from './container-types.js';
import { OBJECT_TYPES } from './object-types.js';
import { POD_TYPES } from './pod-types.js';
import type { TypeRows } from './type-rows.js';
import { VOLUME_TYPES } from './volume-types.js';

/** `lacking`: a local process does not get it; a warning or a flag tells the user. */
export type FieldUse = 'used' | 'lacking' | 'ignored';

export interface Field {
	readonly use: FieldUse;
	/** Go type without its package, of the field or of the items of its list; undefined if it has no fields. */
	readonly type: string | undefined;
	/** Release that brought the field, such as `1.37`; undefined if it is 1.20 or older, or that of the type. */
	readonly since: string | undefined;
}

export type Fields = ReadonlyMap<string, Field>;

const USES: Readonly<Record<string, FieldUse>> = { '+': 'used', '-': 'lacking', '': 'ignored' };
const FIELD = /^([+-]?)(\w+)(?::(\w+))?(?:@([\d.]+))?$/;

const ROWS: TypeRows = { ...OBJECT_TYPES, ...POD_TYPES, ...CONTAINER_TYPES, ...VOLUME_TYPES };

/** The fields of each type, by Go type without its package. */
export const FIELD_TABLE: ReadonlyMap<string, Fields> = new Map(
	Object.entries(ROWS).map(([type, row]) => [type, parseRow(row)]),
);

/** Kinds whose type has the same name, by apiVersion. */
const KINDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
	['v1', new Set(['ConfigMap', 'Secret', 'Pod', 'PodTemplate', 'ReplicationController'])],
	['apps/v1', new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'])],
	['batch/v1', new Set(['Job', 'CronJob'])],
]);

/** The type of an object, for `FIELD_TABLE`; undefined if the table does not have it. */
export function objectTypeName({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) {
	return KINDS.get(apiVersion)?.has(kind) === true ? kind : undefined;
}

function parseRow(row: string): Fields {
	const fields = new Map<string, Field>();
	for (const text of row.split(/\s+/)) {
		const [, mark = '', name, type, since] = FIELD.exec(text) ?? [];
		if (name !== undefined) fields.set(name, { use: USES[mark] ?? 'ignored', type, since });
	}
	return fields;
}
