/** Collects the files of all sources of a volume, including those that another file at the same path hides. Pure. */

import { ConfigMapFsError } from '../../base/errors.js';
import type { FileProjection } from '../../volume/payload.js';
import { payloadPath } from '../../volume/payload.js';
import {
	configMapSource,
	type Projection,
	type ProjectionSource,
	projectFiles,
	secretSource,
} from '../../volume/projection.js';
import { isLeftOut } from '../cluster-published.js';
import type { PodObjects } from '../pod-objects.js';
import type {
	DownwardItem,
	FieldRef,
	PodVolume,
	ProjectedSource,
	ResourceFieldRef,
	VolumeSource,
} from '../pod-spec.js';

/** Sources of volumes whose files kubelet writes. */
export type PayloadSource = Extract<
	VolumeSource,
	{ readonly kind: 'configMap' | 'secret' | 'downwardAPI' | 'projected' }
>;

export interface PayloadVolume extends PodVolume {
	readonly source: PayloadSource;
}

const PAYLOAD_KINDS: ReadonlySet<VolumeSource['kind']> = new Set(['configMap', 'secret', 'downwardAPI', 'projected']);

export function isPayloadVolume(volume: PodVolume): volume is PayloadVolume {
	return PAYLOAD_KINDS.has(volume.source.kind);
}

/**
 * Returns the value of a field or resource. `containerName` is the one of a resource. Errors: ConfigMapFsError with
 * kubelet's text if it cannot be resolved.
 */
export type DownwardText = (ref: FieldRef | ResourceFieldRef, containerName?: string) => string;

export interface VolumeFile {
	/** Clean, relative to the root of the volume. */
	readonly path: string;
	/** `key "a" of configMap "app"`, `metadata.name`. */
	readonly origin: string;
	readonly file: FileProjection;
}

/** A source that only a cluster has. */
export interface ClusterOnlySource {
	/** `serviceAccountToken`; `configMap` of an object that the cluster publishes. */
	readonly type: string;
	/** Name of that object; undefined for other types. */
	readonly name?: string;
	/** Path of its file, as written. */
	readonly path: string | undefined;
}

export interface VolumeFiles {
	/** In the order of the sources. The last file of a path is shown. */
	readonly files: readonly VolumeFile[];
	/** Kubelet's texts, one for each failure. A source that fails has no files. */
	readonly errors: readonly string[];
	readonly clusterOnly: readonly ClusterOnlySource[];
}

/**
 * Errors: none; see `errors`. Source: kubelet v1.32 pkg/volume/projected, collectData; pkg/volume/downwardapi,
 * CollectData; pkg/volume/configmap and secret, SetUpAt.
 */
export function volumeFiles({ source }: PayloadVolume, objects: PodObjects, downward: DownwardText): VolumeFiles {
	const collected = sourcesOf(source).map((one) => new SourceReader(objects, downward).read(one));
	return {
		files: collected.flatMap(({ files }) => files),
		errors: collected.flatMap(({ errors }) => errors),
		clusterOnly: collected.flatMap(({ clusterOnly }) => clusterOnly),
	};
}

/** Any source as a projected one, with the default mode of its volume. */
type SourceWithMode = ProjectedSource & { readonly defaultMode: number };

function sourcesOf(source: PayloadSource): readonly SourceWithMode[] {
	switch (source.kind) {
		case 'projected':
			return source.sources.map((one) => ({ ...one, defaultMode: source.defaultMode }));
		case 'downwardAPI':
			return [source];
		default: {
			const { kind, name, projection } = source;
			const { items = [], optional, defaultMode } = projection;
			return [{ kind, name, items, optional, defaultMode }];
		}
	}
}

class SourceReader {
	readonly #objects: PodObjects;
	readonly #downward: DownwardText;
	readonly #errors: string[] = [];

	constructor(objects: PodObjects, downward: DownwardText) {
		this.#objects = objects;
		this.#downward = downward;
	}

	read(source: SourceWithMode): VolumeFiles {
		if (source.kind === 'other') {
			return { files: [], errors: [], clusterOnly: [{ type: source.type, path: source.path }] };
		}
		if (source.kind !== 'downwardAPI' && !source.optional && isLeftOut(source.kind, source.name, this.#objects)) {
			const { kind, name, items } = source;
			return { files: [], errors: [], clusterOnly: [{ type: kind, name, path: items[0]?.path }] };
		}
		const files =
			source.kind === 'downwardAPI'
				? source.items.flatMap((item) => this.#attempt(() => [this.#downwardFile(item, source.defaultMode)]))
				: this.#attempt(() => this.#objectFiles(source.kind, source.name, source));
		return { files: this.#errors.length === 0 ? files : [], errors: this.#errors, clusterOnly: [] };
	}

	#objectFiles(kind: 'configMap' | 'secret', name: string, projection: Projection): readonly VolumeFile[] {
		const source = this.#object(kind, name);
		if (source === undefined) {
			if (projection.optional) return [];
			throw new ConfigMapFsError('CONFIGMAP_NOT_FOUND', `${kind.toLowerCase()} "${name}" not found`);
		}
		return projectFiles(source, projection).map(({ path, key, file }) => ({
			path,
			origin: `key "${key}" of ${kind} "${name}"`,
			file,
		}));
	}

	#object(kind: 'configMap' | 'secret', name: string): ProjectionSource | undefined {
		if (kind === 'secret') {
			const secret = this.#objects.secret(name);
			return secret && secretSource(secret);
		}
		const configMap = this.#objects.configMap(name);
		return configMap && configMapSource(configMap);
	}

	#downwardFile({ path, mode, ref }: DownwardItem, defaultMode: number): VolumeFile {
		const isField = ref.kind === 'fieldRef';
		const text = isField ? this.#downward(ref) : this.#downward(ref, ref.containerName);
		return {
			path: payloadPath(path),
			origin: isField ? ref.fieldPath : ref.resource,
			file: { bytes: Buffer.from(text, 'utf8'), mode: mode ?? defaultMode },
		};
	}

	/** Collects faults of the pod and its objects. A bug is thrown. */
	#attempt(read: () => readonly VolumeFile[]): readonly VolumeFile[] {
		try {
			return read();
		} catch (error) {
			if (!(error instanceof ConfigMapFsError) || error.code === 'INTERNAL') throw error;
			this.#errors.push(error.message);
			return [];
		}
	}
}

/** Files with the same path. The last one, `winner`, is shown. */
export interface Collision<F extends FileOrigin = FileOrigin> {
	readonly path: string;
	readonly winner: F;
	/** At least one. */
	readonly hidden: readonly F[];
}

type FileOrigin = Pick<VolumeFile, 'path' | 'origin'>;

/** Sorted by path. */
export function collisionsOf<F extends FileOrigin>(files: readonly F[]): readonly Collision<F>[] {
	const byPath = new Map<string, F[]>();
	for (const file of files) {
		const others = byPath.get(file.path);
		if (others === undefined) byPath.set(file.path, [file]);
		else others.push(file);
	}
	const collisions: Collision<F>[] = [];
	for (const [path, same] of byPath) {
		const winner = same.at(-1);
		if (winner !== undefined && same.length > 1) collisions.push({ path, winner, hidden: same.slice(0, -1) });
	}
	return collisions.sort((a, b) => (a.path < b.path ? -1 : 1));
}
