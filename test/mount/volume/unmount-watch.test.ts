/**
 * The thread that notices an unmount. Node opens files for a new thread that a process inherits which is started at that
 * moment; they are open for microseconds, so the test checks that the thread is past that.
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DIST } from '../../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

afterEach(removeTemporaries);

const SCRIPT = `
	const { UnmountWatch } = await import('${DIST}/mounts/unmount-watch.js');
	const { openDescriptors } = await import('${DIST}/native/proc.js');
	const tables = () => openDescriptors().filter(({ target }) => target.endsWith('/mountinfo')).length;
	const watch = new UnmountWatch((error) => {
		throw error;
	});
	const before = tables();
	await watch.started;
	console.log(before, tables());
	watch.stop();
`;

test('it watches before it is reported as running', () => {
	const script = join(temporaryDirectory('watch'), 'watch.mjs');
	writeFileSync(script, SCRIPT);
	const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
	expect(stdout, stderr).toBe('0 1\n');
});
