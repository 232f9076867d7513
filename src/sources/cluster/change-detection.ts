/**
 * How changes in the cluster are noticed, as kubelet's configMapAndSecretChangeDetectionStrategy calls it: the options,
 * and the loop that each of them is.
 */

import type { Feed, FeedOptions } from './feed.js';
import { Poller } from './poller.js';
import { Reflector } from './reflector.js';

export type ChangeDetection =
	/** Changes are pushed by the server. */
	| { readonly strategy: 'watch' }
	/** Asked for at a sync, when what is known is older than the time to live. */
	| { readonly strategy: 'cache'; readonly ttlMs?: number; readonly syncFrequencyMs?: number }
	/** Asked for at each sync. */
	| { readonly strategy: 'get'; readonly syncFrequencyMs?: number };

/** Source: kubelet v1.32 KubeletConfiguration.syncFrequency. Unit: milliseconds. */
export const DEFAULT_SYNC_FREQUENCY_MS = 60_000;
/** Source: kubelet v1.32 pkg/kubelet/configmap, defaultTTL for a node without the annotation. Unit: milliseconds. */
export const DEFAULT_TTL_MS = 60_000;

export function makeFeed(options: FeedOptions, detection: ChangeDetection): Feed {
	if (detection.strategy === 'watch') return new Reflector(options);
	return new Poller({
		...options,
		syncFrequencyMs: detection.syncFrequencyMs ?? DEFAULT_SYNC_FREQUENCY_MS,
		ttlMs: detection.strategy === 'cache' ? (detection.ttlMs ?? DEFAULT_TTL_MS) : undefined,
	});
}
