/** Log records as sentences for people; programs get the same records as JSON. Pure. */

import { oneLine } from './terminal-text.js';

export type LogRecord = Readonly<Record<string, unknown>>;

/** Fields that are not shown to people, because the line has them already or they are for programs. */
const HIDDEN = new Set(['level', 'time', 'msg', 'configMap', 'volume', 'err', 'component', 'source']);

/** One line. The message of an event is a sentence already; its fields are for programs. */
export function sentenceOf(record: LogRecord): string {
	const message = String(record.msg ?? '');
	return oneLine(record.event === undefined ? withFields(message, record) : message);
}

function withFields(message: string, record: LogRecord): string {
	const fields = Object.entries(record)
		.filter(([name]) => !HIDDEN.has(name))
		.map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
	const details = fields.length === 0 ? '' : ` (${fields.join(', ')})`;
	const { err } = record;
	const cause = typeof err === 'object' && err !== null && 'message' in err ? `: ${err.message}` : '';
	return `${subjectOf(record)}${message}${details}${cause}`;
}

/** The ConfigMap or the volume of a pod that the line is about; empty if it is about neither. */
function subjectOf({ configMap, volume }: LogRecord): string {
	if (configMap !== undefined) return `${configMap}: `;
	return volume === undefined ? '' : `volume "${volume}": `;
}
