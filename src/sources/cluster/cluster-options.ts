/** Options and status of a cluster source (types only). */

import type { Logger } from '../../base/log.js';
import type { Timers } from '../../base/timers.js';
import type { EventListener } from '../../control/events.js';
import type { ApiClient } from './api-client.js';
import type { ChangeDetection } from './change-detection.js';
import type { Kubeconfig } from './kubeconfig.js';

export interface ClusterSourceOptions {
	/** From loadKubeconfig. */
	readonly kubeconfig: Kubeconfig;
	/** Default is the flag that chose the cluster, or `cluster`. */
	readonly description?: string;
	/** `-n`, or `-A`. Default is the namespace of the kubeconfig. */
	readonly namespaces?: readonly string[] | 'all';
	/** `-l`; evaluated by the server. */
	readonly labelSelector?: string | undefined;
	/** `--field-selector`; evaluated by the server. */
	readonly fieldSelector?: string | undefined;
	/** `--name`: only these, each requested on its own, so that RBAC's resourceNames suffice. Default is all. */
	readonly names?: readonly string[];
	/** Default is watch. */
	readonly changeDetection?: ChangeDetection;
	/** `--state-dir`. By default no state is kept, so a start needs the cluster. */
	readonly stateDirectory?: string | undefined;
	/**
	 * Which errors end a start without a state file. `refused`: errors that only a person can fix (selector, credentials,
	 * permissions, certificates), while an unreachable server is waited for. `any`: every error. `never`: no error, the
	 * start waits. Default is `refused`.
	 */
	readonly failStart?: 'refused' | 'any' | 'never';
	/** Whether to request WatchList. Default is true; a server without it costs one request. */
	readonly watchList?: boolean;
	readonly log: Logger;
	/** Receives contact-lost, contact-back and staleness. Default is none. */
	readonly onEvent?: EventListener;
	readonly timers?: Timers;
	/** 0 up to and not including 1. */
	readonly random?: () => number;
	/** Unit: milliseconds since 1970. */
	readonly wallClock?: () => number;
	/** For tests. Default is HTTPS as the kubeconfig configures it. */
	readonly client?: ApiClient;
}

/** State of the source, for `status`. */
export interface ClusterStatus {
	readonly server: string;
	/** Unit: milliseconds since 1970; undefined: never. */
	readonly lastContact: number | undefined;
	/** Whether the cluster may have changes that are not shown. */
	readonly isStale: boolean;
	readonly requestCount: number;
	readonly objectCount: number;
}
