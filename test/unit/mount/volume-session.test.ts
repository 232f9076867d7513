/** Removal of old generations of one volume, on a tree that only records. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SILENT } from '../../../src/base/log.js';
import type { Driver } from '../../../src/drivers/driver.js';
import { VolumeSession } from '../../../src/mount/volume-session.js';
import type { Payload } from '../../../src/volume/payload.js';

beforeEach(() => {
	vi.useFakeTimers();
});

afterEach(() => {
	vi.useRealTimers();
});

/** A driver that records removals. Its walk graces are `waits`, one after the other. Unit: milliseconds. */
function notingDriver(waits: number[], removed: string[]): Driver {
	const tree = {
		makesCompleteDirectories: true,
		keepsRemovedNames: true,
		mkdir: () => {},
		fill: () => {},
		chmod: () => {},
		symlink: () => {},
		rename: () => {},
		unlink: () => {},
		rmdir: (path: string) => {
			removed.push(path);
		},
		occupant: () => undefined,
	};
	return {
		name: 'kernel',
		tree,
		persists: false,
		walkGraceMs: () => waits.shift() ?? 0,
		existing: () => undefined,
		mount: async () => {},
		ended: new Promise(() => {}),
		cleanUpAfterDaemon: () => {},
		reportFaultsTo: () => {},
		upcalls: async () => ({}),
		unmount: async () => ({ wasBusy: false }),
	};
}

function payload(text: string): Payload {
	return new Map([['key', { bytes: Buffer.from(text), mode: 0o644 }]]);
}

test('old generations are removed in their order, even if the walk grace of the first is longer', () => {
	const removed: string[] = [];
	const session = new VolumeSession({
		subject: { volume: 'app' },
		path: 'app',
		driver: notingDriver([500, 100, 100], removed),
		retention: { snapshotGraceMs: 0, history: 1 },
		now: () => new Date(),
		log: SILENT,
		onEvent: () => {},
		isVisible: () => true,
	});
	const names = ['1', '2', '3', '4'].map((text) => `app/${session.write(payload(text))?.generation}`);
	vi.advanceTimersByTime(499);
	expect(removed).toEqual([]);
	vi.advanceTimersByTime(1);
	expect(removed).toEqual(names.slice(0, 3));
	session.close();
});
