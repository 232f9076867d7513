/** The thread that notices an unmount: when it runs, no process that is started then gets a descriptor of Node's. */

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { DIST } from '../support/mount-process.js';

const SCRIPT = `
	const { UnmountWatch } = await import('${DIST}/drivers/unmount-watch.js');
	const { openDescriptors } = await import('${DIST}/native/proc.js');
	const left = () => openDescriptors().filter(({ closesOnExec }) => !closesOnExec).map(({ fd, target }) => fd + ' ' + target);
	const before = left();
	const rounds = [];
	for (let round = 0; round < 20; round++) {
		const watch = new UnmountWatch();
		await watch.started;
		rounds.push(left().filter((one) => !before.includes(one)));
		watch.stop();
	}
	console.log(JSON.stringify(rounds.flat()));
`;

test('when the thread is said to run, it has closed what it opened for others to inherit', () => {
	const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
		encoding: 'utf8',
	});
	expect({ stdout, stderr, status }).toEqual({ stdout: '[]\n', stderr: expect.any(String), status: 0 });
});
