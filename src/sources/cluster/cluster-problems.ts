/**
 * What is wrong between the cluster and what is shown, as one list for a person. Two loops that fail for one reason are
 * one problem. Pure but for what it was told.
 */

import { formatObjectKey } from '../../model/object-key.js';
import type { Problem } from '../../store/source.js';
import type { ApiError } from './api-error.js';
import { type FailureContext, failureText } from './failure-text.js';
import type { Feed } from './feed.js';

export interface ClusterProblemsRequest extends FailureContext {
	/** The source's description. */
	readonly place: string;
	readonly failing: ReadonlyMap<Feed, ApiError>;
	/** The reason that was logged when contact was lost. */
	readonly loggedReason: string | undefined;
	readonly missingNamespaces: ReadonlySet<string>;
	readonly feeds: readonly Feed[];
}

export function clusterProblems(request: ClusterProblemsRequest): readonly Problem[] {
	const { place, failing, missingNamespaces, feeds } = request;
	const reasons = new Set([...failing.values()].map((error) => failureText(error, request)));
	for (const namespace of [...missingNamespaces].sort()) {
		reasons.add(`namespaces "${namespace}" not found; nothing is shown until it is made, or choose another with -n`);
	}
	const problems: Problem[] = [...reasons].map((reason) =>
		reason === request.loggedReason ? { place, reason, isLogged: true } : { place, reason },
	);
	for (const feed of feeds) {
		for (const { key, reason } of feed.objects.faults) {
			const object = key === undefined ? 'an object without a name' : `configmap "${formatObjectKey(key)}"`;
			problems.push({ place, reason: `${object}: ${reason}`, ...(key === undefined ? {} : { key }) });
		}
	}
	return problems;
}

/** Whether both lists say the same. */
export function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
	return a.length === b.length && a.every(({ reason }, index) => reason === b[index]?.reason);
}
