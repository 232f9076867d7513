/** The test harness itself: a mount that a failing test leaves behind must not hold any process. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { writeManifest } from '../../support/manifest.js';
import { AS_ROOT, startIn, stateOf, titleOf } from '../../support/mount-modes.js';
import { stopAll } from '../../support/mount-process.js';
import { detachBelow, mountsBelow, removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until, WAIT_MS, within } from '../../support/until.js';

afterEach(async () => {
	await stopAll();
	removeTemporaries();
});

test.skipIf(AS_ROOT.missing !== undefined)(
	`a mount whose server is stopped is detached, and its readers go on, ${titleOf(AS_ROOT)}`,
	async () => {
		const manifest = join(temporaryDirectory('src'), 'app.yaml');
		writeManifest(manifest, { name: 'app', data: { key: 'value' } });
		const dir = temporaryDirectory('mnt', 0o777);
		const { mount } = await startIn(AS_ROOT, dir, ['-f', manifest]);
		const server = mount.serverPid() ?? 0;
		process.kill(server, 'SIGSTOP');
		await until(() => stateOf(server) === 'T', 'a stopped server');
		const reader = spawn('cat', [`${dir}/app/key`], { stdio: 'ignore' });
		const ended = new Promise((resolve) => reader.on('exit', resolve));
		// Linux shows a process that waits for a FUSE server as sleeping or as uninterruptible.
		await until(() => /[SD]/.test(stateOf(reader.pid ?? 0) ?? ''), 'a reader in the mount');
		detachBelow(dir);
		expect(mountsBelow(dir)).toEqual([]);
		expect(await within(WAIT_MS, 'the end of the reader', ended)).toBe(1);
		process.kill(server, 'SIGCONT');
	},
);
