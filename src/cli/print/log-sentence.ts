/** Log records as sentences for people; programs get the same records as JSON. Pure. */

import { oneLine } from './terminal-text.js';

export type LogRecord = Readonly<Record<string, unknown>>;

/** Fields that the line contains already, or that are only for programs. */
const HIDDEN = new Set(['level', 'time', 'msg', 'event', 'configMap', 'volume', 'err', 'component', 'source']);

/**
 * One line. A message is a sentence that contains every value that people need; its fields are for programs.
 * `hasFields` appends them, for developers.
 */
export function sentenceOf(record: LogRecord, hasFields = false): string {
	const message = String(record.msg ?? '');
	const details = hasFields ? fieldsOf(record) : '';
	if (record.event !== undefined) return oneLine(message + details);
	const { err } = record;
	const cause = typeof err === 'object' && err !== null && 'message' in err ? `: ${err.message}` : '';
	return oneLine(`${subjectOf(record)}${message}${details}${cause}`);
}

/** ` (path /x, limit 5)`, or nothing. */
function fieldsOf(record: LogRecord): string {
	const fields = Object.entries(record)
		.filter(([name]) => !HIDDEN.has(name))
		.map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
	return fields.length === 0 ? '' : ` (${fields.join(', ')})`;
}

/** The ConfigMap or the volume of a pod that the line is about; empty if it is about neither. */
function subjectOf({ configMap, volume }: LogRecord): string {
	if (configMap !== undefined) return `${configMap}: `;
	return volume === undefined ? '' : `volume "${volume}": `;
}
