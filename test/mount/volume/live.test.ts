/**
 * Files that people and programs edit, and the mount that follows: every way of saving, many files at once, broken
 * files, layers, files as keys, and the bytes at the end of it.
 */

import { randomBytes } from 'node:crypto';
import {
	appendFileSync,
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	renameSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { SETTLE_CAP_MS, SETTLE_MS } from '../../../src/sources/watch/settling.js';
import { type ManifestSpec, manifestText, writeAtomically, writeManifest } from '../../support/manifest.js';
import { launchMount, type MountProcess, runCommand, startMount, stopAll } from '../../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { sha256 } from '../../support/tree-snapshot.js';
import { until } from '../../support/until.js';

afterEach(async () => {
	await stopAll();
	removeTemporaries();
});

const app = (value: string): ManifestSpec => ({ name: 'app', data: { value } });

async function mountFiles(...args: readonly string[]): Promise<MountProcess> {
	return await startMount(temporaryDirectory('mount'), args);
}

async function contentOf(mount: MountProcess, path: string): Promise<string | undefined> {
	return await readFile(join(mount.dir, path), 'utf8').catch(() => undefined);
}

async function shows(mount: MountProcess, path: string, value: string | undefined): Promise<void> {
	await until(
		async () => (await contentOf(mount, path)) === value,
		() => `"${value}" in ${path}; the log:\n${mount.stderr}`,
	);
}

describe('every way of saving a manifest is one flip', () => {
	interface Save {
		readonly name: string;
		/** How long the save may take and still be one flip; default: SETTLE_MS. Unit: milliseconds. */
		readonly withinMs?: number;
		save(path: string, text: string): void | Promise<void>;
	}

	const SAVES: readonly Save[] = [
		{ name: 'a temporary file renamed over it', save: (path, text) => writeAtomically(path, text) },
		{ name: 'written in place', save: (path, text) => writeFileSync(path, text) },
		{
			name: 'the old file renamed to a backup and a new one written',
			save(path, text) {
				renameSync(path, `${path}~`);
				writeFileSync(path, text);
				unlinkSync(`${path}~`);
			},
		},
		{
			name: 'removed and written again',
			save(path, text) {
				unlinkSync(path);
				writeFileSync(path, text);
			},
		},
		{
			name: 'sed -i',
			// It renames a complete file.
			withinMs: Number.POSITIVE_INFINITY,
			async save(path) {
				expect((await runCommand('sed', ['-i', 's/old/new/', path])).code).toBe(0);
			},
		},
		{
			name: 'truncated and written slowly, piece by piece',
			withinMs: SETTLE_CAP_MS,
			async save(path, text) {
				const fd = openSync(path, 'w');
				const piece = Math.ceil(text.length / 6);
				for (let at = 0; at < text.length; at += piece) {
					await sleep(60);
					writeSync(fd, text.slice(at, at + piece));
				}
				closeSync(fd);
			},
		},
	];

	test.each(SAVES)('$name', async ({ save, withinMs = SETTLE_MS }) => {
		const trySave = async () => {
			const manifest = join(temporaryDirectory('manifests'), 'app.yaml');
			writeFileSync(manifest, manifestText(app('old')));
			const mount = await mountFiles('-f', manifest);
			const seen = new Set<string | undefined>();
			let watching = true;
			const watcher = (async () => {
				while (watching) {
					seen.add(await contentOf(mount, 'app/value'));
					await sleep(2);
				}
			})();
			const started = performance.now();
			let tookMs: number;
			try {
				await save(manifest, manifestText(app('new')));
				tookMs = performance.now() - started;
				await shows(mount, 'app/value', 'new');
			} finally {
				watching = false;
				await watcher;
			}
			await mount.stop();
			// A save that a busy machine interrupted for too long proves nothing: it is tried again.
			return tookMs < withinMs && { seen, mount };
		};
		const { seen, mount } = await until(trySave, `a save within ${withinMs} ms`);
		expect([...seen].filter((value) => value !== 'old' && value !== 'new')).toEqual([]);
		expect(mount.flips()).toBe(1);
		expect(mount.logLines().filter(({ level }) => level === 'error')).toEqual([]);
	});
});

describe('what -f names can be moved and exchanged', () => {
	test('a directory that is moved away and replaced by another', async () => {
		const parent = temporaryDirectory('manifests');
		const path = join(parent, 'live');
		for (const [name, value] of [
			['live', 'old'],
			['next', 'new'],
		] as const) {
			mkdirSync(join(parent, name));
			writeManifest(join(parent, name, 'app.yaml'), app(value));
		}
		const mount = await mountFiles('-f', path);
		await shows(mount, 'app/value', 'old');
		renameSync(path, join(parent, 'past'));
		renameSync(join(parent, 'next'), path);
		await shows(mount, 'app/value', 'new');
		writeManifest(join(path, 'app.yaml'), app('newer'));
		await shows(mount, 'app/value', 'newer');
		writeManifest(join(parent, 'past/app.yaml'), app('from the past'));
		writeManifest(join(path, 'app.yaml'), app('newest'));
		await shows(mount, 'app/value', 'newest');
		await mount.stop();
		expect(mount.flips()).toBe(3);
	});

	test('a file behind a link: the file is edited, the link is turned', async () => {
		const parent = temporaryDirectory('manifests');
		const link = join(parent, 'link.yaml');
		writeManifest(join(parent, 'one.yaml'), app('one'));
		writeManifest(join(parent, 'two.yaml'), app('two'));
		symlinkSync('one.yaml', link);
		const mount = await mountFiles('-f', link);
		await shows(mount, 'app/value', 'one');
		writeManifest(join(parent, 'one.yaml'), app('one edited'));
		await shows(mount, 'app/value', 'one edited');
		symlinkSync('two.yaml', `${link}.new`);
		renameSync(`${link}.new`, link);
		await shows(mount, 'app/value', 'two');
		writeManifest(join(parent, 'two.yaml'), app('two edited'));
		await shows(mount, 'app/value', 'two edited');
	});

	test('files that come and go in a directory', async () => {
		const directory = temporaryDirectory('manifests');
		writeManifest(join(directory, 'app.yaml'), app('1'));
		const mount = await mountFiles('-f', directory);
		writeManifest(join(directory, 'other.yaml'), { name: 'other', data: { key: 'here' } });
		await shows(mount, 'other/key', 'here');
		renameSync(join(directory, 'other.yaml'), join(directory, 'renamed.yaml'));
		writeManifest(join(directory, 'app.yaml'), app('2'));
		await shows(mount, 'app/value', '2');
		expect(await contentOf(mount, 'other/key')).toBe('here');
		rmSync(join(directory, 'renamed.yaml'));
		await until(async () => !(await readdir(mount.dir)).includes('other'), 'the end of the object');
		await mount.stop();
		expect(mount.flips('default/other')).toBe(1);
	});

	test('git checkout of a branch with many changed files', async (ctx) => {
		const git = async (...args: readonly string[]) => {
			const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'init.defaultBranch=main'];
			const result = await runCommand('git', [...identity, ...args], { cwd: repository });
			expect(result.code, result.stderr).toBe(0);
		};
		ctx.skip(!existsSync('/usr/bin/git'), 'needs the package git');
		const repository = temporaryDirectory('repository');
		const write = (value: string) => {
			for (const team of ['blue', 'green']) {
				mkdirSync(join(repository, team), { recursive: true });
				for (let at = 0; at < 10; at++) {
					writeManifest(join(repository, team, `${at}.yaml`), { name: `${team}-${at}`, data: { value } });
				}
			}
		};
		write('main');
		await git('init', '-q');
		await git('add', '.');
		await git('commit', '-q', '-m', 'one');
		await git('checkout', '-q', '-b', 'next');
		write('next');
		rmSync(join(repository, 'green/9.yaml'));
		await git('add', '-A');
		await git('commit', '-q', '-m', 'two');
		const mount = await mountFiles('-R', '-f', repository);
		await shows(mount, 'green-0/value', 'next');
		await git('checkout', '-q', 'main');
		for (const team of ['blue', 'green']) {
			for (let at = 0; at < 10; at++) await shows(mount, `${team}-${at}/value`, 'main');
		}
		await git('checkout', '-q', 'next');
		for (let at = 0; at < 10; at++) await shows(mount, `blue-${at}/value`, 'next');
		await until(async () => !(await readdir(mount.dir)).includes('green-9'), 'the end of the removed object');
		expect(mount.logLines().filter(({ level }) => level === 'error')).toEqual([]);
		await mount.stop();
		for (let at = 0; at < 9; at++) expect(mount.flips(`default/green-${at}`)).toBe(2);
	});
});

