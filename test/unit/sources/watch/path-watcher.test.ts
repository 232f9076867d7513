import { execFileSync } from 'node:child_process';
import {
	appendFileSync,
	linkSync,
	mkdirSync,
	mkdtempSync,
	renameSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	watch,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger, LogMethod } from '../../../../src/base/log.js';
import { SILENT } from '../../../../src/base/log.js';
import { SYSTEM_TIMERS } from '../../../../src/base/timers.js';
import { PathWatcher, type PathWatcherOptions, type WatchedPath } from '../../../../src/sources/watch/path-watcher.js';
import { until, WAIT_MS } from '../../../support/until.js';

let directory: string;
let watcher: PathWatcher | undefined;
let changes: string[];
/** The first watched path. */
let first: string | undefined;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'cfs-watch-'));
	changes = [];
});

afterEach(() => {
	watcher?.close();
	watcher = undefined;
	rmSync(directory, { recursive: true, force: true });
});

function at(...names: string[]): string {
	return join(directory, ...names);
}

function start(paths: readonly WatchedPath[], options: Partial<PathWatcherOptions> = {}): PathWatcher {
	first = paths[0]?.path;
	watcher = new PathWatcher({ onChange: (cause) => changes.push(cause), log: SILENT, ...options });
	watcher.watch(paths);
	return watcher;
}

/** Waits until no change is reported for 15 ms, then clears the reported changes. */
async function settle(): Promise<void> {
	let before = -1;
	while (before !== changes.length) {
		before = changes.length;
		await new Promise((resolve) => setTimeout(resolve, 15));
	}
	changes.length = 0;
}

/**
 * Performs a change and waits for its report: with its own path, or with the first watched path if the change precedes
 * the watch that a trace opens later.
 */
async function reported(action: () => void, cause?: string): Promise<void> {
	await settle();
	action();
	await vi.waitFor(
		() => {
			expect(changes).not.toHaveLength(0);
			if (cause !== undefined) expect(changes.some((change) => change === cause || change === first)).toBe(true);
		},
		{ timeout: WAIT_MS, interval: 5 },
	);
	await settle();
}

describe('PathWatcher on a file', () => {
	it('reports that the file is written, truncated, removed and created again', async () => {
		const file = at('a.yaml');
		writeFileSync(file, '1');
		start([{ path: file }]);
		await reported(() => writeFileSync(file, '2'), file);
		await reported(() => appendFileSync(file, '3'), file);
		await reported(() => unlinkSync(file), file);
		await reported(() => writeFileSync(file, '4'), file);
		await reported(() => appendFileSync(file, '5'), file);
	});

	it.each([
		[
			'vim: backup by rename, new file',
			(file: string) => {
				renameSync(file, `${file}~`);
				writeFileSync(file, 'new');
				unlinkSync(`${file}~`);
			},
		],
		[
			'emacs and most others: rename over',
			(file: string) => {
				writeFileSync(`${file}.tmp`, 'new');
				renameSync(`${file}.tmp`, file);
			},
		],
		[
			'unlink and create',
			(file: string) => {
				unlinkSync(file);
				writeFileSync(file, 'new');
			},
		],
	])('keeps watching after a save by %s', async (_name, save) => {
		const file = at('a.yaml');
		writeFileSync(file, 'old');
		start([{ path: file }]);
		for (let round = 0; round < 3; round += 1) await reported(() => save(file), file);
		await reported(() => appendFileSync(file, '+'), file);
	});

	it('does not report other files of the directory', async () => {
		writeFileSync(at('a.yaml'), '1');
		start([{ path: at('a.yaml') }]);
		await settle();
		writeFileSync(at('b.yaml'), '1');
		mkdirSync(at('sub'));
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(changes).toEqual([]);
	});

	it('reports a write through another hard link', async () => {
		mkdirSync(at('in'));
		writeFileSync(at('in', 'a'), '1');
		linkSync(at('in', 'a'), at('other'));
		start([{ path: at('in', 'a') }]);
		await reported(() => appendFileSync(at('other'), '2'));
	});

	it('waits for a path whose directories do not exist', async () => {
		const file = at('x', 'y', 'z', 'a.yaml');
		start([{ path: file }]);
		await reported(() => {
			mkdirSync(at('x', 'y', 'z'), { recursive: true });
			writeFileSync(file, '1');
		});
		await reported(() => writeFileSync(file, '2'), file);
	});

	it('follows a replaced ancestor', async () => {
		const file = at('x', 'y', 'a.yaml');
		mkdirSync(at('x', 'y'), { recursive: true });
		mkdirSync(at('new', 'y'), { recursive: true });
		writeFileSync(file, 'old');
		writeFileSync(at('new', 'y', 'a.yaml'), 'new');
		start([{ path: file }]);
		await reported(() => {
			renameSync(at('x'), at('x.old'));
			renameSync(at('new'), at('x'));
		});
		await reported(() => writeFileSync(file, '2'), file);
		await settle();
		writeFileSync(at('x.old', 'y', 'a.yaml'), 'no longer watched');
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(changes).toEqual([]);
	});

	it('resolves a relative path, and ".." after a link, as the kernel does', async () => {
		mkdirSync(at('far', 'deep'), { recursive: true });
		symlinkSync(at('far', 'deep'), at('link'));
		writeFileSync(at('far', 'a'), '1');
		start([{ path: `${directory}/link/../a` }]);
		await reported(() => writeFileSync(at('far', 'a'), '2'), at('far', 'a'));
	});
});

