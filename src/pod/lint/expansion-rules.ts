/** Rules of `lint` for `$(NAME)` in values, commands and subPathExpr. Pure. */

import { posix } from 'node:path';
import { traceExpansion } from '../environment/expansion.js';
import type { Container } from '../pod-spec.js';
import type { RuleFinding } from './finding.js';
import { nameList } from './name-list.js';
import type { LintSubject, SubjectContainer } from './subject.js';

/** Variables that kubelet sets for each Service. Source: kubernetes v1.32 pkg/kubelet/envvars, FromServices. */
const SERVICE_VARIABLE =
	/^KUBERNETES_PORT$|_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SHELLS = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', 'ksh', 'mksh']);
/** The usual form of names of variables, as opposed to programs. */
const CONSTANT_CASE = /^[A-Z][A-Z0-9_]*$/;
/** A `$` in front of a character outside of ASCII. */
const DOLLAR_NON_ASCII = /\$[\u{80}-\u{10ffff}]/gu;
/** `${NAME}` or `$NAME`. */
const SHELL_REFERENCE = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g;

/** A text that kubelet expands, and the variables that it can refer to. */
interface ExpandedText {
	readonly text: string;
	readonly field: string;
	readonly container: SubjectContainer;
	/** Names that are set before this text is expanded. */
	readonly known: ReadonlySet<string>;
	/** Names that are set later in the list; empty for a command. */
	readonly later: ReadonlySet<string>;
	/** The variable of which this is the value. */
	readonly own: string | undefined;
	/** Whether a shell interprets the text afterwards. */
	readonly isScript: boolean;
}

function* expandedTexts({ containers }: LintSubject): Iterable<ExpandedText> {
	for (const placed of containers) {
		yield* valueTexts(placed);
		yield* argumentTexts(placed);
	}
}

function* valueTexts(placed: SubjectContainer): Iterable<ExpandedText> {
	const { container, field, variables } = placed;
	for (const [index, { name, value }] of container.env.entries()) {
		const isLater = (other: (typeof variables.all)[number]) => other.list === 'env' && other.index >= index;
		yield {
			text: value,
			field: `${field}.env[${index}].value`,
			container: placed,
			known: new Set(variables.all.filter((other) => !isLater(other)).map((other) => other.name)),
			later: new Set(variables.all.filter((other) => isLater(other) && other.name !== name).map((other) => other.name)),
			own: name,
			isScript: false,
		};
	}
}

function* argumentTexts(placed: SubjectContainer): Iterable<ExpandedText> {
	const { container, field, variables } = placed;
	const known = new Set(variables.all.map(({ name }) => name));
	const isScript = runsShell(container);
	for (const list of ['command', 'args'] as const) {
		for (const [index, text] of (container[list] ?? []).entries()) {
			const ownField = `${field}.${list}[${index}]`;
			yield { text, field: ownField, container: placed, known, later: new Set(), own: undefined, isScript };
		}
	}
}

/** Whether the command is `sh -c …`, also after another program such as tini. */
function runsShell({ command = [], args = [] }: Container): boolean {
	const words = [...command, ...args];
	const shell = words.findIndex((word) => SHELLS.has(posix.basename(word)));
	return shell >= 0 && words.slice(shell + 1).some((word) => /^-[a-z]*c[a-z]*$/.test(word));
}

/** The names that a text refers to. */
function referencesOf(text: string): readonly string[] {
	return traceExpansion(text, () => undefined).unresolved;
}

export function* forwardReference(subject: LintSubject): Iterable<RuleFinding> {
	for (const { text, field, known, later } of expandedTexts(subject)) {
		const names = referencesOf(text).filter((name) => !known.has(name) && later.has(name));
		if (names.length === 0) continue;
		yield {
			severity: 'warning',
			field,
			text: `these variables are set further down, so they are not expanded: ${listed(names)}`,
			cure: 'move the entry below those that it refers to',
		};
	}
}

