/**
 * Builds the payload of a volume, or reports why kubelet would not set it up. Pure. A caller that presents the volume
 * keeps the last valid payload.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { checkConflicts, type Payload } from '../../volume/payload.js';
import { type Advice, adviceText, type Missing, type PodWarning } from '../notices.js';
import type { PodObjects } from '../pod-objects.js';
import {
	type ClusterOnlySource,
	type Collision,
	collisionsOf,
	type DownwardText,
	type PayloadVolume,
	volumeFiles,
} from './volume-files.js';

export type VolumePayload = (
	| { readonly payload: Payload }
	/** At least one. */
	| { readonly missing: readonly Missing[] }
) & { readonly warnings: readonly PodWarning[] };

/** Errors: INTERNAL only. Faults of the objects are `missing`, because a change of the objects can mend them. */
export function volumePayload(volume: PayloadVolume, objects: PodObjects, downward: DownwardText): VolumePayload {
	const { files, errors, clusterOnly } = volumeFiles(volume, objects, downward);
	const warnings = [...clusterOnlyAdvices(volume.name, clusterOnly), ...collisionsOf(files).map(collisionAdvice)].map(
		(advice) => ({
			field: `volume "${volume.name}"`,
			text: adviceText(advice),
		}),
	);
	const payload = new Map(files.map(({ path, file }) => [path, file]));
	const failure = errors.length > 0 ? joined(errors) : conflictText(payload);
	if (failure === undefined) return { payload, warnings };
	const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${failure}`;
	return { missing: [{ reason: 'ContainerCreating', message }], warnings };
}

/** One advice for a volume such as `kube-api-access-x7x7x`, which a cluster adds to each pod. */
function clusterOnlyAdvices(volume: string, sources: readonly ClusterOnlySource[]): readonly Advice[] {
	const published = sources.flatMap(({ name }) => name ?? []);
	if (published.length === 0) return sources.map(clusterOnlyAdvice);
	const [isAre, it, its] = sources.length === 1 ? ['is', 'it', 'its'] : ['are', 'them', 'their'];
	return [
		{
			text: `${sources.map(sourceText).join(' and ')} ${isAre} not available: only a cluster creates ${it}, so ${its} files are left out`,
			cure: `add ConfigMap ${published.join(' and ')} with -f, or the complete volume with --local-volume ${volume}=DIR`,
		},
	];
}

function sourceText({ type, path, name = path }: ClusterOnlySource): string {
	return name === undefined ? type : `${type} "${name}"`;
}

/** `serviceAccountToken "token" is not available: …`. */
export function clusterOnlyAdvice(source: ClusterOnlySource): Advice {
	return {
		text: `${sourceText(source)} is not available: only a cluster creates it`,
		cure: 'add a secret source with its path to replace it',
	};
}

export function collisionAdvice({ path, winner, hidden }: Collision): Advice {
	const losers = new Set(hidden.map(({ origin }) => origin));
	losers.delete(winner.origin);
	return losers.size === 0
		? {
				text: `${winner.origin} is listed more than once at "${path}"; the last entry counts`,
				cure: 'remove the others',
			}
		: {
				text: `${winner.origin} hides ${[...losers].join(' and ')} at "${path}", because it is listed later`,
				cure: 'list the keys as items with different paths',
			};
}

/** Source: kubernetes v1.32 apimachinery util/errors, aggregate.Error. */
function joined(texts: readonly string[]): string {
	const distinct = [...new Set(texts)];
	return distinct.length === 1 ? distinct.join() : `[${distinct.join(', ')}]`;
}

/** The fault of a path that is both a file and a directory; undefined if there is none. */
function conflictText(payload: Payload): string | undefined {
	try {
		checkConflicts(payload);
		return undefined;
	} catch (error) {
		if (error instanceof ConfigMapFsError && error.code === 'INPUT_INVALID') return error.message;
		throw error;
	}
}
