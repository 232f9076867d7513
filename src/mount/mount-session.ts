/**
 * One mount from start to end: sources, store, volumes, driver. The only place that knows them all.
 */

import { ConfigMapFsError, errorText } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { EventListener } from '../control/events.js';
import { ProblemReporter } from '../control/problem-reporter.js';
import type { Driver, MountEnd, UnmountReport } from '../drivers/driver.js';
import { type ConfigMap, totalBytes } from '../model/config-map.js';
import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import { LayeredStore, type ObjectChange, type StoreFilter } from '../store/layered-store.js';
import type { ConfigMapSource } from '../store/source.js';
import { emptyDirectory } from '../volume/content.js';
import { EMPTY_PAYLOAD } from '../volume/payload.js';
import { type Projection, project, projectMissing } from '../volume/projection.js';
import { type RetentionPolicy, VolumeSession } from './volume-session.js';

/** What the mount point shows. */
export type Layout =
	/** A directory for each ConfigMap, below its namespace's where that was asked for. */
	| { readonly kind: 'tree'; readonly byNamespace: boolean; readonly projection: Projection }
	/** The mount point itself is one ConfigMap's volume. Without a namespace, the first of that name that comes. */
	| {
			readonly kind: 'volume';
			readonly name: string;
			readonly namespace: string | undefined;
			readonly projection: Projection;
	  };

export interface MountSessionOptions {
	readonly sources: readonly ConfigMapSource[];
	readonly filter: StoreFilter;
	readonly layout: Layout;
	readonly driver: Driver;
	readonly retention: RetentionPolicy;
	readonly now: () => Date;
	readonly log: Logger;
	readonly onEvent: EventListener;
}

const NAMESPACE_MODE = 0o755;

export class MountSession {
	readonly #options: MountSessionOptions;
	readonly #driver: Driver;
	readonly #log: Logger;
	readonly #onEvent: EventListener;
	readonly #store: LayeredStore;
	readonly #volumes = new Map<string, VolumeSession>();
	readonly #namespaces = new Map<string, number>();
	/** Which object has a directory, or the mount point, where two could claim it. */
	readonly #owners = new Map<string, ObjectKey>();
	/** Says that a required ConfigMap has come. */
	#found: (() => void) | undefined;
	#isOpen = false;
	#isClosed = false;

