/**
 * The command of `--on-change exec:COMMAND`: a shell where the application lives, with its environment and what changed.
 * Its output is ours.
 */

import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Logger } from '../../base/log.js';
import { type ProcessSurroundings, spawnWithin } from '../application/spawn.js';
import type { VolumeChange } from './volume-change.js';

export interface ChangeCommandOptions {
	/** Of the application that runs now, the same object for as long as it runs; undefined while none does. */
	readonly surroundings: () => Omit<ProcessSurroundings, 'stdin'> | undefined;
	readonly log: Logger;
}

export class ChangeCommands {
	readonly #options: ChangeCommandOptions;
	readonly #running = new Set<ChildProcess>();

	constructor(options: ChangeCommandOptions) {
		this.#options = options;
	}

	/** Resolves at its end. Never fails: what goes wrong is a warning. */
	async run(command: string, changes: readonly VolumeChange[]): Promise<void> {
		const { surroundings, log } = this.#options;
		const around = surroundings();
		if (around === undefined) {
			log.debug({ command }, 'no application runs, so the command of --on-change is not started');
			return;
		}
		try {
			const env = { ...around.env, ...variablesOf(changes) };
			const child = await spawnWithin(['sh', '-c', command], { ...around, env, stdin: 'ignore' });
			this.#running.add(child);
			const status = await statusOf(child);
			this.#running.delete(child);
			if (status === 0) return;
			// It lives where the application lives, and is ended with it.
			if (surroundings() !== around)
				log.debug({ command, status }, 'the command of --on-change went with the application');
			else log.warn({ command, status }, 'the command of --on-change failed');
		} catch (error) {
			log.warn({ command, err: error }, 'the command of --on-change was not started');
		}
	}

	/** Ends what still runs. */
	close(): void {
		for (const child of this.#running) child.kill('SIGKILL');
	}
}

function statusOf(child: ChildProcess): Promise<number> {
	return new Promise((resolve) => {
		child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]));
	});
}

/** The kernel refuses a longer variable, and with it the command. Source: execve(2), 32 pages. Unit: bytes. */
const LONGEST_LIST = 100_000;

/** Lists have a name a line. Names of volumes and generations are in the same order. */
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

/** As many whole names as fit. */
function listOf(names: readonly string[]): string {
	let length = 0;
	const fitting = names.filter((name) => {
		length += Buffer.byteLength(name) + 1;
		return length <= LONGEST_LIST;
	});
	return fitting.join('\n');
}
