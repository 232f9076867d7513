/**
 * The state of one loop over a part of the cluster, and how far the start of a source has come given the states of its
 * loops. Problems, events and the end of the start follow from these states alone. Pure.
 */

import type { ApiError } from './api-error.js';

export type LoopState =
	/** Neither a complete list nor a failure yet. */
	| { readonly phase: 'starting'; readonly hasObjects: false; readonly error?: undefined }
	/** The known objects follow the cluster. */
	| { readonly phase: 'complete'; readonly hasObjects: true; readonly error?: undefined }
	/** The last request failed; the cause may end at any moment. The known objects, if any, stay. */
	| { readonly phase: 'failing'; readonly hasObjects: boolean; readonly error: ApiError }
	/** As `failing`, but only a person can remove the cause. */
	| { readonly phase: 'refused'; readonly hasObjects: boolean; readonly error: ApiError };

export const STARTING: LoopState = { phase: 'starting', hasObjects: false };
export const COMPLETE: LoopState = { phase: 'complete', hasObjects: true };

/** The same state for another failure of one kind: a server that comes back reports many errors in a row. */
export function afterFailure(state: LoopState, error: ApiError): LoopState {
	if (state.error !== undefined && kindOf(state.error) === kindOf(error)) return state;
	return { phase: error.isPermanent ? 'refused' : 'failing', hasObjects: state.hasObjects, error };
}

/** Failures of one kind have one cure. */
function kindOf(error: ApiError): string {
	if (error.code === 401 || error.code === 403) return String(error.code);
	return error.isPermanent ? 'permanent' : 'away';
}

export interface StartOptions {
	/** Whether a state of an earlier run can be shown instead. */
	readonly hasSavedState: boolean;
	/** As in ClusterSourceOptions. */
	readonly failStart: 'refused' | 'any' | 'never';
}

export type StartProgress = 'waiting' | 'over' | { readonly error: ApiError };

/** A start is over once each loop has objects or is refused, and at least one has objects. */
export function startProgress(states: readonly LoopState[], options: StartOptions): StartProgress {
	const { hasSavedState, failStart } = options;
	const failed = states.filter(({ hasObjects, error }) => !hasObjects && error !== undefined);
	if (hasSavedState) {
		if (failed.length > 0) return 'over';
	} else {
		const fatal = failed.find(({ phase }) => failStart === 'any' || (failStart === 'refused' && phase === 'refused'));
		if (fatal?.error !== undefined) return { error: fatal.error };
	}
	const isSettled = states.every(({ phase, hasObjects }) => hasObjects || phase === 'refused');
	return isSettled && states.some(({ hasObjects }) => hasObjects) ? 'over' : 'waiting';
}
