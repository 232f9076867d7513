/** The options of kubelet's configMapAndSecretChangeDetectionStrategy, and the loop that implements each. */

import type { Feed, FeedOptions } from './feed.js';
import { Poller } from './poller.js';
import { Reflector } from './reflector.js';

export type ChangeDetection =
	/** The server sends changes. */
	| { readonly strategy: 'watch' }
	/** Objects older than the time to live are requested at a sync. */
	| { readonly strategy: 'cache'; readonly ttlMs?: number; readonly syncFrequencyMs?: number }
	/** Objects are requested at each sync. */
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
