/**
 * Performs plans on the directory of one volume and holds its state. The caller decides when old generations are
 * removed.
 */

import { randomBytes } from 'node:crypto';
import { systemCode } from '../base/errors.js';
import { DATA_LINK_TMP, emptyDirectory, VOLUME_MODE, volumeContent } from './content.js';
import { EMPTY_PAYLOAD, type Payload, type PayloadChange, topName } from './payload.js';
import {
	NEW_VOLUME,
	type OccupiedNames,
	planRemoval,
	planRetirement,
	planWrite,
	type Step,
	type VolumeState,
} from './plan.js';
import { snapshotName } from './snapshot-name.js';
import type { Occupant, TreeOperations } from './tree-operations.js';

/** A generation that `..data` no longer points to, and that still exists. */
export interface OldGeneration {
	readonly name: string;
	readonly payload: Payload;
}

export interface WriteResult {
	/** Generations for the caller to remove; more than one if an earlier write failed after its flip. */
	readonly replaced: readonly OldGeneration[];
	readonly flipped: boolean;
	readonly snapshot: string;
	readonly change: PayloadChange;
}

export interface VolumeWriterOptions {
	readonly tree: TreeOperations;
	/** Directory of the volume in the tree; empty when the root of the tree is the volume. */
	readonly path: string;
	/** Mode of the directory, if the writer makes it. Default: that of a configMap volume. */
	readonly mode?: number;
	readonly now: () => Date;
	/** State of a directory that exists already. */
	readonly state?: VolumeState;
}

/**
 * Errors of steps behind the flip that change nothing for a reader: another process made or filled the name since it was
 * checked, or something is mounted on it. Kubelet goes on, too.
 */
const HARMLESS: Partial<Record<Step['op'], readonly string[]>> = {
	symlink: ['EEXIST'],
	rmdir: ['ENOTEMPTY', 'EBUSY', 'ENOENT'],
};

export class VolumeWriter {
	readonly #tree: TreeOperations;
	readonly #prefix: string;
	readonly #mode: number;
	readonly #now: () => Date;
	#state: VolumeState;
	/** Generations that a failed write replaced; the next result includes them. */
	#unreported: OldGeneration[] = [];

	constructor(options: VolumeWriterOptions) {
		this.#tree = options.tree;
		this.#prefix = options.path === '' ? '' : `${options.path}/`;
		this.#mode = options.mode ?? VOLUME_MODE;
		this.#now = options.now;
		this.#state = options.state ?? NEW_VOLUME;
	}

	get state(): VolumeState {
		return this.#state;
	}

