/**
 * Log records as sentences for people; machines get the same records as JSON. Pure.
 */

export type LogRecord = Readonly<Record<string, unknown>>;

/** Fields that are not shown to people, because the line has them already or they are for machines. */
const HIDDEN = new Set([
	'level',
	'time',
	'msg',
	'configMap',
	'volume',
	'err',
	'upcalls',
	'durationUs',
	'component',
	'source',
]);

const SENTENCES: Readonly<Record<string, (record: LogRecord) => string>> = {
	mounted: ({ mountPoint, volumes, driver }) =>
		`mounted ${counted(Number(volumes), 'ConfigMap')} on ${mountPoint} (${driver} driver)`,
	unmounted: ({ signal }) => (signal === undefined ? 'unmounted' : `unmounted after ${signal}`),
	'generation published': (record) => {
		const changes = (['added', 'changed', 'removed'] as const).flatMap((what) => {
			const names = record[what];
			return Array.isArray(names) ? [`${what} ${names.map(String).join(', ')}`] : [];
		});
		const size = `${counted(Number(record.keyCount), 'key')}, ${counted(Number(record.sizeBytes), 'byte')}`;
		return `${subjectOf(record)}${changes.length === 0 ? 'published' : changes.join('; ')} (${size})`;
	},
	'volume removed': (record) => `${subjectOf(record)}removed`,
};

/** One line: control characters, which a terminal would obey, are written out. */
export function sentenceOf(record: LogRecord): string {
	const message = String(record.msg ?? '');
	const known = SENTENCES[message]?.(record);
	return visible(known ?? anySentence(record, message));
}

function anySentence(record: LogRecord, message: string): string {
	const subject = subjectOf(record);
	const fields = Object.entries(record)
		.filter(([name]) => !HIDDEN.has(name))
		.map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
	const details = fields.length === 0 ? '' : ` (${fields.join(', ')})`;
	const { err } = record;
	const cause = typeof err === 'object' && err !== null && 'message' in err ? `: ${err.message}` : '';
	return `${subject}${message}${details}${cause}`;
}

/** What the line is about: a ConfigMap, a volume of a pod, or nothing in particular. */
function subjectOf({ configMap, volume }: LogRecord): string {
	if (configMap !== undefined) return `${configMap}: `;
	return volume === undefined ? '' : `volume "${volume}": `;
}

/** `1 key`, `2 keys`. */
export function counted(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Control characters written out. */
export function visible(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
	return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) =>
		character === '\n' ? '\\n' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
	);
}
