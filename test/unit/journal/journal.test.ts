import { randomBytes } from 'node:crypto';
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { JournalReader } from '../../../src/journal/journal-reader.js';
import { JournalWriter } from '../../../src/journal/journal-writer.js';
import { encodeRecord, JOURNAL_VERSION, type JournalRecord } from '../../../src/journal/record.js';
import { type Segment, segmentPath, survivingSegments } from '../../../src/journal/segment.js';
import { MNT, mount, umount2 } from '../../../src/native/libc.js';
import { stagedFile, stagedLink } from '../../support/fixtures/announced.js';
import { Scratch } from '../../support/fixtures/scratch.js';

const scratch = new Scratch();

afterEach(() => scratch.clear());

interface Seen {
	readonly record: JournalRecord;
	readonly segment: Segment;
	readonly contentAt: number;
}

/** A reader, everything that it has visited, and the segments that it reported as unused. */
function follow(directory: string): {
	readonly reader: JournalReader;
	readonly seen: Seen[];
	readonly unused: readonly number[];
} {
	const seen: Seen[] = [];
	const unused: number[] = [];
	const visit = (record: JournalRecord, segment: Segment, contentAt: number) => {
		seen.push({ record, segment, contentAt });
	};
	return { reader: new JournalReader(directory, visit, (index) => unused.push(index)), seen, unused };
}

function settled(seq: number): JournalRecord {
	return { t: 'settled', seq, ok: true };
}

function file(seq: number, size: number): JournalRecord {
	return { t: 'tree', parent: 1, name: `f${seq}`, node: stagedFile(seq, 0, size) };
}

/** The bytes that a visited record points at, read as the server reads them. */
function contentOf({ record, segment, contentAt }: Seen): Buffer {
	if (record.t !== 'tree' || record.node.kind !== 'file') throw new Error('no file');
	const bytes = Buffer.alloc(record.node.size);
	const read = readSync(segment.fd, bytes, 0, bytes.length, contentAt + record.node.offset);
	expect(read).toBe(bytes.length);
	return bytes;
}

function seqs(seen: readonly Seen[]): readonly (number | string)[] {
	return seen.map(({ record }) => (record.t === 'settled' ? record.seq : record.t));
}

