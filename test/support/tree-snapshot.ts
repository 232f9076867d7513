/**
 * A snapshot of a directory tree with every result of stat, readdir, readlink, realpath and read. Uses only asynchronous
 * calls, so a mount that hangs fails a deadline and does not block the test process.
 */

import { createHash } from 'node:crypto';
import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { WAIT_MS, within } from './until.js';

/** Names of timestamped directories, as kubelet makes them. */
export const SNAPSHOT_NAME = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d{1,10}$/;

export interface Seen {
	readonly kind: string;
	/** The type in the directory listing; equals `kind` unless the file system is wrong. */
	readonly listedAs: string;
	/** Octal permission bits. */
	readonly mode: string;
	readonly uid: number;
	readonly gid: number;
	readonly nlink: number;
	/** Undefined for directories, whose size depends on the file system. */
	readonly size: number | undefined;
	readonly target: string | undefined;
	/** The final target of a link, relative to the root. */
	readonly realpath: string | undefined;
	readonly sha256: string | undefined;
	readonly ino: number;
	readonly mtimeMs: number;
}

/** The entries by path relative to `root`, which itself is ".". */
export type Tree = ReadonlyMap<string, Seen>;

export async function readTree(root: string): Promise<Tree> {
	const tree = new Map<string, Seen>();
	const canonical = await within(WAIT_MS, `realpath ${root}`, realpath(root));
	const work = walk(canonical, '.', undefined, tree);
	await within(WAIT_MS, `reading ${root}`, work);
	return tree;
}

async function walk(root: string, path: string, listed: Dirent | undefined, tree: Map<string, Seen>): Promise<void> {
	const full = join(root, path);
	const stat = await lstat(full);
	const kind = kindOf(stat);
	const target = kind === 'link' ? await readlink(full) : undefined;
	tree.set(path, {
		kind,
		listedAs: listed === undefined ? kind : kindOf(listed),
		mode: (stat.mode & 0o7777).toString(8),
		uid: stat.uid,
		gid: stat.gid,
		nlink: stat.nlink,
		size: kind === 'dir' ? undefined : stat.size,
		target,
		realpath: target === undefined ? undefined : (await realpath(full)).slice(root.length + 1),
		sha256: kind === 'file' ? sha256(await readFile(full)) : undefined,
		ino: stat.ino,
		mtimeMs: stat.mtimeMs,
	});
	if (kind !== 'dir') return;
	const entries = await readdir(full, { withFileTypes: true });
	for (const entry of entries) await walk(root, path === '.' ? entry.name : `${path}/${entry.name}`, entry, tree);
}

export function sha256(bytes: Buffer | string): string {
	return createHash('sha256').update(bytes).digest('hex');
}

function kindOf(of: Stats | Dirent): string {
	if (of.isDirectory()) return 'dir';
	if (of.isFile()) return 'file';
	return of.isSymbolicLink() ? 'link' : 'other';
}

/** The tree without inodes and times, which differ between trees; names of generations are numbered. */
export function comparable(tree: Tree): Record<string, object> {
	const snapshots = [
		...new Set([...tree.keys()].flatMap((path) => path.split('/')).filter((p) => SNAPSHOT_NAME.test(p))),
	];
	const rename = (text: string | undefined) =>
		text
			?.split('/')
			.map((part) => (snapshots.includes(part) ? `<generation ${snapshots.sort().indexOf(part) + 1}>` : part))
			.join('/');
	const entries = [...tree].map(([path, { ino: _, mtimeMs: __, ...seen }]): [string, object] => [
		rename(path) ?? path,
		{ ...seen, size: sizeBeyond(seen), target: rename(seen.target), realpath: rename(seen.realpath) },
	]);
	return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names of generations differ in length, and with them the size of the link to one: it counts beyond its target. */
function sizeBeyond({ size, target }: Pick<Seen, 'size' | 'target'>): number | undefined {
	return size === undefined || target === undefined ? size : size - Buffer.byteLength(target);
}
