/**
 * The command of `--on-change exec:COMMAND`: a shell where the application runs, with the application's environment and
 * variables that describe the change. Its output goes to the output of this program.
 */

import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { errorText } from '../../base/errors.js';
import type { CommandOutcome } from '../../control/events.js';
import { type ProcessSurroundings, spawnWithin } from '../application/spawn.js';
import type { VolumeChange } from './volume-change.js';

export interface ChangeCommandOptions {
	/** Those of the running application, the same object for as long as it runs; undefined while none runs. */
	readonly surroundings: () => Omit<ProcessSurroundings, 'stdin'> | undefined;
}

export class ChangeCommands {
	readonly #options: ChangeCommandOptions;
	readonly #running = new Set<ChildProcess>();
	#isClosed = false;

	constructor(options: ChangeCommandOptions) {
		this.#options = options;
	}

	/** Resolves at the end of the command; with undefined if `close` ended it. Never rejects. */
	async run(command: string, changes: readonly VolumeChange[]): Promise<CommandOutcome | undefined> {
		const { surroundings } = this.#options;
		const around = surroundings();
		if (around === undefined) return { outcome: 'skipped', reason: 'no process runs' };
		try {
			const env = { ...around.env, ...variablesOf(changes) };
			const child = await spawnWithin(['sh', '-c', command], { ...around, env, stdin: 'ignore' });
			this.#running.add(child);
			const status = await statusOf(child);
			this.#running.delete(child);
			if (this.#isClosed) return undefined;
			if (status === 0) return { outcome: 'done', status };
			// The end of the application kills every process that runs where it runs.
			if (surroundings() !== around) return { outcome: 'skipped', reason: 'the application ended', status };
			return { outcome: 'failed', status };
		} catch (error) {
			return { outcome: 'failed', reason: errorText(error) };
		}
	}

	/** Kills the commands in progress. */
	close(): void {
		this.#isClosed = true;
		for (const child of this.#running) child.kill('SIGKILL');
	}
}

function statusOf(child: ChildProcess): Promise<number> {
	return new Promise((resolve) => {
		child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]));
	});
}

/** With a longer variable the kernel refuses to start the command. Source: execve(2), 32 pages. Unit: bytes. */
const LONGEST_LIST = 100_000;

/** Lists have one name a line. Volumes and generations are in the same order. */
export function variablesOf(changes: readonly VolumeChange[]): Readonly<Record<string, string>> {
	const paths = (kind: 'added' | 'removed' | 'changed') =>
		listOf([...new Set(changes.flatMap(({ change }) => change[kind]))].sort());
	return {
		CONFIGMAPFS_VOLUME: listOf(changes.map(({ volume }) => volume)),
		CONFIGMAPFS_GENERATION: listOf(changes.map(({ generation }) => generation)),
		CONFIGMAPFS_ADDED: paths('added'),
		CONFIGMAPFS_REMOVED: paths('removed'),
		CONFIGMAPFS_CHANGED: paths('changed'),
	};
}

/** The names that fit, none of them cut. */
function listOf(names: readonly string[]): string {
	let length = 0;
	const fitting = names.filter((name) => {
		length += Buffer.byteLength(name) + 1;
		return length <= LONGEST_LIST;
	});
	return fitting.join('\n');
}
