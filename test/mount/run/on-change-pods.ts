/** Pods, and what they print, for the tests of `configmapfs run --on-change`. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Machine } from '../../support/machine.js';
import { type NamespaceWay, ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, type Fields, type Manifest, ManifestFile, pod } from '../../support/pod-manifest.js';
import { type RunOptions, type RunProcess, startRun } from '../../support/run-process.js';
import { until } from '../../support/until.js';

export const WAYS = [ROOT_WAY, USER_WAY].filter(({ missing }) => missing === undefined);
/** For behaviour that does not depend on the user. */
export const ANY_WAY = WAYS[0] ?? USER_WAY;

/** Prints `ready` with its process id, and runs `handler` for each signal, until it is ended. */
export function listening(handler: string): readonly string[] {
	return ['sh', '-c', `trap '${handler}' USR1 USR2 HUP; echo "ready $$"; sleep 600 & while :; do wait; done`];
}

export const KEYS = 'echo "keys $(cat /etc/one/key) $(cat /etc/two/key)"';

/** A pod with the ConfigMaps `one` and `two` at /etc/one and /etc/two. */
export function twoVolumes(command: readonly string[], more: Fields = {}): Manifest {
	return pod(
		'app',
		{
			command,
			volumeMounts: [
				{ name: 'first', mountPath: '/etc/one' },
				{ name: 'second', mountPath: '/etc/two' },
			],
			...more,
		},
		{
			volumes: [
				{ name: 'first', configMap: { name: 'one' } },
				{ name: 'second', configMap: { name: 'two' } },
			],
		},
	);
}

export const keys = (one: string, two: string) => [configMap('one', { key: one }), configMap('two', { key: two })];

export async function startReady(
	machine: Machine,
	way: NamespaceWay,
	objects: readonly Manifest[],
	onChange: readonly string[],
	options: RunOptions = {},
): Promise<RunProcess> {
	const args = [...onChange.flatMap((value) => ['--on-change', value]), ...(options.args ?? [])];
	const run = startRun(machine, way, new ManifestFile(...objects), { ...options, args });
	await run.waitForOutput('ready');
	return run;
}

/** Lines of the application without the first, which is `ready`. */
export function linesOf(run: RunProcess): readonly string[] {
	return run.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('ready'));
}

export async function waitForLines(run: RunProcess, count: number): Promise<readonly string[]> {
	await until(
		() => linesOf(run).length >= count,
		() => `${count} lines; it wrote ${run.stdout}${run.stderr}`,
	);
	return linesOf(run);
}

/** Waits until there is no output for a while: a second signal of the same burst would come soon. */
export async function quiet(run: RunProcess): Promise<void> {
	let length = -1;
	while (length !== run.stdout.length) {
		length = run.stdout.length;
		await sleep(150);
	}
}

/** Waits until a file has this content where the application runs. */
export async function waitForFile(run: RunProcess, path: string, content: string): Promise<void> {
	await until(async () => (await run.exec('cat', path)).stdout === content, `${path} with ${content}`);
}

export async function expectStopped(run: RunProcess, code = 143): Promise<void> {
	expect(await run.stop()).toEqual({ code, signal: null });
	expect(run.left).toEqual([]);
}

export const warningsOf = (run: RunProcess) =>
	run.log.filter(({ level, event }) => level === 'warn' && event !== 'reaction').map(({ msg }) => msg);
export const reactionsOf = (run: RunProcess) =>
	run.log.filter(({ event }) => event === 'reaction').map(({ msg }) => msg);
