/** The documents agree with each other and with the repository: links, paths, tables, line lengths, metadata. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENDLESS, STAND_INS, scripts } from '../support/document-commands.js';
import {
	anchorsOf,
	blocksOf,
	commandsOf,
	exampleFiles,
	markdownFiles,
	proseOf,
	ROOT,
	relativeLinksOf,
	textOf,
} from '../support/documents.js';

/** Written by scripts; their tables are as wide as they need to be. */
const GENERATED = ['native-notes/pod-support.md', 'native-notes/benchmarks.md'];
const WIDTH = 100;
/** A line that cannot be broken: one long command. */
const COMMAND = /^\s*\(?`[^`]+`\S*$/;
/** Paths of other repositories. */
const FOREIGN = ['test/e2e'];

/** The first column of the table under a heading, without back-ticks. */
function tableOf(file: string, heading: string): readonly (readonly string[])[] {
	const section = textOf(file).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
	return [...section.matchAll(/^\| (.+) \|$/gm)]
		.map(([, row = '']) => row.split(' | ').map((cell) => cell.replaceAll('`', '')))
		.slice(2);
}

describe.each(markdownFiles())('%s', (file) => {
	test('every relative link leads to a file, and to a heading in it', () => {
		const broken = relativeLinksOf(file).filter((link) => {
			const [path = '', anchor] = link.split('#');
			const target = path === '' ? file : normalize(join(dirname(file), path));
			if (!existsSync(join(ROOT, target))) return true;
			return anchor !== undefined && !anchorsOf(target).includes(anchor);
		});
		expect(broken).toEqual([]);
	});

	test('every path of the repository that it names exists', () => {
		const named = textOf(file).matchAll(
			/(?<![\w/.-])(?:src|test|scripts|examples|native-notes|docs)\/[\w./*-]*[\w*/]/g,
		);
		const missing = [...named]
			.map(([path]) => path)
			.filter((path) => !FOREIGN.includes(path) && !path.includes('*') && !existsSync(join(ROOT, path)));
		expect(missing).toEqual([]);
	});
});

test.each(markdownFiles().filter((file) => !GENERATED.includes(file)))(`%s has no wide line of text`, (file) => {
	const wide = proseOf(file)
		.split('\n')
		.filter((line) => !line.startsWith('|') && !COMMAND.test(line) && [...line].length > WIDTH);
	expect(wide).toEqual([]);
});

describe('ARCHITECTURE.md', () => {
	const { rooms } = JSON.parse(readFileSync(join(ROOT, 'scripts/layers.json'), 'utf8')) as {
		readonly rooms: Readonly<Record<string, readonly string[]>>;
	};

	/** The rooms that a process loads which starts in `room`. */
	function reachable(room: string, found = new Set<string>()): ReadonlySet<string> {
		found.add(room);
		for (const next of rooms[room] ?? []) if (!found.has(next)) reachable(next, found);
		return found;
	}

	test('its table of rooms is that of layers.json, highest first', () => {
		expect(tableOf('ARCHITECTURE.md', 'Rooms').map(([room]) => room)).toEqual(Object.keys(rooms).reverse());
	});

	test('its column of processes is what the imports of the rooms allow', () => {
		const [daemon, server] = [reachable('cli'), reachable('server')];
		const processOf = (room: string) => (!server.has(room) ? 'daemon' : daemon.has(room) ? 'both' : 'server');
		const expected = Object.keys(rooms).reverse();
		const processes = tableOf('ARCHITECTURE.md', 'Rooms').map(([room, , process]) => [room, process]);
		// The entry points are one file for each process.
		expect(processes).toEqual(expected.map((room) => [room, room === 'entry' ? 'both' : processOf(room)]));
	});
});

describe('CONTRIBUTING.md', () => {
	test('every name of the code that it gives is in the code', () => {
		const code = ['src', 'test/support'].flatMap((folder) =>
			readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
				.filter((name) => name.endsWith('.ts'))
				.map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
		);
		const names = [...proseOf('CONTRIBUTING.md').matchAll(/`([A-Z]\w+|invariant)`/g)].map(([, name = '']) => name);
		expect(names.length).toBeGreaterThan(5);
		// A variable of the environment, which a script reads.
		const known = (name: string) => name === 'KUBEBUILDER_ASSETS' || code.some((text) => text.includes(name));
		expect(names.filter((name) => !known(name))).toEqual([]);
	});
});

describe('CHANGELOG.md', () => {
	test('has the version of package.json, below what is not released', () => {
		const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
		const [first, second] = [...textOf('CHANGELOG.md').matchAll(/^## \[(.+?)\]/gm)].map(([, name]) => name);
		expect([first, second]).toEqual(['Unreleased', version]);
	});
});

describe('package.json', () => {
	const { files } = JSON.parse(textOf('package.json')) as { readonly files: readonly string[] };

	test('ships every document that the shipped documents lead to', () => {
		const shipped = (path: string) => files.some((entry) => path === entry || path.startsWith(`${entry}/`));
		// Contributors have a checkout.
		const documents = markdownFiles().filter((file) => shipped(file) && file !== 'CONTRIBUTING.md');
		const lost = documents.flatMap((file) =>
			relativeLinksOf(file)
				.map((link) => normalize(join(dirname(file), link.split('#')[0] ?? '')))
				.filter((target) => target !== '.' && target !== dirname(file) && !shipped(target)),
		);
		expect(lost).toEqual([]);
	});
});

test('commands are only in blocks that the tests run: sh and console', () => {
	const others = markdownFiles().flatMap((file) =>
		blocksOf(file).filter(({ language, lines }) => {
			const isRun = language === 'sh' || language === 'console';
			return (
				!isRun && !['ini', 'fstab', 'yaml'].includes(language) && lines.some((line) => line.includes('configmapfs '))
			);
		}),
	);
	expect(others).toEqual([]);
});

test('every sh and console block has commands', () => {
	const empty = markdownFiles().flatMap((file) =>
		blocksOf(file).filter((block) => /^(sh|console)$/.test(block.language) && commandsOf(block).length === 0),
	);
	expect(empty).toEqual([]);
});

describe('the tables of commands that do not run as they are', () => {
	const typed = scripts().flatMap(({ commands }) => commands.map(({ text }) => text));

	test('a command calls every program that has a stand-in, and every stand-in has a row', () => {
		const called = Object.keys(STAND_INS).filter((name) => typed.some((text) => new RegExp(`^${name} `).test(text)));
		expect(called).toEqual(Object.keys(STAND_INS));
		expect(readdirSync(join(ROOT, 'test/fixtures/documents/bin')).sort()).toEqual(called);
	});

	test('every command that does not end on its own is in a document', () => {
		expect(Object.keys(ENDLESS).filter((text) => !typed.includes(text))).toEqual([]);
	});

	test('there are commands for every page that has blocks, and for every example that shows one', () => {
		const played = new Set(scripts().map(({ location }) => location.split(':')[0]));
		const shown = [...markdownFiles(), ...exampleFiles()].filter((file) =>
			/^(\$ |#? +)?configmapfs /m.test(textOf(file)),
		);
		expect(shown.filter((file) => !played.has(file))).toEqual([]);
	});
});
