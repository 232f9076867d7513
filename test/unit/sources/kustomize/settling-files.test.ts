import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettlingFiles } from '../../../../src/sources/kustomize/settling-files.js';
import { SETTLE_CAP_MS, SETTLE_MS } from '../../../../src/sources/watch/settling.js';

let directory: string;
let open: boolean | undefined;
let checked: string[];
let files: SettlingFiles;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'cfs-settling-'));
	open = false;
	checked = [];
	files = new SettlingFiles((path) => {
		checked.push(path);
		return open;
	});
});

afterEach(() => {
	rmSync(directory, { recursive: true, force: true });
});

const at = (name: string) => join(directory, name);

describe('SettlingFiles', () => {
	it('accepts any state the first time', () => {
		writeFileSync(at('a'), '');
		expect(files.wait([at('a'), at('absent')], 0)).toBe(0);
	});

	it('checks only changed files for writers, and accepts a change immediately', () => {
		writeFileSync(at('a'), 'long');
		writeFileSync(at('b'), 'x');
		files.wait([at('a'), at('b')], 0);
		writeFileSync(at('a'), 'other');
		expect(files.wait([at('a'), at('b')], 10)).toBe(0);
		writeFileSync(at('a'), 'y');
		expect(files.wait([at('a'), at('b')], 20)).toBe(0);
		expect(new Set(checked)).toEqual(new Set([at('a')]));
	});

	it.each([
		['emptied', () => writeFileSync(at('a'), '')],
		['gone', () => unlinkSync(at('a'))],
	])('waits for a file that is %s until it is unchanged for the settle time', (_what, spoil) => {
		writeFileSync(at('a'), 'long');
		files.wait([at('a')], 0);
		spoil();
		expect(files.wait([at('a')], 10)).toBe(SETTLE_MS);
		expect(files.wait([at('a')], 110)).toBe(SETTLE_MS - 100);
		expect(files.wait([at('a')], 10 + SETTLE_MS)).toBe(0);
		expect(files.wait([at('a')], 20 + SETTLE_MS)).toBe(0);
		writeFileSync(at('a'), 'back');
		expect(files.wait([at('a')], 30 + SETTLE_MS)).toBe(0);
	});

	it('accepts content that was written during the wait', () => {
		writeFileSync(at('a'), 'long');
		files.wait([at('a')], 0);
		writeFileSync(at('a'), '');
		expect(files.wait([at('a')], 10)).toBeGreaterThan(0);
		writeFileSync(at('a'), 'l');
		expect(files.wait([at('a')], 30)).toBe(0);
	});

	it('waits for a shortened file only if it is unknown whether a process has it open', () => {
		writeFileSync(at('a'), 'long');
		files.wait([at('a')], 0);
		writeFileSync(at('a'), 'cut');
		open = undefined;
		expect(files.wait([at('a')], 10)).toBe(SETTLE_MS);
		writeFileSync(at('a'), 'cu');
		expect(files.wait([at('a')], 100)).toBe(SETTLE_MS);
		open = false;
		expect(files.wait([at('a')], 110)).toBe(0);
	});

	it('checks an open file often, up to the limit', () => {
		writeFileSync(at('a'), 'long');
		files.wait([at('a')], 0);
		writeFileSync(at('a'), 'longer');
		open = true;
		for (const now of [10, 500, SETTLE_CAP_MS]) {
			const waitMs = files.wait([at('a')], now);
			expect(waitMs).toBeGreaterThan(0);
			expect(waitMs).toBeLessThan(50);
		}
		expect(files.wait([at('a')], 10 + SETTLE_CAP_MS)).toBe(0);
	});

	it('accepts a file that stays empty after the limit, even if other files keep changing', () => {
		writeFileSync(at('a'), 'long');
		writeFileSync(at('b'), 'long');
		files.wait([at('a'), at('b')], 0);
		writeFileSync(at('a'), '');
		let now = 0;
		for (; now < 2 * SETTLE_CAP_MS; now += 200) {
			writeFileSync(at('b'), `longer ${now}`);
			if (files.wait([at('a'), at('b')], now) === 0) break;
		}
		expect(now).toBeGreaterThanOrEqual(SETTLE_CAP_MS);
		expect(now).toBeLessThan(SETTLE_CAP_MS + 400);
	});

	it('waits for a new empty file, but not for a file that never existed', () => {
		writeFileSync(at('a'), 'x');
		files.wait([at('a')], 0);
		writeFileSync(at('new'), '');
		expect(files.wait([at('a'), at('new')], 10)).toBe(SETTLE_MS);
		writeFileSync(at('new'), 'x');
		expect(files.wait([at('a'), at('new'), at('never')], 20)).toBe(0);
	});
});
