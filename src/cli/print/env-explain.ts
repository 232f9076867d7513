/** A container's environment as a table for people: each variable with its value, its origin and notes. Pure. */

import { type EnvReport, originWords, type ReportedVariable } from './env-report.js';
import { maskText } from './env-text.js';
import { shellWord } from './shell-word.js';
import type { Style } from './style.js';
import { oneLine } from './terminal-text.js';
import { beginning, padded, textWidth, wrapped } from './text-width.js';
import { counted } from './wording.js';

export interface ExplainLayout {
	/** Columns of the terminal; undefined without a terminal, so that lines are not wrapped. */
	readonly width: number | undefined;
	readonly style: Style;
}

/** Narrowest column of values beside others. */
const LEAST_VALUE = 20;
/** Widest column of values without a terminal. */
const MOST_VALUE = 60;
const GAP = 2;
const NOTE = '    ';

interface Row {
	readonly variable: ReportedVariable;
	readonly name: string;
	readonly value: string;
	readonly from: string;
	readonly at: string;
}

/** Ends with a line feed. */
export function explainText(report: EnvReport, layout: ExplainLayout): string {
	return `${[...header(report, layout), ...table(report, layout), ...sections(report, layout)].join('\n')}\n`;
}

function header({ pod, container, command, args, variables }: EnvReport, { style }: ExplainLayout): readonly string[] {
	const words = [...(command ?? ['(command of the image)']), ...(args ?? [])];
	const isKnown = command !== null || args !== null;
	const starts = isKnown
		? words.map((word, at) => (command === null && at === 0 ? word : oneLine(shellWord(word))))
		: [];
	const location = `(namespace ${pod.namespace}, ${pod.place})`;
	return [
		`${style.bold(oneLine(`${pod.workload}, container ${container}`))} ${oneLine(location)}`,
		`${counted(variables.length, 'variable')}; starts ${isKnown ? starts.join(' ') : "its image's command"}`,
	];
}

function table({ variables }: EnvReport, { width, style }: ExplainLayout): readonly string[] {
	if (variables.length === 0) return [];
	const rows = variables.map(
		(variable): Row => ({
			variable,
			name: oneLine(variable.name),
			value: shownValue(variable),
			from: oneLine(originWords(variable.origin)),
			at: oneLine(variable.origin.place ?? ''),
		}),
	);
	const columns = fittingColumns(rows, width);
	if (columns === undefined) return ['', ...rows.flatMap((row) => stacked(row, width ?? 0, style))];
	const line = ({ name, value, from, at }: Record<ColumnName, string>, paint: (text: string) => string) =>
		[
			paint(padded(name, columns.name)),
			padded(value, columns.value),
			...(columns.at === undefined ? [from] : [padded(from, columns.from), style.dim(at)]),
		]
			.join(' '.repeat(GAP))
			.trimEnd();
	const title = { name: 'NAME', value: 'VALUE', from: 'FROM', at: 'AT' };
	return [
		'',
		style.dim(line(title, (text) => text)),
		...rows.flatMap((row) => [
			line({ ...row, value: cut(row.value, columns.value, row.variable.bytes) }, style.bold),
			...notes(row.variable).flatMap((note) => wrapped(note, width ?? Number.POSITIVE_INFINITY, NOTE).map(style.dim)),
		]),
	];
}

type ColumnName = 'name' | 'value' | 'from' | 'at';

interface Columns {
	readonly name: number;
	readonly value: number;
	readonly from: number;
	/** Undefined if it does not fit. */
	readonly at: number | undefined;
}

/** Undefined if not even the first three columns fit. */
function fittingColumns(rows: readonly Row[], width = Number.POSITIVE_INFINITY): Columns | undefined {
	const widest = (column: ColumnName) => Math.max(column.length, ...rows.map((row) => textWidth(row[column])));
	const [name, from, at] = [widest('name'), widest('from'), widest('at')];
	const wanted = width === Number.POSITIVE_INFINITY ? Math.min(MOST_VALUE, widest('value')) : widest('value');
	for (const last of [at, undefined]) {
		const others = name + from + 2 * GAP + (last === undefined ? 0 : last + GAP);
		const value = Math.min(wanted, width - others);
		if (value >= Math.min(LEAST_VALUE, wanted)) return { name, value, from, at: last };
	}
	return undefined;
}

/** For narrow terminals: the columns below each other. */
function stacked({ variable, name, value, from, at }: Row, width: number, style: Style): readonly string[] {
	return [
		style.bold(name),
		NOTE + cut(value, Math.max(LEAST_VALUE, width - NOTE.length), variable.bytes),
		...wrapped(at === '' ? from : `${from} at ${at}`, width, NOTE),
		...notes(variable).flatMap((note) => wrapped(note, width, NOTE).map(style.dim)),
	];
}

/** One line; in quotes if it is empty or has blanks at its ends, which would not be visible. */
function shownValue(variable: ReportedVariable): string {
	const { value } = variable;
	if (value === null) return maskText(variable);
	const line = oneLine(value);
	return line === '' || line !== line.trim() ? `"${line}"` : line;
}

/** `beginning… (1234 bytes)` if the value is wider. */
function cut(value: string, width: number, bytes: number): string {
	if (textWidth(value) <= width) return value;
	const end = `… (${counted(bytes, 'byte')})`;
	return beginning(value, width - textWidth(end)) + end;
}

function notes({ overrode, expansion, isShellName, standIn }: ReportedVariable): readonly string[] {
	const raw = expansion === null || expansion === undefined ? [] : expansionNotes(expansion);
	return [
		...overrode.map((origin) =>
			oneLine(`overrides ${originWords(origin)}${origin.place === null ? '' : ` at ${origin.place}`}`),
		),
		...raw,
		...(standIn === null ? [] : [`replaces a property of the node: ${oneLine(standIn)}`]),
		...(isShellName ? [] : ['a POSIX shell cannot use this name; programs can']),
	];
}

function expansionNotes({ raw, unresolved }: NonNullable<ReportedVariable['expansion']>): readonly string[] {
	const written = oneLine(raw);
	return [
		`expanded from ${written.length > MOST_VALUE ? `${beginning(written, MOST_VALUE)}…` : written}`,
		...unresolved.map((name) => `$(${oneLine(name)}) is not expanded: it is not set further up`),
	];
}

function sections({ missing, leftOut, warnings }: EnvReport, { width, style }: ExplainLayout): readonly string[] {
	const lines = (texts: readonly string[]) =>
		texts.flatMap((text) => wrapped(oneLine(text), width ?? Number.POSITIVE_INFINITY, NOTE));
	const section = (title: string, texts: readonly string[]) => (texts.length === 0 ? [] : ['', title, ...lines(texts)]);
	return [
		...section(
			style.severity.error('Missing, so the container does not start:'),
			missing.map(({ reason, message }) => `${message} (${reason})`),
		),
		...section(
			'Left out, because it is optional and missing:',
			leftOut.map(({ name, field, text }) => `${name === null ? field : `${name} (${field})`}: ${text}`),
		),
		...section(
			style.severity.warning('Warnings:'),
			warnings.map(({ place, text }) => `${place}: ${text}`),
		),
	];
}
