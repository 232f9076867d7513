/** One mount from start to end: collects objects from the sources and shows each one at its place in the layout. */

import { ConfigMapFsError, errorText } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { EventListener } from '../control/events.js';
import { ProblemReporter } from '../control/problem-reporter.js';
import type { Driver, MountEnd, UnmountReport } from '../drivers/driver.js';
import { type ConfigMap, totalBytes } from '../model/config-map.js';
import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import { LayeredStore, type ObjectChange, type StoreFilter } from '../store/layered-store.js';
import type { Source } from '../store/source.js';
import { emptyDirectory } from '../volume/content.js';
import { EMPTY_PAYLOAD } from '../volume/payload.js';
import { project, projectMissing } from '../volume/projection.js';
import { Layout, type LayoutOptions } from './layout.js';
import type { RetentionPolicy } from './retention.js';
import { VolumeSession } from './volume-session.js';

export interface MountSessionOptions {
	/** The first is the lowest layer. */
	readonly sources: readonly Source[];
	readonly filter: StoreFilter;
	readonly layout: LayoutOptions;
	readonly driver: Driver;
	readonly retention: RetentionPolicy;
	readonly now: () => Date;
	readonly log: Logger;
	readonly onEvent: EventListener;
}

/** Mode of the directory of a namespace. */
const NAMESPACE_MODE = 0o755;

export class MountSession {
	readonly #options: MountSessionOptions;
	readonly #driver: Driver;
	readonly #log: Logger;
	readonly #onEvent: EventListener;
	readonly #store: LayeredStore;
	readonly #layout: Layout;
	/** By path below the mount point. */
	readonly #volumes = new Map<string, VolumeSession>();
	/** Ends the wait for a required ConfigMap. */
	#stopWaiting: (() => void) | undefined;
	/** Whether the mount is visible. */
	#isOpen = false;
	#isClosed = false;

