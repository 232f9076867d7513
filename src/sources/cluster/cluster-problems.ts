/**
 * The problems of a cluster source: loops that fail, namespaces that do not exist, objects that cannot be decoded. Two
 * loops that fail for the same reason are one problem. Pure.
 */

import { formatObjectKey } from '../../model/object-key.js';
import type { Problem } from '../../store/source.js';
import { type FailureContext, failureText } from './failure-text.js';
import type { Feed } from './feed.js';

export interface ClusterProblemsRequest extends FailureContext {
	/** The source's description. */
	readonly location: string;
	/** Text of the failure that an event was emitted for. */
	readonly reportedFailure: string | undefined;
	readonly missingNamespaces: ReadonlySet<string>;
	readonly feeds: readonly Feed[];
}

export function clusterProblems(request: ClusterProblemsRequest): readonly Problem[] {
	const { location, missingNamespaces, feeds } = request;
	const reasons = new Set(feeds.flatMap(({ state: { error } }) => (error ? [failureText(error, request)] : [])));
	for (const namespace of [...missingNamespaces].sort()) {
		reasons.add(`namespaces "${namespace}" not found; it is shown once it exists, or choose another with -n`);
	}
	const problems: Problem[] = [...reasons].map((reason) =>
		reason === request.reportedFailure ? { location, reason, isLogged: true } : { location, reason },
	);
	for (const feed of feeds) {
		for (const { key, reason } of feed.objects.faults) {
			const object = key === undefined ? 'an object without name' : `configmap "${formatObjectKey(key)}"`;
			problems.push({ location, reason: `${object}: ${reason}`, ...(key === undefined ? {} : { key }) });
		}
	}
	return problems;
}

/** Whether both lists have the same reasons. */
export function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
	return a.length === b.length && a.every(({ reason }, index) => reason === b[index]?.reason);
}
