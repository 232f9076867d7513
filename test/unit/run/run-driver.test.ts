/** The driver of a run: begun early, taken once, closed in every state. */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigMapFsError } from '../../../src/base/errors.js';
import { type DriverOptions, makeDriver } from '../../../src/mount/driver-choice.js';
import { RunDriver, type RunDriverOptions } from '../../../src/run/run-driver.js';
import { FakeDriver } from '../../support/fake-driver.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

const UID = process.getuid?.() ?? 0;
const GID = process.getgid?.() ?? 0;
const DENIED = new ConfigMapFsError('FUSE_DEVICE_DENIED', 'cannot open /dev/fuse');

let stage: string;
let made: { readonly options: DriverOptions; readonly driver: FakeDriver }[];

beforeEach(() => {
	stage = temporaryDirectory('stage');
	made = [];
});
afterEach(removeTemporaries);

/** `refuses` is thrown for each driver that needs FUSE. */
function begin(options: Partial<RunDriverOptions> = {}, refuses?: Error): RunDriver {
	return new RunDriver({
		choice: 'auto',
		placement: {
			stage,
			machineDirectory: '/run/machine',
			environment: { uid: UID, xdgRuntimeDirectory: stage, temporary: stage },
		},
		caller: { uid: UID, gid: GID, groups: [], mayBeUser: () => false, mayBeGroup: () => false },
		choosesGroup: false,
		trace: false,
		make: (driverOptions) => {
			if (refuses !== undefined && driverOptions.choice !== 'directory') throw refuses;
			const driver = new FakeDriver(driverOptions.mountPoint);
			made.push({ options: driverOptions, driver });
			return driver;
		},
		...options,
	});
}

const choices = () => made.map(({ options }) => options.choice);
const shownAs = (mode: number) =>
	made[0]?.options.adapt?.((_, plain) => ({ mode: plain, uid: UID, gid: 5 }))('file', mode);

describe('begun', () => {
	test('a FUSE driver is made at once, on a directory of the stage, with the directory to remove after a kill', () => {
		const driver = begin();
		expect(choices()).toEqual(['auto']);
		expect(existsSync(join(stage, 'volumes'))).toBe(true);
		expect(made[0]?.options.mountPoint).toBe(join(stage, 'volumes'));
		expect(made[0]?.driver.leftovers).toEqual([{ removeDirectory: '/run/machine' }]);
		expect(driver.fallbackReason).toBeUndefined();
	});

	test('the directory driver is made when it is taken', () => {
		const driver = begin({ choice: 'directory' });
		expect(choices()).toEqual([]);
		expect(driver.take(undefined)).toBe(made[0]?.driver);
		expect(choices()).toEqual(['directory']);
		expect(driver.fallbackReason).toBeUndefined();
	});

	test('without FUSE the directory driver takes its place, with the reason', () => {
		const driver = begin({}, DENIED);
		expect(driver.fallbackReason).toBe('cannot open /dev/fuse');
		driver.take(undefined);
		expect(choices()).toEqual(['directory']);
	});

	test('a driver that was chosen by name, and an unexpected error, are not replaced', () => {
		expect(() => begin({ choice: 'kernel' }, DENIED)).toThrow(DENIED);
		stage = temporaryDirectory('other');
		expect(() => begin({}, new TypeError('bug'))).toThrow('bug');
	});

	test('closed before it is taken: the early driver is unmounted', async () => {
		const driver = begin();
		await driver.close();
		await driver.close();
		expect(made[0]?.driver.calls).toEqual(['unmount']);
	});

	test('closed before it is taken, with the directory driver: there is nothing to unmount', async () => {
		await begin({ choice: 'directory' }).close();
		expect(made).toEqual([]);
	});
});

describe('taken', () => {
	test('it is the driver that was begun, and files get the group from then on', () => {
		const driver = begin();
		expect(shownAs(0o400)).toEqual({ mode: 0o400, uid: UID, gid: 5 });
		expect(driver.take(77)).toBe(made[0]?.driver);
		expect(made).toHaveLength(1);
		expect(shownAs(0o400)).toEqual({ mode: 0o440, uid: UID, gid: 77 });
	});

	test('without an fsGroup, or where the driver chooses the group, nothing changes', () => {
		begin().take(undefined);
		expect(shownAs(0o400)).toEqual({ mode: 0o400, uid: UID, gid: 5 });
		stage = temporaryDirectory('other');
		made = [];
		begin({ choosesGroup: true }).take(77);
		expect(shownAs(0o400)).toEqual({ mode: 0o400, uid: UID, gid: 5 });
	});

	test('only once, and not after the end', async () => {
		const driver = begin();
		driver.take(undefined);
		expect(() => driver.take(undefined)).toThrow('the driver of a run is taken once');
		await driver.close();
		expect(made[0]?.driver.calls).toEqual(['unmount']);
		expect(() => driver.take(undefined)).toThrow('the driver of a run is taken once');
	});

	test('the real directory driver may be unmounted by its user first', async () => {
		const runtime = join(stage, 'runtime');
		mkdirSync(runtime, { mode: 0o700 });
		const environment = { uid: UID, xdgRuntimeDirectory: runtime, temporary: runtime };
		const driver = begin({
			choice: 'directory',
			placement: { stage, machineDirectory: stage, environment },
			make: makeDriver,
		});
		const taken = driver.take(undefined);
		await taken.mount();
		await taken.unmount();
		await driver.close();
		expect(await taken.unmount()).toEqual({ wasBusy: false });
	});
});
