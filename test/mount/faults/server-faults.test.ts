/** An exception in a request handler of the server: EIO for its caller, one line in the log, and the mount lives on. */

import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { fixture } from '../../support/fixture-process.js';
import { writeManifest } from '../../support/manifest.js';
import { startMount, stopAll } from '../../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

afterEach(async () => {
	await stopAll();
	removeTemporaries();
});

describe('a planted exception in READLINK', () => {
	test('is EIO each time and is logged once with its stack', async () => {
		const file = join(temporaryDirectory('src'), 'app.yaml');
		writeManifest(file, { name: 'app', data: { key: 'value', planted: 'x' } });
		const dir = temporaryDirectory('mnt', 0o777);
		const env = { NODE_OPTIONS: `--import ${fixture('plant-readlink-fault.mjs')}` };
		const mount = await startMount(dir, ['--driver', 'kernel', '-f', file], { env });
		for (let attempt = 0; attempt < 3; attempt++) {
			expect(() => readlinkSync(join(dir, 'app/planted'))).toThrow(/EIO/);
			expect(() => readFileSync(join(dir, 'app/planted'))).toThrow(/EIO/);
		}
		expect(readFileSync(join(dir, 'app/key'), 'utf8')).toBe('value');
		const line = await mount.waitForLog(({ event }) => event === 'server-fault');
		expect(line).toMatchObject({ level: 'error', where: 'READLINK' });
		expect(line.stack).toMatch(
			/^TypeError: planted fault\n\s+at .*plant-readlink-fault\.mjs:\d+:\d+\)\n\s+at .*readlink/,
		);
		expect(line.msg).toMatch(/^internal error in READLINK: TypeError: planted fault at .*; please report this$/);
		writeManifest(file, { name: 'app', data: { key: 'later', planted: 'x' } });
		await mount.waitForLog(({ event, changed }) => event === 'published' && String(changed) === 'key');
		expect(readFileSync(join(dir, 'app/key'), 'utf8')).toBe('later');
		expect(mount.logLines().filter(({ event }) => event === 'server-fault')).toHaveLength(1);
	});
});