describe('JournalWriter and JournalReader', () => {
	test('every record arrives once, in order, with its content at the offset that both report', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen } = follow(directory);
		const contents = [0, 1, 100, 16 * 1024, 100_000].map((size) => randomBytes(size));
		const offsets: number[] = [];
		for (const [index, content] of contents.entries()) {
			const half = content.length >> 1;
			offsets.push(writer.append(file(index, content.length), [content.subarray(0, half), content.subarray(half)]));
			writer.append(settled(index));
			if (index % 2 === 0) reader.poll();
		}
		reader.poll();
		reader.poll();
		expect(seqs(seen)).toEqual(['segment', ...contents.flatMap((_, index) => ['tree', index])]);
		const files = seen.filter(({ record }) => record.t === 'tree');
		expect(files.map(({ contentAt }) => contentAt)).toEqual(offsets);
		for (const [index, one] of files.entries())
			expect(contentOf(one).equals(contents[index] ?? Buffer.alloc(0))).toBe(true);
		expect(writer.size).toBe(statSync(segmentPath(directory, 0)).size);
		writer.close();
	});

	test('a reader that starts later reads everything from the start', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		for (let seq = 0; seq < 2000; seq++) writer.append(settled(seq));
		const { reader, seen } = follow(directory);
		reader.poll();
		expect(seqs(seen)).toEqual(['segment', ...Array.from({ length: 2000 }, (_, seq) => seq)]);
		writer.close();
	});

	test('records with JSON larger than the reading window arrive complete, and so do the following ones', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen } = follow(directory);
		const targets = [16 * 1024, 200_000, 10, 1_000_000].map((length) => 't'.repeat(length));
		for (const [index, target] of targets.entries()) {
			writer.append({ t: 'tree', parent: 1, name: `l${index}`, node: stagedLink(index + 2, target) });
			writer.append(settled(index));
		}
		reader.poll();
		const links = seen.map(({ record }) =>
			record.t === 'tree' && record.node.kind === 'link' ? record.node.target : '',
		);
		expect(links.filter((target) => target !== '')).toEqual(targets);
		expect(seqs(seen)).toEqual(['segment', ...targets.flatMap((_, index) => ['tree', index])]);
		writer.close();
	});

	test('a record is visited once its last byte of content is written, and not before', () => {
		const directory = scratch.directory();
		new JournalWriter(directory).close();
		const path = segmentPath(directory, 0);
		const { reader, seen } = follow(directory);
		reader.poll();
		const content = randomBytes(40_000);
		const bytes = encodeRecord(file(7, content.length), [content]);
		const cuts = [
			1,
			7,
			8,
			9,
			60,
			bytes.length - content.length - 1,
			bytes.length - content.length,
			20_000,
			bytes.length - 1,
		];
		let written = 0;
		for (const cut of cuts.sort((a, b) => a - b)) {
			appendFileSync(path, bytes.subarray(written, cut));
			written = cut;
			reader.poll();
			expect([cut, seqs(seen)]).toEqual([cut, ['segment']]);
		}
		appendFileSync(path, bytes.subarray(written));
		appendFileSync(path, encodeRecord(settled(8)).subarray(0, 10));
		reader.poll();
		expect(seqs(seen)).toEqual(['segment', 'tree']);
		expect(contentOf(seen[1] as Seen).equals(content)).toBe(true);
	});

	test('a partial write that was truncated leaves no trace', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen } = follow(directory);
		const partial = encodeRecord(file(7, 50_000), [Buffer.alloc(50_000)]).subarray(0, 30_000);
		writeFileSync(segmentPath(directory, 0), partial, { flag: 'a' });
		reader.poll();
		truncateSync(segmentPath(directory, 0), writer.size);
		writer.append(settled(1));
		reader.poll();
		expect(seqs(seen)).toEqual(['segment', 1]);
		writer.close();
	});

	test('any mix of sizes and polls gives the same records', () => {
		const sizes = fc.array(fc.record({ json: fc.nat(40_000), content: fc.nat(40_000), poll: fc.boolean() }), {
			maxLength: 12,
		});
		fc.assert(
			fc.property(sizes, (steps) => {
				const directory = scratch.directory();
				const writer = new JournalWriter(directory);
				const { reader, seen } = follow(directory);
				const contents: Buffer[] = [];
				for (const [index, step] of steps.entries()) {
					const content = randomBytes(step.content);
					contents.push(content);
					const name = `f${index}${'x'.repeat(step.json)}`;
					writer.append({ t: 'tree', parent: 1, name, node: stagedFile(index + 2, 0, content.length) }, [content]);
					if (step.poll) reader.poll();
				}
				reader.poll();
				expect(
					seen
						.slice(1)
						.map(contentOf)
						.map((bytes, index) => bytes.equals(contents[index] ?? bytes)),
				).toEqual(contents.map(() => true));
				expect(seen.length).toBe(steps.length + 1);
				writer.close();
				seen[0]?.segment.release();
				scratch.clear();
			}),
			{ numRuns: 40 },
		);
	});
});

