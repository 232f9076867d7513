/**
 * The volumes of a pod whose files come from objects. Each shows the current state of its objects, with kubelet's rules
 * for missing ones, and reports its flips. The tree has one directory for each volume, of the same name.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../base/log.js';
import type { EventListener } from '../../control/events.js';
import type { Driver } from '../../drivers/driver.js';
import type { RetentionPolicy } from '../../mount/retention.js';
import { type Flip, VolumeSession } from '../../mount/volume-session.js';
import type { Missing } from '../../pod/notices.js';
import { volumeRootMode } from '../../pod/volumes/root-mode.js';
import type { PayloadVolume } from '../../pod/volumes/volume-files.js';
import type { VolumePayload } from '../../pod/volumes/volume-payload.js';
import { emptyDirectory, SNAPSHOT_MODE } from '../../volume/content.js';
import { type Payload, topName } from '../../volume/payload.js';
import type { OnceLogger } from '../once-logger.js';

export interface PodVolumesOptions {
	readonly driver: Driver;
	readonly retention: RetentionPolicy;
	readonly now: () => Date;
	readonly log: Logger;
	readonly onEvent: EventListener;
	readonly warnings: OnceLogger;
	/** A generation replaced another while the application could see it. */
	readonly onFlip: (volume: string, flip: Flip) => void;
}

/** A volume that has content. */
interface VolumeState {
	readonly session: VolumeSession;
	/** The definition that its content comes from. */
	source: PayloadVolume['source'];
	/** Directories that mounts inside the volume need. */
	readonly nested: Set<string>;
	/** Their top names. */
	readonly reserved: Set<string>;
	/** What is missing for newer content; undefined: nothing. */
	missing: string | undefined;
}

export class PodVolumes {
	readonly #options: PodVolumesOptions;
	readonly #states = new Map<string, VolumeState>();
	#isOpen = false;

	constructor(options: PodVolumesOptions) {
		this.#options = options;
		options.driver.reportFaultsTo((fault) => options.onEvent({ type: 'server-fault', ...fault }));
	}

	/** The application can see the volumes: from now on flips are reported. */
	opened(): void {
		this.#isOpen = true;
	}

	/**
	 * Writes the payloads of the volumes. A volume that misses a required object keeps its last content; what is missing
	 * for volumes without content is returned. `nested` has the directories that other mounts need inside a volume.
	 */
	update(
		volumes: readonly PayloadVolume[],
		payloadOf: (volume: PayloadVolume) => VolumePayload,
		nested: ReadonlyMap<string, readonly string[]>,
	): readonly Missing[] {
		const missing: Missing[] = [];
		for (const volume of volumes) {
			const wanted = payloadOf(volume);
			this.#options.warnings.warn(wanted.warnings);
			if ('payload' in wanted) this.#write(volume, wanted.payload, nested.get(volume.name) ?? []);
			else if (!this.#keep(volume, wanted.missing)) missing.push(...wanted.missing);
		}
		return missing;
	}

	/** Whether the volume has content to keep. */
	#keep(volume: PayloadVolume, missing: readonly Missing[]): boolean {
		const state = this.#states.get(volume.name);
		// With another definition it is another volume, whose content is of no use.
		if (state === undefined || !isDeepStrictEqual(state.source, volume.source)) return false;
		const message = missing.map((one) => one.message).join('; ');
		if (state.missing !== message) this.#options.onEvent({ type: 'kept', volume: volume.name, message });
		state.missing = message;
		return true;
	}

	#write(volume: PayloadVolume, payload: Payload, nested: readonly string[]): void {
		const state = this.#states.get(volume.name);
		if (state === undefined) {
			this.#create(volume, payload, nested);
			return;
		}
		const { log, onEvent, onFlip } = this.#options;
		if (state.missing !== undefined) onEvent({ type: 'found', volume: volume.name });
		state.missing = undefined;
		for (const path of nested.filter((one) => !state.nested.has(one))) {
			state.nested.add(path);
			state.reserved.add(topName(path));
			this.#makeDirectory(volume.name, path, SNAPSHOT_MODE);
		}
		let flip: Flip | undefined;
		try {
			flip = state.session.write(payload);
		} catch (error) {
			// The other volumes, and an application that can use the last content, must not suffer.
			if (!isDeepStrictEqual(state.source, volume.source)) throw error;
			log.error({ volume: volume.name, err: error }, 'cannot write the volume; the last content stays');
		}
		state.source = volume.source;
		if (flip !== undefined && this.#isOpen) onFlip(volume.name, flip);
	}

	#create(volume: PayloadVolume, payload: Payload, nested: readonly string[]): void {
		const { driver, retention, now, log, onEvent } = this.#options;
		const reserved = new Set(nested.map(topName));
		const mode = volumeRootMode(volume.source);
		if (nested.length > 0) this.#makeWithMountPoints(volume.name, mode, nested);
		const session = new VolumeSession({
			subject: { volume: volume.name },
			path: volume.name,
			driver,
			reserved,
			exists: nested.length > 0,
			mode,
			retention,
			now,
			log,
			onEvent,
			isVisible: () => this.#isOpen,
		});
		this.#states.set(volume.name, {
			session,
			source: volume.source,
			nested: new Set(nested),
			reserved,
			missing: undefined,
		});
		session.write(payload);
	}

	/** Creates the volume with the directories that mounts inside it need, before its content. */
	#makeWithMountPoints(volume: string, mode: number, nested: readonly string[]): void {
		const { tree } = this.#options.driver;
		tree.mkdir(volume, mode, emptyDirectory(mode));
		tree.chmod(volume, mode);
		for (const path of nested) this.#makeDirectory(volume, path, SNAPSHOT_MODE);
	}

	/**
	 * Creates the directory of a subPath that does not exist, with its parents. It gets the mode of the volume's root, its
	 * parents do not. Source: kubelet v1.32 pkg/volume/util/subpath, doSafeMakeDir.
	 */
	makeSubPath(volume: string, path: string): void {
		const state = this.#states.get(volume);
		if (state !== undefined) this.#makeDirectory(volume, path, volumeRootMode(state.source));
	}

	/**
	 * Creates a directory inside a volume, with its parents. `mode` is that of the last one.
	 * Source: kubelet v1.32 pkg/volume/util, MakeNestedMountpoints.
	 */
	#makeDirectory(volume: string, path: string, mode: number): void {
		const { tree } = this.#options.driver;
		const parts = path.split('/');
		for (let length = 1; length <= parts.length; length++) {
			const directory = `${volume}/${parts.slice(0, length).join('/')}`;
			const ownMode = length === parts.length ? mode : SNAPSHOT_MODE;
			try {
				tree.mkdir(directory, ownMode, emptyDirectory(ownMode));
			} catch (error) {
				this.#options.log.debug({ err: error, directory }, 'the directory exists already');
				continue;
			}
			// The umask has no effect on the result.
			tree.chmod(directory, ownMode);
		}
	}

	/** Idempotent. */
	close(): void {
		for (const { session } of this.#states.values()) session.close();
	}
}
