import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const MODULE = pathToFileURL(`${process.cwd()}/scripts/leftovers.mjs`).href;
const children: ChildProcess[] = [];

interface Found {
	readonly pid: number;
	readonly command: string;
	readonly ours: boolean;
}

/** The result of the module in another process, as the test runner calls it. */
function processes(dist: string, mark: string): readonly Found[] {
	const code = `import { processes } from '${MODULE}'; console.log(JSON.stringify(processes('${dist}', '${mark}')))`;
	const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
		encoding: 'utf8',
		env: { ...process.env, CONFIGMAPFS_TEST_RUN: '' },
	});
	return JSON.parse(stdout) as Found[];
}

/** A process with this environment and these arguments; it waits for its input to end. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
	const child = spawn('sh', ['-c', 'echo ready; read line', ...args], {
		stdio: ['pipe', 'pipe', 'ignore'],
		env: { ...process.env, ...env },
	});
	children.push(child);
	await once(child.stdout, 'data');
	return child.pid ?? 0;
}

afterEach(async () => {
	for (const child of children.splice(0)) {
		child.stdin?.end();
		await once(child, 'exit');
	}
});

describe('processes', () => {
	test('knows a process of the run by the mark that it inherited', async () => {
		const pid = await start([], { CONFIGMAPFS_TEST_RUN: 'mark-of-this-test' });
		const found = processes('/nowhere/dist/', 'mark-of-this-test').filter(({ ours }) => ours);
		expect(found).toEqual([{ pid, command: 'sh -c echo ready; read line', ours: true }]);
	});

	test("knows this checkout's program by its path, and tells another checkout's from it", async () => {
		const mine = await start(['/checkout-a/dist/main.js'], { CONFIGMAPFS_TEST_RUN: '' });
		const other = await start(['/checkout-b/dist/server.js'], { CONFIGMAPFS_TEST_RUN: '' });
		const found = processes('/checkout-a/dist/', 'no-such-mark').filter(({ pid }) => pid === mine || pid === other);
		expect(found.map(({ pid, ours }) => ({ pid, ours }))).toEqual([
			{ pid: mine, ours: true },
			{ pid: other, ours: false },
		]);
	});
});