describe('JournalWriter.rotate', () => {
	test('the reader continues in the next segment, with the content that was moved there', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen } = follow(directory);
		const content = randomBytes(5000);
		writer.append(file(2, content.length), [content]);
		reader.poll();
		const old = seen[1] as Seen;
		writer.rotate(() => {
			writer.append(file(2, content.length), [content]);
			reader.poll();
			expect(seqs(seen)).toEqual(['segment', 'tree']);
		});
		expect([writer.index, writer.size]).toEqual([1, statSync(segmentPath(directory, 1)).size]);
		writer.append(settled(9));
		reader.poll();
		expect(seqs(seen)).toEqual(['segment', 'tree', 'segment', 'tree', 9]);
		const moved = seen[3] as Seen;
		expect([old.segment.index, moved.segment.index]).toEqual([0, 1]);
		expect(contentOf(moved).equals(content)).toBe(true);
		writer.close();
	});

	test('the reader reports a segment when its last user is gone, and only the writer unlinks it', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen, unused } = follow(directory);
		const content = randomBytes(5000);
		writer.append(file(2, content.length), [content]);
		reader.poll();
		const used = seen[1] as Seen;
		used.segment.acquire();
		used.segment.acquire();
		for (const index of [1, 2]) {
			writer.rotate(() => {});
			expect(unused).not.toContain(index - 1);
			reader.poll();
		}
		expect(unused).toEqual([1]);
		used.segment.release();
		expect(contentOf(used).equals(content)).toBe(true);
		expect(unused).toEqual([1]);
		used.segment.release();
		expect(unused).toEqual([1, 0]);
		expect(survivingSegments(directory)).toEqual([0, 1, 2]);
		for (const index of [...unused, 2, 2]) writer.discard(index);
		expect(survivingSegments(directory)).toEqual([2]);
		writer.close();
	});

	test('several rotations between two polls are followed to the last', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen, unused } = follow(directory);
		for (let index = 0; index < 5; index++) {
			writer.append(settled(index));
			writer.rotate(() => {});
		}
		writer.append(settled(5));
		reader.poll();
		expect(seqs(seen).filter((one) => typeof one === 'number')).toEqual([0, 1, 2, 3, 4, 5]);
		expect(unused).toEqual([0, 1, 2, 3, 4]);
		writer.close();
	});

	test('a rotation that fails half-way leaves the current segment unchanged and removes the next one', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen } = follow(directory);
		writer.append(settled(1));
		const before = [writer.index, writer.size];
		expect(() =>
			writer.rotate(() => {
				writer.append(settled(99), [Buffer.alloc(10_000)]);
				throw new Error('no room');
			}),
		).toThrow('no room');
		expect([writer.index, writer.size]).toEqual(before);
		expect(readdirSync(directory)).toEqual(['journal.0']);
		writer.append(settled(2));
		writer.rotate(() => writer.append(settled(3)));
		reader.poll();
		expect(seqs(seen).filter((one) => typeof one === 'number')).toEqual([1, 2, 3]);
		writer.close();
	});

	test('a rotation that cannot create the next segment leaves the current one in use', () => {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		const { reader, seen } = follow(directory);
		mkdirSync(segmentPath(directory, 1));
		expect(() => writer.rotate(() => {})).toThrow(/EISDIR/);
		writer.append(settled(1));
		reader.poll();
		expect(seqs(seen)).toEqual(['segment', 1]);
		rmSync(segmentPath(directory, 1), { recursive: true });
		writer.rotate(() => {});
		expect(writer.index).toBe(1);
		writer.close();
	});
});

describe('a reader of the surviving segments', () => {
	/** Segments 0 to 3, each with one settled record of its number. */
	function fourSegments(): { readonly directory: string; readonly writer: JournalWriter } {
		const directory = scratch.directory();
		const writer = new JournalWriter(directory);
		for (let index = 0; index < 4; index++) {
			if (index > 0) writer.rotate(() => {});
			writer.append(settled(index));
		}
		return { directory, writer };
	}

	test.each([
		['the first two', [0, 1], [2, 3]],
		['one in the middle', [1], [0, 2, 3]],
		['all but the last', [0, 1, 2], [3]],
	])('starts at the oldest and skips the others without %s', (_, gone, left) => {
		const { directory, writer } = fourSegments();
		for (const index of gone) writer.discard(index);
		const { reader, seen } = follow(directory);
		reader.poll();
		expect(seqs(seen).filter((one) => typeof one === 'number')).toEqual(left);
		writer.append(settled(9));
		reader.poll();
		expect(seqs(seen).at(-1)).toBe(9);
		writer.close();
	});

	test('fails if no segment survives', () => {
		expect(() => follow(scratch.directory())).toThrow(/ENOENT/);
	});

	test('ignores other files of the directory', () => {
		const { directory, writer } = fourSegments();
		for (const name of ['lock', 'journal.x', 'journal.', 'tree']) writeFileSync(join(directory, name), '');
		expect(survivingSegments(directory)).toEqual([0, 1, 2, 3]);
		writer.close();
	});

	test('refuses another version of the format and names both', () => {
		const directory = scratch.directory();
		writeFileSync(segmentPath(directory, 0), encodeRecord({ t: 'segment', version: JOURNAL_VERSION + 1, index: 0 }));
		const { reader } = follow(directory);
		expect(() => reader.poll()).toThrow(
			`the journal has format version ${JOURNAL_VERSION + 1}, and this server reads version ${JOURNAL_VERSION}`,
		);
	});
});