	/**
	 * Creates the volume's directory with its first generation, by one mkdir if the tree can.
	 * Requires: the path is not the root of the tree.
	 */
	create(payload: Payload): WriteResult {
		const path = this.#prefix.slice(0, -1);
		if (!this.#tree.makesCompleteDirectories) return this.#createStepwise(path, payload);
		const name = this.#newName();
		const plan = planWrite({ ...this.#state, ...NEW_VOLUME }, payload, name);
		this.#tree.mkdir(path, this.#mode, volumeContent(payload, name, this.#mode));
		this.#state = plan.next;
		return { replaced: [], flipped: true, snapshot: name, change: plan.change };
	}

	#createStepwise(path: string, payload: Payload): WriteResult {
		this.#tree.mkdir(path, this.#mode, emptyDirectory(this.#mode));
		try {
			this.#tree.chmod(path, this.#mode);
			return this.write(payload);
		} catch (error) {
			if (this.#state.snapshot === undefined) this.#tree.rmdir(path, 0);
			throw error;
		}
	}

	/**
	 * Makes the volume show `payload`. With `unlistReplaced` the old generation leaves listings at the flip.
	 * Errors: that of the first failing step. Before the flip all steps are undone, and the old generation stays.
	 */
	write(payload: Payload, unlistReplaced = false): WriteResult {
		const { state: before, occupied } = this.#present(payload);
		const plan = planWrite(before, payload, this.#newName(), occupied);
		const links = new Set(before.links);
		let flipped = false;
		for (const step of plan.steps) {
			try {
				this.#perform(step, 0, unlistReplaced);
			} catch (error) {
				if ((flipped || !plan.flips) && HARMLESS[step.op]?.includes(systemCode(error) ?? '')) continue;
				if (!flipped && plan.next.snapshot !== undefined && plan.flips) this.#undo(plan.next.snapshot, payload);
				throw error;
			}
			if (step.op === 'rename') {
				flipped = true;
				if (before.snapshot !== undefined) this.#unreported.push({ name: before.snapshot, payload: before.payload });
			}
			if (flipped || !plan.flips) {
				if (step.op === 'symlink') links.add(step.path);
				else if (step.op === 'unlink') links.delete(step.path);
				// One set is shared from here on: copying it for each of ten thousand links takes seconds.
				if (this.#state.links !== links) this.#state = { ...plan.next, links };
			}
		}
		this.#state = plan.next;
		const replaced = this.#unreported;
		this.#unreported = [];
		return { replaced, flipped: plan.flips, snapshot: plan.next.snapshot ?? '', change: plan.change };
	}

	/**
	 * The state without links that another process has removed: they are created again, and not removed twice. `occupied`
	 * has the names of old and new keys that something else has.
	 */
	#present(wanted: Payload): { readonly state: VolumeState; readonly occupied: OccupiedNames } {
		const links = new Set<string>();
		const occupied = new Map<string, Occupant>();
		const { links: known, payload } = this.#state;
		for (const name of new Set([...known, ...[...payload.keys(), ...wanted.keys()].map(topName)])) {
			const occupant = this.#tree.occupant(this.#prefix + name);
			if (occupant === 'link' && known.has(name)) links.add(name);
			else if (occupant !== undefined) occupied.set(name, occupant);
		}
		return { state: { ...this.#state, links }, occupied };
	}

	/**
	 * The first half of removing an old generation: unlinks its files. Watchers of files are notified; a path walk inside
	 * the directory still finds the names for `graceMs` if the tree keeps removed names.
	 */
	retireFiles(generation: OldGeneration, graceMs: number): void {
		this.#performAll(planRetirement(generation.name, generation.payload), 'unlink', graceMs);
	}

	/**
	 * The second half: removes its directories. A path walk inside one finds nothing from now on, because the kernel marks
	 * a removed directory dead; a walk that knows only its name finds it for `graceMs`.
	 */
	retireDirectories(generation: OldGeneration, graceMs: number): void {
		this.#performAll(planRetirement(generation.name, generation.payload), 'rmdir', graceMs);
	}

	#performAll(steps: readonly Step[], op: Step['op'], graceMs: number): void {
		for (const step of steps) if (step.op === op) this.#perform(step, graceMs, false);
	}

	/**
	 * Removes the volume, and its directory unless that is the root of the tree. `retained` are old generations with all
	 * files, `emptied` those of which only directories are left.
	 */
	remove(retained: readonly OldGeneration[], emptied: readonly OldGeneration[]): void {
		for (const step of planRemoval(this.#present(EMPTY_PAYLOAD).state, [...retained, ...this.#unreported]))
			this.#perform(step, 0, false);
		for (const generation of emptied) this.retireDirectories(generation, 0);
		this.#state = { ...this.#state, ...NEW_VOLUME };
		if (this.#prefix !== '') this.#tree.rmdir(this.#prefix.slice(0, -1), 0);
	}

	#perform(step: Step, graceMs: number, unlistReplaced: boolean): void {
		const path = this.#prefix + step.path;
		switch (step.op) {
			case 'mkdir':
				this.#tree.mkdir(path, step.mode, step.content);
				break;
			case 'chmod':
				this.#tree.chmod(path, step.mode);
				break;
			case 'fill':
				this.#tree.fill(path, step.content);
				break;
			case 'symlink':
				this.#tree.symlink(step.target, path);
				break;
			case 'rename':
				this.#tree.rename(path, this.#prefix + step.newPath, unlistReplaced ? step.replaces : undefined);
				break;
			case 'unlink':
				this.#tree.unlink(path, graceMs);
				break;
			case 'rmdir':
				this.#tree.rmdir(path, graceMs);
				break;
			default:
				step satisfies never;
		}
	}

	/** Undoes the steps of a failed write before its flip. Errors: none. */
	#undo(snapshot: string, payload: Payload): void {
		const steps: Step[] = [{ op: 'unlink', path: DATA_LINK_TMP }, ...planRetirement(snapshot, payload)];
		for (const step of steps) {
			try {
				this.#perform(step, 0, false);
			} catch {
				// The step that it undoes may not have been performed.
			}
		}
	}

	#newName(): string {
		return snapshotName(this.#now(), randomBytes(4).readUInt32LE());
	}
}