/** References without a variable. A script may contain `$(date)`, which its shell expands. */
function* undefinedNames(subject: LintSubject): Iterable<{ readonly in: ExpandedText; readonly name: string }> {
	for (const one of expandedTexts(subject)) {
		if (!one.container.variables.isComplete) continue;
		for (const name of referencesOf(one.text)) {
			if (one.isScript && !CONSTANT_CASE.test(name)) continue;
			if (!one.known.has(name) && !one.later.has(name)) yield { in: one, name };
		}
	}
}

function isServiceVariable(name: string, { pod }: LintSubject): boolean {
	return SERVICE_VARIABLE.test(name) && (pod.spec.enableServiceLinks || name.startsWith('KUBERNETES_'));
}

export function* undefinedReference(subject: LintSubject): Iterable<RuleFinding> {
	for (const { in: one, name } of undefinedNames(subject)) {
		if (isServiceVariable(name, subject)) continue;
		const isOwn = one.own === name;
		yield {
			severity: 'warning',
			field: one.field,
			text: `$(${name}) is not expanded: ${isOwn ? 'a variable cannot refer to itself' : 'no entry sets it'}`,
			cure: 'set it before, or write $$ for a literal $; variables of the image cannot be referenced',
		};
	}
}

export function* serviceVariable(subject: LintSubject): Iterable<RuleFinding> {
	for (const { in: one, name } of undefinedNames(subject)) {
		if (!isServiceVariable(name, subject)) continue;
		yield {
			severity: 'info',
			field: one.field,
			text: `$(${name}) is not expanded by a local process: only a cluster sets the variables of Services`,
			cure: 'set it in env to run the container here',
		};
	}
}

/** Only in a subPathExpr does kubelet refuse undefined and empty variables. */
export function* subPathExprUndefined({ containers }: LintSubject): Iterable<RuleFinding> {
	for (const { mounts, variables } of containers) {
		if (!variables.isComplete) continue;
		const values = new Map(variables.all.map(({ name, bytes }) => [name, bytes]));
		for (const { mount, field } of mounts) {
			const names = referencesOf(mount.subPathExpr ?? '').filter(
				(name) => !values.has(name) || values.get(name)?.length === 0,
			);
			if (names.length === 0) continue;
			yield {
				severity: 'error',
				field: `${field}.subPathExpr`,
				text: `missing value for ${[...names].sort().join(', ')}: the container does not start (CreateContainerConfigError)`,
				cure: 'set each to a value that is not empty',
			};
		}
	}
}

/** `${NAME}`, although only `$(NAME)` is expanded. In values only names of variables count, as `$` may be in a password. */
export function* shellReference(subject: LintSubject): Iterable<RuleFinding> {
	for (const { text, field, container, own, isScript } of expandedTexts(subject)) {
		if (isScript) continue;
		const set = new Set(container.variables.all.map(({ name }) => name));
		const names = [...text.replaceAll('$$', '  ').matchAll(SHELL_REFERENCE)].flatMap(([written, braced, bare]) => {
			const name = braced ?? bare ?? '';
			const isMeant = set.has(name) || (own === undefined && (braced !== undefined || CONSTANT_CASE.test(name)));
			return isMeant ? [written] : [];
		});
		if (names.length === 0) continue;
		yield {
			severity: 'info',
			field,
			text: `no shell interprets this text, so these are not expanded: ${nameList(names)}`,
			cure: 'write $(NAME) to insert the variable',
		};
	}
}

/** Old kubelets copy only the first byte of the character after `$`, as if it were a character of its own. */
export function* expansionNonAscii(subject: LintSubject): Iterable<RuleFinding> {
	for (const { text, field } of expandedTexts(subject)) {
		const found = [...text.replaceAll('$$', '  ').matchAll(DOLLAR_NON_ASCII)].map(([written]) => written);
		if (found.length === 0) continue;
		yield {
			severity: 'warning',
			field,
			text: `kubelet before 1.36 breaks the character after the $: ${nameList(found)}`,
			cure: 'write $$ for the literal $',
		};
	}
}

function listed(names: readonly string[]): string {
	return nameList(names.map((name) => `$(${name})`));
}
