/**
 * What a volume of a pod shows at one moment, or why kubelet would not set it up. Pure; whoever shows it live keeps the
 * last good payload.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { checkConflicts, type Payload } from '../volume/payload.js';
import type { Missing, PodObjects, PodWarning } from './pod-objects.js';
import {
	type ClusterSource,
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

/** Errors: INTERNAL only; whatever the objects lack, or have wrong, is `missing`, because it may come right. */
export function volumePayload(volume: PayloadVolume, objects: PodObjects, downward: DownwardText): VolumePayload {
	const { files, errors, clusterOnly } = volumeFiles(volume, objects, downward);
	const warnings = [...clusterOnly.map(clusterOnlyText), ...collisionsOf(files).map(collisionText)].map((text) => ({
		place: `volume "${volume.name}"`,
		text,
	}));
	const payload = new Map(files.map(({ path, file }) => [path, file]));
	const failure = errors.length > 0 ? joined(errors) : conflictText(payload);
	if (failure === undefined) return { payload, warnings };
	const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${failure}`;
	return { missing: [{ reason: 'ContainerCreating', message }], warnings };
}

/** `serviceAccountToken "token" will not be there: …`. */
export function clusterOnlyText({ type, path }: ClusterSource): string {
	const what = path === undefined ? type : `${type} "${path}"`;
	return `${what} will not be there: only a cluster can make it; to have one, add a secret source for its path`;
}

export function collisionText({ path, winner, hidden }: Collision): string {
	const losers = new Set(hidden.map(({ origin }) => origin));
	losers.delete(winner.origin);
	if (losers.size === 0) return `${winner.origin} is listed more than once at "${path}"; the last entry counts`;
	const hides = `${winner.origin} hides ${[...losers].join(' and ')} at "${path}"`;
	return `${hides}, because it is listed later; give each its own path`;
}

/** Source: kubernetes v1.32 apimachinery util/errors, aggregate.Error. */
function joined(texts: readonly string[]): string {
	const distinct = [...new Set(texts)];
	return distinct.length === 1 ? distinct.join() : `[${distinct.join(', ')}]`;
}

/** Why one path would have to be a file and a directory. */
export function conflictText(payload: Payload): string | undefined {
	try {
		checkConflicts(payload);
		return undefined;
	} catch (error) {
		if (error instanceof ConfigMapFsError && error.code === 'INPUT_INVALID') return error.message;
		throw error;
	}
}