describe('PathWatcher on links', () => {
	it('reports a replaced target, and a file or directory link with a new target', async () => {
		mkdirSync(at('one'));
		mkdirSync(at('two'));
		writeFileSync(at('one', 'a'), '1');
		writeFileSync(at('two', 'a'), '2');
		symlinkSync('one', at('current'));
		symlinkSync('current/a', at('a.yaml'));
		start([{ path: at('a.yaml') }]);
		await reported(
			() => {
				writeFileSync(at('one', 'tmp'), 'x');
				renameSync(at('one', 'tmp'), at('one', 'a'));
			},
			at('one', 'a'),
		);
		await reported(() => {
			symlinkSync('two', at('current.tmp'));
			renameSync(at('current.tmp'), at('current'));
		}, at('current'));
		await reported(() => writeFileSync(at('two', 'a'), '3'), at('two', 'a'));
		await reported(() => {
			unlinkSync(at('a.yaml'));
			symlinkSync('one/a', at('a.yaml'));
		}, at('a.yaml'));
		await reported(() => writeFileSync(at('one', 'a'), '4'), at('one', 'a'));
	});

	it('reports every flip of a volume in the layout of kubelet', async () => {
		const flip = (generation: number) => {
			mkdirSync(at(`..g${generation}`));
			writeFileSync(at(`..g${generation}`, 'a.yaml'), String(generation));
			symlinkSync(`..g${generation}`, at('..data_tmp'));
			renameSync(at('..data_tmp'), at('..data'));
			rmSync(at(`..g${generation - 1}`), { recursive: true, force: true });
		};
		flip(1);
		symlinkSync('..data/a.yaml', at('a.yaml'));
		start([{ path: at('a.yaml') }]);
		for (const generation of [2, 3, 4, 5]) await reported(() => flip(generation), at('..data'));
	});

	it('handles a cycle of links', async () => {
		symlinkSync('b', at('a'));
		symlinkSync('a', at('b'));
		start([{ path: at('a') }]);
		await reported(() => {
			unlinkSync(at('b'));
			writeFileSync(at('b'), '1');
		}, at('b'));
		await reported(() => writeFileSync(at('b'), '2'), at('b'));
	});
});

