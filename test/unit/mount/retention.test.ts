import { describe, expect, test } from 'vitest';
import { SILENT } from '../../../src/base/log.js';
import { REMOVED_NAME_MS, Retention, type RetentionPolicy } from '../../../src/mount/retention.js';
import type { OldGeneration } from '../../../src/volume/volume-writer.js';
import { RecordingLog } from '../run/recording-log.js';
import { HeldTimers } from '../sources/cluster/held-timers.js';

const KUBELET: RetentionPolicy = { snapshotGraceMs: 0, history: 1 };

const generation = (name: string): OldGeneration => ({ name, payload: new Map() });
const names = (generations: readonly OldGeneration[]) => generations.map(({ name }) => name);

/** A retention on a clock that only `timers.advance` moves. `steps` has each removal with its grace. */
function retentionOf(policy: RetentionPolicy, walkGraces: number[] = [], log = SILENT) {
	const timers = new HeldTimers();
	const steps: string[] = [];
	const retention = new Retention({
		policy,
		walkGraceMs: () => walkGraces.shift() ?? 0,
		removeFiles: ({ name }, graceMs) => void steps.push(`files ${name} ${graceMs}`),
		removeDirectories: ({ name }, graceMs) => void steps.push(`directories ${name} ${graceMs}`),
		log,
		timers,
	});
	return { retention, timers, steps };
}

describe('as kubelet', () => {
	test('an old generation goes in the turn of its flip', () => {
		const { retention, timers, steps } = retentionOf(KUBELET);
		retention.add([generation('1')]);
		expect(steps).toEqual([`files 1 ${REMOVED_NAME_MS}`, `directories 1 ${REMOVED_NAME_MS}`]);
		expect(timers.waiting).toBe(0);
		expect(retention.keepsNothing).toBe(true);
	});

	test('directories wait for path walks, and names resolve longer by that', async () => {
		const { retention, timers, steps } = retentionOf(KUBELET, [300]);
		retention.add([generation('1')]);
		expect(steps).toEqual([`files 1 ${300 + REMOVED_NAME_MS}`]);
		await timers.advance(299);
		expect(steps).toHaveLength(1);
		await timers.advance(1);
		expect(steps.slice(1)).toEqual([`directories 1 ${REMOVED_NAME_MS}`]);
	});

	test('directories go in the order of generations, even if an older one waits longer', async () => {
		const { retention, timers, steps } = retentionOf(KUBELET, [500, 100, 0]);
		for (const name of ['1', '2', '3']) retention.add([generation(name)]);
		const directories = () => steps.filter((step) => step.startsWith('directories')).map((step) => step.split(' ')[1]);
		await timers.advance(499);
		expect(directories()).toEqual([]);
		await timers.advance(1);
		expect(directories()).toEqual(['1', '2', '3']);
	});
});

describe('--snapshot-grace', () => {
	test('keeps a generation complete for that long', async () => {
		const { retention, timers, steps } = retentionOf({ snapshotGraceMs: 5000, history: 1 }, [100]);
		expect(retention.keepsNothing).toBe(false);
		retention.add([generation('1')]);
		await timers.advance(4999);
		expect(steps).toEqual([]);
		await timers.advance(1);
		expect(steps).toEqual([`files 1 ${100 + REMOVED_NAME_MS}`]);
		await timers.advance(100);
		expect(steps).toHaveLength(2);
	});
});

describe('--history', () => {
	test('counts the live generation, and the oldest go first', () => {
		const { retention, steps } = retentionOf({ snapshotGraceMs: 0, history: 3 });
		expect(retention.keepsNothing).toBe(false);
		for (const name of ['1', '2']) retention.add([generation(name)]);
		expect(steps).toEqual([]);
		retention.add([generation('3'), generation('4')]);
		expect(steps.map((step) => step.split(' ').slice(0, 2).join(' '))).toEqual([
			'files 1',
			'directories 1',
			'files 2',
			'directories 2',
		]);
		expect(names(retention.take().complete)).toEqual(['3', '4']);
	});

	test('the grace begins when history no longer keeps a generation', async () => {
		const { retention, timers, steps } = retentionOf({ snapshotGraceMs: 1000, history: 2 });
		retention.add([generation('1')]);
		await timers.advance(10_000);
		retention.add([generation('2')]);
		await timers.advance(999);
		expect(steps).toEqual([]);
		await timers.advance(1);
		expect(steps[0]).toMatch(/^files 1 /);
	});
});

describe('the end', () => {
	test('take returns the remaining generations, once, and cancels their removal', async () => {
		const { retention, timers, steps } = retentionOf({ snapshotGraceMs: 1000, history: 2 }, [50_000, 50_000]);
		for (const name of ['1', '2', '3']) {
			retention.add([generation(name)]);
			await timers.advance(name === '2' ? 1000 : 0);
		}
		const { complete, emptied } = retention.take();
		expect(names(complete)).toEqual(['3', '2']);
		expect(names(emptied)).toEqual(['1']);
		expect(retention.take()).toEqual({ complete: [], emptied: [] });
		const before = steps.length;
		await timers.advance(100_000);
		expect(steps).toHaveLength(before);
	});

	test('close cancels all timers', async () => {
		const { retention, timers, steps } = retentionOf({ snapshotGraceMs: 1000, history: 1 });
		retention.add([generation('1')]);
		retention.close();
		retention.close();
		expect(timers.waiting).toBe(0);
		await timers.advance(10_000);
		expect(steps).toEqual([]);
	});
});

test('a generation that cannot be removed is a warning, and the next one goes', () => {
	const recording = new RecordingLog();
	const removed: string[] = [];
	const retention = new Retention({
		policy: KUBELET,
		walkGraceMs: () => 0,
		removeFiles: ({ name }) => {
			if (name === '1') throw new Error('EIO');
			removed.push(name);
		},
		removeDirectories: () => {},
		log: recording.log,
	});
	retention.add([generation('1'), generation('2')]);
	expect(recording.take()).toEqual(['warn: cannot remove the old generation 1: EIO']);
	expect(removed).toEqual(['2']);
});