	constructor(options: MountSessionOptions) {
		this.#options = options;
		this.#driver = options.driver;
		this.#log = options.log;
		this.#onEvent = options.onEvent;
		const reporter = new ProblemReporter(options.onEvent);
		this.#store = new LayeredStore({
			layers: options.sources.map((source) => source.description),
			filter: options.filter,
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

	/** Number of ConfigMaps that are shown. */
	get volumeCount(): number {
		return this.#volumes.size;
	}

	/** Names of what is shown, as paths below the mount point; empty text for the mount point itself. */
	get volumePaths(): readonly string[] {
		return [...this.#volumes.keys()].sort();
	}

	/**
	 * Collects the first state and shows it. A required ConfigMap that is missing is waited for, as a pod would be.
	 * Errors: those of the sources and of the driver; nothing is left behind.
	 */
	async start(): Promise<void> {
		this.#store.hold();
		try {
			const sinks = this.#store.sinks;
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
			// What comes while the mount is made is shown as a change, when there is a mount to change.
			this.#store.hold();
			await this.#driver.mount();
			this.#isOpen = true;
			this.#store.release();
		} catch (error) {
			await this.close();
			throw error;
		}
	}

	/** In the volume layout there is nothing to show before the ConfigMap is there, unless it is optional. */
	async #firstVolume(): Promise<void> {
		const { layout } = this.#options;
		if (layout.kind === 'tree' || this.#volumes.size > 0) return;
		const payload = projectMissing(layout.projection);
		if (payload !== undefined) {
			this.#volume({ namespace: layout.namespace ?? '', name: layout.name }).write(payload);
			return;
		}
		if (!this.#store.list().some((object) => this.#isWanted(object.key))) {
			const cure = '--optional mounts an empty volume in the meantime';
			this.#onEvent({ type: 'waiting', message: `configmap "${layout.name}" not found`, cure });
		}
		await new Promise<void>((resolve) => {
			this.#found = resolve;
		});
	}

	/** Whoever stops a mount that is still being made gets an end and no mount. */
	#refuseIfClosed(): void {
		if (this.#isClosed) throw new ConfigMapFsError('INTERNAL', 'Stopped before the mount was made');
	}

	/** Takes everything down, also while it is being started. Idempotent. */
	async close(): Promise<UnmountReport> {
		this.#isClosed = true;
		this.#isOpen = false;
		this.#found?.();
		await Promise.all(this.#options.sources.map((source) => source.close()));
		for (const volume of this.#volumes.values()) {
			volume.close();
			if (this.#driver.persists) this.#attempt('removing a volume', () => volume.remove());
		}
		if (this.#driver.persists) {
			for (const namespace of this.#namespaces.keys()) {
				this.#attempt('removing a namespace', () => this.#driver.tree.rmdir(namespace, 0));
			}
		}
		this.#volumes.clear();
		return await this.#driver.unmount();
	}

	#changed(changes: readonly ObjectChange[]): void {
		for (const { key, object } of changes) {
			if (!this.#isWanted(key)) continue;
			this.#attempt(formatObjectKey(key), () => {
				if (object === undefined) this.#objectGone(key);
				else if (this.#claim(key)) this.#show(object);
			});
		}
	}

	/** Whether the layout has a place for an object of this key. */
	#isWanted(key: ObjectKey): boolean {
		const { layout } = this.#options;
		if (layout.kind === 'tree') return true;
		return key.name === layout.name && (layout.namespace === undefined || key.namespace === layout.namespace);
	}

	/** Gives the place of `key` to it, unless an object of another namespace has it: that is an error for a person. */
	#claim(key: ObjectKey): boolean {
		const path = this.#pathOf(key);
		const owner = this.#owners.get(path);
		if (owner === undefined || formatObjectKey(owner) === formatObjectKey(key)) {
			this.#owners.set(path, key);
			return true;
		}
		const [shown, hidden] = [formatObjectKey(owner), formatObjectKey(key)];
		throw new ConfigMapFsError(
			'INPUT_INVALID',
			`Two ConfigMaps are named "${key.name}": "${shown}" is shown and "${hidden}" is not; choose with -n, or show all with -A`,
		);
	}

	/** In a tree the directory goes. Kubelet's rules hold for a volume: an optional one empties, a required one stays. */
	#objectGone(key: ObjectKey): void {
		const path = this.#pathOf(key);
		const owner = this.#owners.get(path);
		if (owner === undefined || formatObjectKey(owner) !== formatObjectKey(key)) return;
		this.#owners.delete(path);
		const { layout } = this.#options;
		if (layout.kind === 'volume') {
			if (projectMissing(layout.projection) !== undefined) this.#volume(key).write(EMPTY_PAYLOAD);
			else
				this.#onEvent({ type: 'kept', configMap: formatObjectKey(key), message: `configmap "${key.name}" not found` });
		} else {
			this.#removeVolume(key);
		}
		const heir = this.#store.list().find((object) => this.#isWanted(object.key) && this.#pathOf(object.key) === path);
		if (heir !== undefined && this.#claim(heir.key)) this.#show(heir);
	}

	#show(object: ConfigMap): void {
		const pieces = object.data.size + object.binaryData.size;
		this.#log.debug(
			`Received configMap ${formatObjectKey(object.key)} containing (${pieces}) pieces of data, ${totalBytes(object)} total bytes`,
		);
		const payload = project(object, this.#options.layout.projection);
		this.#volume(object.key).write(payload);
		this.#found?.();
	}

	/** The volume of an object; its namespace's directory comes with the first one. */
	#volume(key: ObjectKey): VolumeSession {
		const path = this.#pathOf(key);
		const known = this.#volumes.get(path);
		if (known !== undefined) return known;
		const { layout, retention, now } = this.#options;
		if (layout.kind === 'tree' && layout.byNamespace) this.#enterNamespace(key.namespace);
		const volume = new VolumeSession({
			subject: { configMap: formatObjectKey(key) },
			path: this.#pathOf(key),
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

	#enterNamespace(namespace: string): void {
		const count = this.#namespaces.get(namespace) ?? 0;
		if (count === 0) {
			try {
				this.#driver.tree.mkdir(namespace, NAMESPACE_MODE, emptyDirectory(NAMESPACE_MODE));
			} catch (error) {
				if (!this.#driver.persists) throw error;
			}
		}
		this.#namespaces.set(namespace, count + 1);
	}

	#removeVolume(key: ObjectKey): void {
		const path = this.#pathOf(key);
		const volume = this.#volumes.get(path);
		if (volume === undefined) return;
		this.#volumes.delete(path);
		volume.remove();
		const count = this.#namespaces.get(key.namespace);
		if (count === undefined) return;
		if (count > 1) {
			this.#namespaces.set(key.namespace, count - 1);
			return;
		}
		this.#namespaces.delete(key.namespace);
		this.#driver.tree.rmdir(key.namespace, 0);
	}

	#pathOf(key: ObjectKey): string {
		const { layout } = this.#options;
		if (layout.kind === 'volume') return '';
		return layout.byNamespace ? `${key.namespace}/${key.name}` : key.name;
	}

	/** One object's failure concerns no other object; before the mount is open a broken driver ends the start. */
	#attempt(subject: string, act: () => void): void {
		try {
			act();
		} catch (error) {
			const expected = error instanceof ConfigMapFsError && error.code !== 'INTERNAL';
			if (expected) this.#log.error({ configMap: subject }, errorText(error));
			else this.#log.error({ configMap: subject, err: error }, 'not shown; the last good content stays');
		}
	}

	/** Requests that reached user space, by opcode. */
	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return this.#isOpen ? await this.#driver.upcalls() : {};
	}
}
