/** What a cluster source is made of, and what it tells about itself (types only). */

import type { Logger } from '../../base/log.js';
import type { Timers } from '../../base/timers.js';
import type { EventListener } from '../../control/events.js';
import type { ApiClient } from './api-client.js';
import type { ChangeDetection } from './change-detection.js';
import type { Kubeconfig } from './kubeconfig.js';

export interface ClusterSourceOptions {
	/** Of loadKubeconfig. */
	readonly kubeconfig: Kubeconfig;
	/** Default is the flag that chose the cluster, or `cluster`. */
	readonly description?: string;
	/** `-n`, or `-A`. Default is the namespace of the kubeconfig. */
	readonly namespaces?: readonly string[] | 'all';
	/** `-l`; evaluated by the server. */
	readonly labelSelector?: string | undefined;
	/** `--field-selector`; evaluated by the server. */
	readonly fieldSelector?: string | undefined;
	/** `--name`: only these, each asked for by itself, so that RBAC's resourceNames are enough. Default is all. */
	readonly names?: readonly string[];
	/** Default is watch. */
	readonly changeDetection?: ChangeDetection;
	/** `--state-dir`. Default is none: without a cluster there is nothing. */
	readonly stateDirectory?: string | undefined;
	/**
	 * What ends a start when there is no state file to start from. `refused`: what only a person can change (a wrong
	 * selector, credentials, permissions, certificates), while a server that is away is waited for. `any`: that too.
	 * `never`: everything is waited for. Default is `refused`.
	 */
	readonly failStart?: 'refused' | 'any' | 'never';
	/** Whether to ask for WatchList. Default is true; a server without it costs one request. */
	readonly watchList?: boolean;
	readonly log: Logger;
	/** Receives contact-lost, contact-back and staleness. Default is none. */
	readonly onEvent?: EventListener;
	readonly timers?: Timers;
	/** 0 up to and not including 1. */
	readonly random?: () => number;
	/** Unit: milliseconds since 1970. */
	readonly wallClock?: () => number;
	/** For tests. Default is HTTPS by the kubeconfig. */
	readonly client?: ApiClient;
}

/** How the source is doing, for `status`. */
export interface ClusterStatus {
	readonly server: string;
	/** Unit: milliseconds since 1970; undefined: never. */
	readonly lastContact: number | undefined;
	/** Whether the cluster may have changed without our knowing. */
	readonly isStale: boolean;
	readonly requestCount: number;
	readonly objectCount: number;
}