describe('broken input', () => {
	test('is logged with file, line and column; the last valid content stays, and other objects stay live', async () => {
		const directory = temporaryDirectory('manifests');
		const broken = join(directory, 'app.yaml');
		writeManifest(broken, app('good'));
		writeManifest(join(directory, 'other.yaml'), { name: 'other', data: { key: '1' } });
		const mount = await mountFiles('-f', directory);
		writeAtomically(broken, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n  value: [not, text\n');
		const isPlaced = (text = '') => text.includes(`${broken}:`) && /app\.yaml:\d+:\d+: /.test(text);
		await mount.waitForLog(({ level, msg }) => level === 'error' && isPlaced(msg));
		expect(await contentOf(mount, 'app/value')).toBe('good');
		writeManifest(join(directory, 'other.yaml'), { name: 'other', data: { key: '2' } });
		await shows(mount, 'other/key', '2');
		writeAtomically(broken, manifestText(app('good')).replace('"good"', '12'));
		const after = mount.logLines().length;
		await mount.waitForLog(({ level, msg }) => level === 'error' && /app\.yaml/.test(msg ?? ''), { after: after - 1 });
		expect(await contentOf(mount, 'app/value')).toBe('good');
		writeManifest(broken, app('better'));
		await shows(mount, 'app/value', 'better');
		await mount.waitForLog(({ event }) => event === 'resolved');
		await mount.stop();
		expect(mount.flips('default/app')).toBe(1);
	});

	test('in one document of a file leaves the other documents live', async () => {
		const manifest = join(temporaryDirectory('manifests'), 'all.yaml');
		const documents = (value: string, bad: string) =>
			`${manifestText(app(value))}---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bad\ndata:\n  key: ${bad}\n`;
		writeAtomically(manifest, documents('1', '"fine"'));
		const mount = await mountFiles('-f', manifest);
		await shows(mount, 'bad/key', 'fine');
		writeAtomically(manifest, documents('2', '17'));
		await mount.waitForLog(({ level, msg }) => level === 'error' && /all\.yaml:\d+:\d+: /.test(msg ?? ''));
		await shows(mount, 'app/value', '2');
		expect(await contentOf(mount, 'bad/key')).toBe('fine');
	});
});

test('a burst of saves is one flip for each object that changed', async () => {
	const manifest = join(temporaryDirectory('manifests'), 'all.yaml');
	const objects = (value: string) =>
		Array.from({ length: 10 }, (_, at) => ({ name: `object-${at}`, data: { value: at < 5 ? value : 'same' } }));
	writeManifest(manifest, ...objects('first'));
	const mount = await mountFiles('-f', manifest);
	for (let at = 0; at < 5; at++) writeManifest(manifest, ...objects(`save ${at}`));
	for (let at = 0; at < 5; at++) await shows(mount, `object-${at}/value`, 'save 4');
	await mount.stop();
	for (let at = 5; at < 10; at++) expect(mount.flips(`default/object-${at}`)).toBe(0);
	// On a busy machine the burst may be cut in two.
	for (let at = 0; at < 5; at++) expect([1, 2]).toContain(mount.flips(`default/object-${at}`));
});

test('the last -f wins key by key, and its removal shows the covered key again', async () => {
	const directory = temporaryDirectory('manifests');
	const [base, local] = [join(directory, 'base.yaml'), join(directory, 'local.yaml')];
	writeManifest(base, { name: 'app', data: { host: 'base', port: '80', only: 'base' } });
	writeManifest(local, { name: 'app', data: { host: 'local', extra: 'local' } });
	const mount = await mountFiles('-f', base, '-f', local);
	const reversed = await mountFiles('-f', local, '-f', base);
	const keys = async (one: MountProcess) =>
		(await readdir(join(one.dir, 'app'))).filter((name) => !name.startsWith('..'));
	expect((await keys(mount)).sort()).toEqual(['extra', 'host', 'only', 'port']);
	expect(await contentOf(mount, 'app/host')).toBe('local');
	expect(await contentOf(reversed, 'app/host')).toBe('base');
	writeManifest(base, { name: 'app', data: { host: 'base 2', port: '8080' } });
	await shows(mount, 'app/port', '8080');
	expect(await contentOf(mount, 'app/host')).toBe('local');
	// A link of a key that is gone goes after the flip.
	await until(async () => !(await keys(mount)).includes('only'), 'the link of the key that is gone goes');
	expect((await keys(mount)).sort()).toEqual(['extra', 'host', 'port']);
	await shows(reversed, 'app/host', 'base 2');
	writeManifest(local, { name: 'app', data: { extra: 'local' } });
	await shows(mount, 'app/host', 'base 2');
	writeManifest(local, { name: 'unrelated', data: {} });
	await shows(mount, 'app/extra', undefined);
	expect(await contentOf(mount, 'app/port')).toBe('8080');
});

test('a directory given with --create and --from-file is live', async () => {
	const directory = temporaryDirectory('values');
	writeFileSync(join(directory, 'one.conf'), '1');
	const mount = await mountFiles('--create', 'app', `--from-file=${directory}`, '--from-literal=fixed=value');
	await shows(mount, 'app/one.conf', '1');
	expect(await contentOf(mount, 'app/fixed')).toBe('value');
	writeFileSync(join(directory, 'two.conf'), '2');
	await shows(mount, 'app/two.conf', '2');
	writeAtomically(join(directory, 'one.conf'), 'one');
	await shows(mount, 'app/one.conf', 'one');
	appendFileSync(join(directory, 'one.conf'), ' more');
	await shows(mount, 'app/one.conf', 'one more');
	rmSync(join(directory, 'two.conf'));
	await shows(mount, 'app/two.conf', undefined);
	expect(await contentOf(mount, 'app/one.conf')).toBe('one more');
});

test('1 MiB of binaryData arrives byte for byte, and again after an edit', async () => {
	const manifest = join(temporaryDirectory('manifests'), 'big.yaml');
	const [first, second] = [randomBytes(1 << 20), randomBytes(1 << 20)];
	writeManifest(manifest, { name: 'big', binaryData: { blob: first } });
	const mount = await mountFiles('-f', manifest);
	const path = join(mount.dir, 'big/blob');
	expect(sha256(await readFile(path))).toBe(sha256(first));
	writeManifest(manifest, { name: 'big', binaryData: { blob: second } });
	await until(async () => sha256(await readFile(path)) === sha256(second), 'the second value');
	// One byte more than an API server accepts: the last valid value stays.
	writeManifest(manifest, { name: 'big', binaryData: { blob: Buffer.concat([second, Buffer.from('!')]) } });
	await mount.waitForLog(({ level }) => level === 'error');
	expect(sha256(await readFile(path))).toBe(sha256(second));
	await mount.stop();
	expect(mount.flips()).toBe(1);
});

test('text is shown with exactly its bytes', async () => {
	const manifest = join(temporaryDirectory('manifests'), 'text.yaml');
	const texts = {
		empty: '',
		newline: '\n',
		dos: 'a\r\nb\r\n',
		none: 'no newline',
		unicode: 'ä€😀\u0000\u2028',
		tab: '\t \n ',
	};
	writeManifest(manifest, { name: 'text', data: texts });
	const mount = await mountFiles('-f', manifest);
	for (const [key, text] of Object.entries(texts)) {
		expect((await readFile(join(mount.dir, 'text', key))).equals(Buffer.from(text)), key).toBe(true);
	}
});

test('-f - reads documents from a pipe', async () => {
	const manifest = join(temporaryDirectory('manifests'), 'local.yaml');
	writeManifest(manifest, { name: 'app', data: { local: 'yes' } });
	const directory = temporaryDirectory('mount');
	const { mount, ready } = launchMount(directory, ['-f', '-', '-f', manifest], { stdin: true });
	mount.stdin.end(manifestText(app('from the pipe')));
	await ready;
	expect(await contentOf(mount, 'app/value')).toBe('from the pipe');
	writeManifest(manifest, { name: 'app', data: { local: 'edited' } });
	await shows(mount, 'app/local', 'edited');
	expect(await contentOf(mount, 'app/value')).toBe('from the pipe');
});

test('a mount with nothing to watch lives until it is ended', async () => {
	const { mount, ready } = launchMount(temporaryDirectory('mount'), ['--driver', 'directory', '-f', '-'], {
		stdin: true,
	});
	mount.stdin.end(manifestText(app('from the pipe')));
	await ready;
	expect(await Promise.race([mount.ended, sleep(200, 'alive')])).toBe('alive');
	expect(await mount.stop()).toEqual({ code: 0, signal: null });
});
