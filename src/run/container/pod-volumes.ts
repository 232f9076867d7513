/**
 * The volumes of a pod while it lives: each shows what its objects say, by kubelet's rules for what is missing, and
 * says when it flipped. The tree has a directory for each volume, named by it.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../base/log.js';
import type { EventListener } from '../../control/events.js';
import type { Driver } from '../../drivers/driver.js';
import type { RetentionPolicy } from '../../mount/retention.js';
import { type Flip, VolumeSession } from '../../mount/volume-session.js';
import type { Missing } from '../../pod/notices.js';
import type { PayloadVolume } from '../../pod/volumes/volume-files.js';
import type { VolumePayload } from '../../pod/volumes/volume-payload.js';
import { emptyDirectory, SNAPSHOT_MODE, VOLUME_MODE } from '../../volume/content.js';
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

/** One volume and what is known of it. */
interface Shown {
	readonly session: VolumeSession;
	/** What its content came from. */
	source: PayloadVolume['source'];
	/** Directories that mounts inside it need. */
	readonly nested: Set<string>;
	/** Why it cannot be renewed; undefined: it can. */
	complaint: string | undefined;
}

export class PodVolumes {
	readonly #options: PodVolumesOptions;
	readonly #shown = new Map<string, Shown>();
	#isOpen = false;

	constructor(options: PodVolumesOptions) {
		this.#options = options;
	}

	/** From now on flips are news. */
	opened(): void {
		this.#isOpen = true;
	}

	/**
	 * Shows the volumes as `payloadOf` says; what is missing and required leaves the last content, and is returned for
	 * volumes that have none. `nested` names the directories that other mounts need inside a volume.
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
			if ('payload' in wanted) this.#show(volume, wanted.payload, nested.get(volume.name) ?? []);
			else if (!this.#keep(volume, wanted.missing)) missing.push(...wanted.missing);
		}
		return missing;
	}

	/** Whether the volume has content to keep. */
	#keep(volume: PayloadVolume, missing: readonly Missing[]): boolean {
		const shown = this.#shown.get(volume.name);
		// What the workload defines otherwise now is another volume.
		if (shown === undefined || !isDeepStrictEqual(shown.source, volume.source)) return false;
		const complaint = missing.map(({ message }) => message).join('; ');
		if (shown.complaint !== complaint) this.#options.log.warn(`${complaint}; the last content stays`);
		shown.complaint = complaint;
		return true;
	}

	#show(volume: PayloadVolume, payload: Payload, nested: readonly string[]): void {
		const { driver, retention, now, log, onEvent, onFlip } = this.#options;
		let shown = this.#shown.get(volume.name);
		if (shown === undefined) {
			const reserved = this.#reserve(volume.name, nested);
			const session = new VolumeSession({
				subject: { volume: volume.name },
				path: volume.name,
				driver,
				...(reserved.size === 0 ? {} : { reserved }),
				retention,
				now,
				log,
				onEvent,
				isVisible: () => this.#isOpen,
			});
			shown = { session, source: volume.source, nested: new Set(nested), complaint: undefined };
			this.#shown.set(volume.name, shown);
			session.write(payload);
			return;
		}
		if (shown.complaint !== undefined) log.info({ volume: volume.name }, 'everything that was missing is there');
		shown.complaint = undefined;
		for (const path of nested.filter((one) => shown?.nested.has(one) === false)) {
			shown.nested.add(path);
			this.makeDirectory(volume.name, path);
		}
		let flip: Flip | undefined;
		try {
			flip = shown.session.write(payload);
		} catch (error) {
			// One volume's failure concerns no other, and no application that can go on with what it has.
			if (!isDeepStrictEqual(shown.source, volume.source)) throw error;
			log.error({ volume: volume.name, err: error }, 'not shown; the last content stays');
		}
		shown.source = volume.source;
		if (flip !== undefined && this.#isOpen) onFlip(volume.name, flip);
	}

	/** Makes the volume with the directories that mounts inside it need, before it has any content. */
	#reserve(volume: string, nested: readonly string[]): ReadonlySet<string> {
		if (nested.length === 0) return new Set();
		const { tree } = this.#options.driver;
		tree.mkdir(volume, VOLUME_MODE, emptyDirectory(VOLUME_MODE));
		tree.chmod(volume, VOLUME_MODE);
		for (const path of nested) this.makeDirectory(volume, path);
		return new Set(nested.map(topName));
	}

	/**
	 * A directory inside a volume, with its parents: for a mount that lies there, or for a subPath that is not there.
	 * Source: kubelet v1.32 pkg/volume/util, MakeNestedMountpoints.
	 */
	makeDirectory(volume: string, path: string): void {
		const parts = path.split('/');
		for (let length = 1; length <= parts.length; length++) {
			const directory = `${volume}/${parts.slice(0, length).join('/')}`;
			try {
				this.#options.driver.tree.mkdir(directory, SNAPSHOT_MODE, emptyDirectory(SNAPSHOT_MODE));
			} catch (error) {
				this.#options.log.debug({ err: error, directory }, 'a directory in a volume is there already');
			}
		}
	}

	close(): void {
		for (const { session } of this.#shown.values()) session.close();
	}
}
