/**
 * Reads the Markdown files of the repository: headings, links and commands in fenced blocks.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One command of a block, with its continuation lines joined. */
export interface Command {
	/** `docs/run.md:12`. */
	readonly location: string;
	readonly text: string;
	/** Its output in a `console` block; undefined in other blocks. A line `…` matches any lines. */
	readonly output: readonly string[] | undefined;
}

export interface Block {
	readonly file: string;
	/** The word after the opening fence: `sh`, `console`, `yaml`, ... */
	readonly language: string;
	/** The number of the first line after the fence. */
	readonly line: number;
	readonly lines: readonly string[];
}

/** Paths of all Markdown files, relative to the root of the repository. */
export function markdownFiles(): readonly string[] {
	const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
	const below = ['docs', 'native-notes', 'examples', 'test'].flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
			.filter((name) => name.endsWith('.md'))
			.map((name) => join(folder, name)),
	);
	return [...top, ...below].sort();
}

export function textOf(file: string): string {
	return readFileSync(join(ROOT, file), 'utf8');
}

/** Every fenced block of a file. */
export function blocksOf(file: string): readonly Block[] {
	const blocks: Block[] = [];
	let open: { language: string; line: number; lines: string[] } | undefined;
	for (const [index, line] of textOf(file).split('\n').entries()) {
		const fence = /^```(.*)$/.exec(line);
		if (fence === null) open?.lines.push(line);
		else if (open === undefined) open = { language: fence[1] ?? '', line: index + 2, lines: [] };
		else {
			blocks.push({ file, ...open });
			open = undefined;
		}
	}
	return blocks;
}

/** A Markdown file without its fenced blocks. */
export function proseOf(file: string): string {
	return textOf(file).replace(/^```[\s\S]*?^```$/gm, '');
}

/** The commands of a block: the lines of `sh`, the lines after a prompt of `console`, none of other languages. */
export function commandsOf({ file, language, line, lines }: Block): readonly Command[] {
	const commands: { location: string; text: string; output: string[] | undefined }[] = [];
	let continued = false;
	for (const [index, content] of lines.entries()) {
		const last = commands.at(-1);
		const typed = language === 'sh' ? withoutComment(content) : language === 'console' ? promptOf(content) : undefined;
		if (continued && last !== undefined) {
			last.text = `${last.text.slice(0, -1)}${content.trim()}`;
			continued = content.endsWith('\\');
		} else if (typed === undefined) last?.output?.push(content);
		else if (typed !== '') {
			const output = language === 'console' ? [] : undefined;
			commands.push({ location: `${file}:${line + index}`, text: typed, output });
			continued = typed.endsWith('\\');
		}
	}
	return commands;
}

function withoutComment(line: string): string {
	return line.replace(/(^|\s)#.*$/, '').trim();
}

function promptOf(line: string): string | undefined {
	return line.startsWith('$ ') ? line.slice(2) : undefined;
}

/** The commands in the comments of an example or a manifest: `#   configmapfs run ...`. */
export function commentedCommands(file: string): readonly Command[] {
	return textOf(file)
		.split('\n')
		.flatMap((line, index) => {
			const text = /^#\s+(configmapfs .*)$/.exec(line)?.[1];
			return text === undefined ? [] : [{ location: `${file}:${index + 1}`, text, output: undefined }];
		});
}

/** The files of examples/ that have comments. */
export function exampleFiles(): readonly string[] {
	return readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith('.yaml'))
		.map((name) => relative(ROOT, join(ROOT, 'examples', name)))
		.sort();
}

/** The anchors of a file's headings, as GitHub generates them. */
export function anchorsOf(file: string): readonly string[] {
	return [...proseOf(file).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
		heading
			.toLowerCase()
			.replace(/[^\p{L}\p{N}\s_-]/gu, '')
			.replaceAll(' ', '-'),
	);
}

/** The targets of a file's links to files of the repository, such as `docs/run.md#changes`. */
export function relativeLinksOf(file: string): readonly string[] {
	return [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)]
		.map(([, target = '']) => target)
		.filter((target) => !/^[a-z]+:/.test(target));
}