	constructor(options: MountSessionOptions) {
		this.#options = options;
		this.#driver = options.driver;
		this.#log = options.log;
		this.#onEvent = options.onEvent;
		this.#layout = new Layout(options.layout);
		this.#driver.reportFaultsTo((fault) => this.#onEvent({ type: 'server-fault', ...fault }));
		const reporter = new ProblemReporter(options.onEvent);
		this.#store = new LayeredStore({
			layers: options.sources.map((source) => source.description),
			filter: options.filter,
			needs: { types: new Set(['ConfigMap']), explains: false },
			listener: {
				changed: (changes) => this.#changed(changes),
				problems: (problems) => reporter.update(problems),
			},
		});
	}

	/** Resolves when the mount is over. */
	get ended(): Promise<MountEnd> {
		return this.#driver.ended;
	}

	get driverName(): string {
		return this.#driver.name;
	}

	/** Number of ConfigMaps shown. */
	get volumeCount(): number {
		return this.#volumes.size;
	}

	/** Paths of the volumes below the mount point, sorted; the mount point itself is an empty path. */
	get volumePaths(): readonly string[] {
		return [...this.#volumes.keys()].sort();
	}

	/**
	 * Collects the first state and mounts it. Waits for a required ConfigMap that is missing, as a pod does.
	 * Errors: those of the sources and of the driver; nothing is left behind.
	 */
	async start(): Promise<void> {
		this.#store.hold();
		try {
			const { sinks } = this.#store;
			await Promise.all(
				this.#options.sources.map(async (source, index) => {
					const sink = sinks[index];
					if (sink !== undefined) await source.start(sink);
				}),
			);
			this.#refuseIfClosed();
			this.#store.release();
			await this.#firstVolume();
			this.#refuseIfClosed();
			// Changes that arrive while the driver mounts are held, and shown as flips of the visible mount.
			this.#store.hold();
			await this.#driver.mount();
			this.#isOpen = true;
			this.#store.release();
		} catch (error) {
			await this.close();
			throw error;
		}
	}

	/** In the volume layout: returns once there is a volume to mount. A missing optional ConfigMap is an empty volume. */
	async #firstVolume(): Promise<void> {
		const { layout } = this.#options;
		if (layout.kind === 'tree' || this.#volumes.size > 0) return;
		const payload = projectMissing(layout.projection);
		if (payload !== undefined) {
			this.#volume({ namespace: layout.namespace ?? '', name: layout.name }).write(payload);
			return;
		}
		if (!this.#store.list('ConfigMap').some(({ key }) => this.#layout.accepts(key))) {
			const cure = '--optional mounts an empty volume in the meantime';
			this.#onEvent({ type: 'waiting', message: `configmap "${layout.name}" not found`, cure });
		}
		await new Promise<void>((resolve) => {
			this.#stopWaiting = resolve;
		});
	}

	#refuseIfClosed(): void {
		if (this.#isClosed) throw new ConfigMapFsError('INTERNAL', 'stopped before the mount was made');
	}

	/** Unmounts and closes the sources, also during a start. Idempotent. */
	async close(): Promise<UnmountReport> {
		this.#isClosed = true;
		this.#isOpen = false;
		this.#stopWaiting?.();
		await Promise.all(this.#options.sources.map((source) => source.close()));
		for (const volume of this.#volumes.values()) {
			volume.close();
			if (this.#driver.persists) this.#attempt('removing a volume', () => volume.remove());
		}
		if (this.#driver.persists) {
			for (const directory of this.#layout.directories) {
				this.#attempt('removing a namespace', () => this.#driver.tree.rmdir(directory, 0));
			}
		}
		this.#volumes.clear();
		return await this.#driver.unmount();
	}

	#changed(changes: readonly ObjectChange[]): void {
		for (const { type, key, object } of changes) {
			if (type !== 'ConfigMap' || !this.#layout.accepts(key)) continue;
			this.#attempt(formatObjectKey(key), () => {
				if (object === undefined) this.#objectGone(key);
				else this.#show(object);
			});
		}
	}

	/** Errors: INPUT_INVALID if the object's path shows another object, or its content cannot be shown. */
	#show(object: ConfigMap): void {
		const { key, data, binaryData } = object;
		this.#layout.claim(key);
		// Kubelet's words. Source: kubernetes v1.32 pkg/volume/configmap, SetUpAt.
		this.#log.debug(
			`Received configMap ${formatObjectKey(key)} containing (${data.size + binaryData.size}) pieces of data, ${totalBytes(object)} total bytes`,
		);
		this.#volume(key).write(project(object, this.#options.layout.projection));
		this.#stopWaiting?.();
	}

	/** In a tree the directory goes. In a volume, as in kubelet, optional content empties and required content stays. */
	#objectGone(key: ObjectKey): void {
		if (!this.#layout.release(key)) return;
		const { layout } = this.#options;
		if (layout.kind === 'tree') this.#removeVolume(key);
		else if (projectMissing(layout.projection) !== undefined) this.#volume(key).write(EMPTY_PAYLOAD);
		else {
			const configMap = formatObjectKey(key);
			this.#onEvent({ type: 'kept', configMap, message: `configmap "${key.name}" not found` });
		}
		const heir = this.#layout.heirOf(key, this.#store.list('ConfigMap'));
		if (heir !== undefined) this.#show(heir);
	}

	/** The volume of an object, made if it is new. */
	#volume(key: ObjectKey): VolumeSession {
		const path = this.#layout.pathOf(key);
		const known = this.#volumes.get(path);
		if (known !== undefined) return known;
		const directory = this.#layout.missingDirectory(key);
		if (directory !== undefined) this.#makeDirectory(directory);
		this.#layout.volumeMade(key);
		const { retention, now } = this.#options;
		const volume = new VolumeSession({
			subject: { configMap: formatObjectKey(key) },
			path,
			driver: this.#driver,
			retention,
			now,
			log: this.#log,
			onEvent: this.#onEvent,
			isVisible: () => this.#isOpen,
		});
		this.#volumes.set(path, volume);
		return volume;
	}

	/** In a tree that persists, a killed daemon may have left the directory. */
	#makeDirectory(directory: string): void {
		try {
			this.#driver.tree.mkdir(directory, NAMESPACE_MODE, emptyDirectory(NAMESPACE_MODE));
		} catch (error) {
			if (!this.#driver.persists) throw error;
		}
	}

	#removeVolume(key: ObjectKey): void {
		const path = this.#layout.pathOf(key);
		const volume = this.#volumes.get(path);
		if (volume === undefined) return;
		this.#volumes.delete(path);
		volume.remove();
		const directory = this.#layout.volumeRemoved(key);
		if (directory !== undefined) this.#driver.tree.rmdir(directory, 0);
	}

	/** Logs a failure, so that one object's failure does not affect the others. */
	#attempt(configMap: string, act: () => void): void {
		try {
			act();
		} catch (error) {
			const expected = error instanceof ConfigMapFsError && error.code !== 'INTERNAL';
			if (expected) this.#log.error({ configMap }, errorText(error));
			else this.#log.error({ configMap, err: error }, 'cannot be shown; the last valid content stays');
		}
	}

	/** Requests that reached user space, by opcode. */
	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return this.#isOpen ? await this.#driver.upcalls() : {};
	}
}
