import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { registerDaemon, registeredDaemons } from '../../../src/mounts/daemon-registry.js';
import type { RuntimeEnvironment } from '../../../src/mounts/runtime-directory.js';
import { Scratch } from '../../support/fixtures/scratch.js';
import { removeTemporaries, tmpfsDirectory } from '../../support/temporary.js';

const scratch = new Scratch();

afterEach(() => {
	scratch.clear();
	removeTemporaries();
});

function environment(): RuntimeEnvironment & { readonly parent: string } {
	const xdgRuntimeDirectory = tmpfsDirectory('registry');
	return {
		uid: process.getuid?.() ?? 0,
		xdgRuntimeDirectory,
		temporary: xdgRuntimeDirectory,
		parent: join(xdgRuntimeDirectory, 'configmapfs'),
	};
}

describe('the registry of daemons', () => {
	test('lists the living daemons with their process ids, until each ends', () => {
		const runtime = environment();
		const paths = ['/mnt/a', `/mnt/${'long/'.repeat(500)}b`];
		const registrations = paths.map((path) => registerDaemon(runtime, path));
		const { pid } = process;
		const listed = registeredDaemons(runtime);
		expect([...listed].sort((a, b) => (a.mountPoint < b.mountPoint ? -1 : 1))).toEqual(
			paths.map((mountPoint) => ({ mountPoint, pid })),
		);
		registrations[0]?.end();
		expect(registeredDaemons(runtime)).toEqual([{ mountPoint: paths[1], pid }]);
		registrations[1]?.end();
		expect(registeredDaemons(runtime)).toEqual([]);
	});

	test('removes the record of a killed daemon, and the directory with the last one', () => {
		const runtime = environment();
		const living = registerDaemon(runtime, '/mnt/a');
		const abandoned = join(runtime.parent, 'daemon-0123');
		writeFileSync(abandoned, JSON.stringify({ mountPoint: '/mnt/b', pid: 2 ** 22 }));
		expect(registeredDaemons(runtime).map(({ mountPoint }) => mountPoint)).toEqual(['/mnt/a']);
		expect(readdirSync(runtime.parent)).toHaveLength(1);
		living.end();
		expect(readdirSync(runtime.xdgRuntimeDirectory ?? '')).toEqual([]);
	});

	test('leaves runtime directories of other mounts alone', () => {
		const runtime = environment();
		const registration = registerDaemon(runtime, '/mnt/a');
		writeFileSync(join(runtime.parent, 'mount-x'), '');
		expect(registeredDaemons(runtime)).toHaveLength(1);
		registration.end();
		expect(readdirSync(runtime.parent)).toEqual(['mount-x']);
	});
});