describe('PathWatcher on a directory', () => {
	it('reports entries, and files in subdirectories only if recursive', async () => {
		mkdirSync(at('d', 'sub'), { recursive: true });
		start([{ path: at('d') }]);
		await reported(() => writeFileSync(at('d', 'a.yaml'), '1'), at('d', 'a.yaml'));
		writeFileSync(at('d', 'sub', 'b.yaml'), '1');
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(changes).toEqual([]);
		watcher?.watch([{ path: at('d'), recursive: true }]);
		await reported(() => writeFileSync(at('d', 'sub', 'b.yaml'), '2'), at('d', 'sub', 'b.yaml'));
	});

	it('watches every directory of a new tree', async () => {
		mkdirSync(at('d'));
		start([{ path: at('d'), recursive: true }]);
		await reported(() => mkdirSync(at('d', 'p', 'q', 'r'), { recursive: true }));
		const file = at('d', 'p', 'q', 'r', 'a.yaml');
		await reported(() => writeFileSync(file, '1'), file);
	});

	it('reports a file that was written to a new directory before the watch on it existed', async () => {
		mkdirSync(at('d'));
		let watched = false;
		start([{ path: at('d'), recursive: true }], {
			openWatch: (path, onEvent) => {
				if (path === at('d', 'sub')) {
					watched = true;
					changes.length = 0;
					// No watch sees this write: only a report after the trace can announce it.
					writeFileSync(at('d', 'sub', 'a.yaml'), '1');
				}
				return watch(path, onEvent);
			},
		});
		mkdirSync(at('d', 'sub'));
		await until(() => watched && changes.length > 0, 'a report after the write');
		expect(changes).toEqual([at('d')]);
	});

	it('does not enter ignored directories', async () => {
		mkdirSync(at('d', 'mount'), { recursive: true });
		start([{ path: at('d'), recursive: true, ignore: new Set([at('d', 'mount')]) }]);
		await settle();
		writeFileSync(at('d', 'mount', 'a.yaml'), '1');
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(changes).toEqual([]);
	});

	it('follows links to files among its entries', async () => {
		mkdirSync(at('d'));
		writeFileSync(at('real.yaml'), '1');
		symlinkSync('../real.yaml', at('d', 'a.yaml'));
		start([{ path: at('d') }]);
		await reported(() => writeFileSync(at('real.yaml'), '2'), at('real.yaml'));
	});

	it('follows a directory that another one replaces', async () => {
		mkdirSync(at('d'));
		mkdirSync(at('new'));
		start([{ path: at('d') }]);
		for (let round = 0; round < 3; round += 1) {
			await reported(() => {
				renameSync(at('d'), at('d.old'));
				renameSync(at('new'), at('d'));
				renameSync(at('d.old'), at('new'));
			});
			await reported(() => writeFileSync(at('d', 'a.yaml'), String(round)), at('d', 'a.yaml'));
		}
	});

	it('keeps watching after the directory is removed and created again', async () => {
		mkdirSync(at('d', 'sub'), { recursive: true });
		start([{ path: at('d'), recursive: true }]);
		for (let round = 0; round < 3; round += 1) {
			await reported(() => rmSync(at('d'), { recursive: true }));
			await reported(() => mkdirSync(at('d', 'sub'), { recursive: true }));
			const file = at('d', 'sub', 'a.yaml');
			await reported(() => writeFileSync(file, '1'), file);
		}
	});

	it('reports a checkout of another branch', async () => {
		const git = (...args: string[]) =>
			execFileSync('git', ['-C', at('repo'), '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { stdio: 'pipe' });
		mkdirSync(at('repo', 'conf'), { recursive: true });
		git('init', '-q', '-b', 'main');
		writeFileSync(at('repo', 'conf', 'a.yaml'), 'main');
		git('add', '.');
		git('commit', '-q', '-m', 'main');
		git('checkout', '-q', '-b', 'bare');
		git('rm', '-q', '-r', 'conf');
		git('commit', '-q', '-m', 'bare');
		git('checkout', '-q', 'main');
		start([{ path: at('repo', 'conf'), recursive: true }]);
		await reported(() => git('checkout', '-q', 'bare'));
		await reported(() => git('checkout', '-q', 'main'));
		await reported(() => writeFileSync(at('repo', 'conf', 'a.yaml'), '2'), at('repo', 'conf', 'a.yaml'));
	});
});

describe('PathWatcher and its watches', () => {
	it('opens one watch for each directory of the path, and closes all of them', () => {
		mkdirSync(at('d'));
		const paths = Array.from({ length: 50 }, (_none, index) => ({ path: at('d', `${index}.yaml`) }));
		const one = start(paths);
		expect(one.watchCount).toBe(at('d').split('/').length);
		one.watch([]);
		expect(one.watchCount).toBe(0);
		one.watch(paths);
		one.close();
		expect(one.watchCount).toBe(0);
		one.close();
	});

	it('reports nothing after close', async () => {
		writeFileSync(at('a'), '1');
		start([{ path: at('a') }]).close();
		writeFileSync(at('a'), '2');
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(changes).toEqual([]);
	});

	it('polls and warns once at the limit of watches, and logs when it can watch again', async () => {
		writeFileSync(at('a'), '1');
		let full = true;
		const warnings: unknown[] = [];
		const warn: LogMethod = (...args: unknown[]) => void warnings.push(args);
		const log: Logger = { ...SILENT, warn, child: () => log };
		start([{ path: at('a') }], {
			log,
			timers: { ...SYSTEM_TIMERS, after: (delayMs, call) => SYSTEM_TIMERS.after(delayMs / 10, call) },
			openWatch: (path, onEvent) => {
				if (full) throw Object.assign(new Error('System limit'), { code: 'ENOSPC' });
				return watch(path, onEvent);
			},
		});
		expect(warnings).toHaveLength(1);
		expect(JSON.stringify(warnings)).toContain('fs.inotify.max_user_watches');
		await reported(() => writeFileSync(at('a'), 'longer'));
		full = false;
		await vi.waitFor(() => expect(watcher?.watchCount).toBeGreaterThan(1), { timeout: WAIT_MS });
		await reported(() => writeFileSync(at('a'), 'again'), at('a'));
		expect(warnings.slice(1)).toEqual([['all files are watched by inotify again']]);
	});

	it('reports the final state after a flood of events', async () => {
		mkdirSync(at('d'));
		start([{ path: at('d') }]);
		await reported(() => {
			for (let round = 0; round < 3000; round += 1) writeFileSync(at('d', `${round % 50}.yaml`), String(round));
			rmSync(at('d'), { recursive: true });
			mkdirSync(at('d'));
		});
		await reported(() => writeFileSync(at('d', 'a'), '1'), at('d', 'a'));
	});
});