test('Segment.release works after the directory was removed', () => {
	const directory = scratch.directory();
	const writer = new JournalWriter(directory);
	const { reader, seen } = follow(directory);
	reader.poll();
	writer.close();
	rmSync(directory, { recursive: true });
	expect(() => seen[0]?.segment.release()).not.toThrow();
});

/** A tmpfs of 64 KiB, or why there can be none. */
function tinyTmpfs(): { readonly path: string; unmount(): void } | string {
	const path = scratch.directory();
	try {
		mount('tmpfs', path, 'tmpfs', 0, 'size=64k');
	} catch (error) {
		return `mount(2) of a tmpfs: ${String(error)}`;
	}
	return { path, unmount: () => umount2(path, MNT.DETACH) };
}

const probe = tinyTmpfs();
if (typeof probe !== 'string') probe.unmount();
const noTmpfs = typeof probe === 'string' ? probe : '';

describe.skipIf(noTmpfs !== '')(`a journal without room (${noTmpfs || 'a tmpfs of 64 KiB'})`, () => {
	function inTinyTmpfs(run: (path: string) => void): void {
		const tmpfs = tinyTmpfs();
		if (typeof tmpfs === 'string') throw new Error(tmpfs);
		try {
			run(tmpfs.path);
		} finally {
			tmpfs.unmount();
		}
	}

	test('an append that does not fit throws ENOSPC and leaves the segment unchanged, readable and writable', () => {
		inTinyTmpfs((path) => {
			const writer = new JournalWriter(path);
			const { reader, seen } = follow(path);
			const content = randomBytes(30_000);
			writer.append(file(2, content.length), [content]);
			const before = readFileSync(segmentPath(path, 0));
			expect(() => writer.append(file(3, 50_000), [Buffer.alloc(50_000)])).toThrow(/ENOSPC/);
			expect(writer.size).toBe(before.length);
			expect(readFileSync(segmentPath(path, 0)).equals(before)).toBe(true);
			writer.append(settled(1));
			reader.poll();
			expect(seqs(seen)).toEqual(['segment', 'tree', 1]);
			expect(contentOf(seen[1] as Seen).equals(content)).toBe(true);
			writer.close();
		});
	});

	test.each([
		['for its content', 40_000],
		['for its first record', 61_300],
	])('a rotation without room %s throws ENOSPC, frees its room, and the current segment stays in use', (_, size) => {
		inTinyTmpfs((path) => {
			const writer = new JournalWriter(path);
			const { reader, seen } = follow(path);
			const content = randomBytes(size);
			writer.append(file(2, content.length), [content]);
			// The rest of the segment's last page is still writable; other files get no page.
			expect(() => writer.rotate(() => writer.append(file(2, size), [content]))).toThrow(/ENOSPC/);
			expect(readdirSync(path)).toEqual(['journal.0']);
			writer.append(settled(1));
			reader.poll();
			expect(seqs(seen)).toEqual(['segment', 'tree', 1]);
			expect(contentOf(seen[1] as Seen).equals(content)).toBe(true);
			expect(existsSync(join(path, 'journal.1'))).toBe(false);
			writer.close();
		});
	});
});
