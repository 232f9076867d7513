/**
 * What happens while a mount or a run lives, as typed events. A session emits each event once; the log sentence is one
 * rendering of it, and other renderings may follow. Types only.
 *
 * A log record in JSON is the event itself, with `type` written as `event`. Fields may be added to an event, never
 * renamed or removed. An event never carries a value of a ConfigMap, a Secret or a variable.
 */

/** The volume an event is about: in a mount the ConfigMap that it shows, in a pod the name of the volume. */
export type VolumeSubject =
	/** `namespace/name`. */
	{ readonly configMap: string } | { readonly volume: string };

/** A new generation is visible. */
export type Published = VolumeSubject & {
	readonly type: 'published';
	/** Name of the snapshot directory. */
	readonly generation: string;
	/** Paths in the volume, sorted. */
	readonly added: readonly string[];
	readonly changed: readonly string[];
	readonly removed: readonly string[];
	readonly keyCount: number;
	readonly sizeBytes: number;
	/** Time taken to write and flip. Unit: microseconds. */
	readonly durationUs: number;
	/** True for content that is there before the mount is visible or the application starts. */
	readonly isInitial: boolean;
};

/** A volume and its directory are gone, because its ConfigMap is. */
export type Removed = VolumeSubject & { readonly type: 'removed' };

/** A source has a problem; after an error the last valid content stays. */
export interface ProblemFound {
	readonly type: 'problem';
	/** `file:line:column`, a file, or a flag with its value. */
	readonly location: string;
	readonly reason: string;
	/** The lint rule of a warning, whose object is used; absent for an error. */
	readonly warning?: string;
}

/** No source has an error any more. */
export interface ProblemsResolved {
	readonly type: 'resolved';
	/** Locations of the problems that are gone. */
	readonly locations: readonly string[];
}

/** The API server cannot be reached, or refuses to answer. */
export interface ContactLost {
	readonly type: 'contact-lost';
	readonly server: string;
	readonly reason: string;
	/** RFC 3339; absent if there was no contact yet. */
	readonly lastContact?: string;
	/** Whether there is content to keep; false while the first state is awaited. */
	readonly hasContent: boolean;
}

export interface ContactBack {
	readonly type: 'contact-back';
	readonly server: string;
	readonly awaySeconds: number;
}

/** The content is older than the sources: it comes from a file of an earlier run. */
export interface Staleness {
	readonly type: 'staleness';
	readonly server: string;
	/** Since the last contact with the server. */
	readonly ageSeconds: number;
	/** Why the server does not answer; absent if it has not failed yet. */
	readonly reason?: string;
}

/** A required object or key is missing, so the mount or the application does not start yet. */
export interface Waiting {
	readonly type: 'waiting';
	/** Kubelet's reason of a waiting container, such as `ContainerCreating`; absent for a mount. */
	readonly reason?: string;
	/** Kubelet's words for what is missing. */
	readonly message: string;
	/** What else the user can do; absent if only the object helps. */
	readonly cure?: string;
}

/** Everything that was waited for has arrived. */
export interface Complete {
	readonly type: 'complete';
}

/** A required object or key went missing; the volume keeps its last content. */
export type Kept = VolumeSubject & {
	readonly type: 'kept';
	/** Kubelet's words for what is missing. */
	readonly message: string;
};

/** Everything that a volume missed is there again. */
export type Found = VolumeSubject & { readonly type: 'found' };

/** Files changed in a volume of a pod, but a subPath mount keeps their old content until the next start. */
export interface Frozen {
	readonly type: 'frozen';
	readonly volume: string;
	/** The mountPath of the subPath. */
	readonly target: string;
	/** Paths in the volume, sorted. */
	readonly paths: readonly string[];
}

/** The paths that changed in a volume of a pod. */
export interface ReactionCause {
	readonly volume: string;
	/** Paths in the volume. */
	readonly added: readonly string[];
	readonly changed: readonly string[];
	readonly removed: readonly string[];
}

/** What a reaction came to. */
export interface ReactionOutcome {
	/** `skipped`: there was no process to act on. */
	readonly outcome: 'done' | 'failed' | 'skipped';
	/** Why it failed or was skipped, where the status does not say it. */
	readonly reason?: string;
}

/** A command: exit status, 128+N for signal N; absent if it did not run to its end. */
export interface CommandOutcome extends ReactionOutcome {
	readonly status?: number;
}

/** A request: status of the last response, and how many requests were sent. */
export interface CallOutcome extends ReactionOutcome {
	readonly status?: number;
	readonly tries: number;
}

/** `--on-change` acted. A reaction that needs several tries is one event, at its end. */
export type Reaction = {
	readonly type: 'reaction';
	/** The volumes that changed; empty if only the environment or the workload did. */
	readonly causes: readonly ReactionCause[];
	/** Names of the variables that changed; only for a restart. */
	readonly variables?: readonly string[];
} & (
	| ({ readonly action: 'signal'; readonly signal: NodeJS.Signals } & ReactionOutcome)
	| ({ readonly action: 'restart' } & ReactionOutcome)
	| ({ readonly action: 'exec'; readonly command: string } & CommandOutcome)
	/** `url` without user and password. */
	| ({ readonly action: 'http'; readonly method: string; readonly url: string } & CallOutcome)
);

/** A process started now would get another environment or other arguments than the running one. */
export interface EnvironmentChanged {
	readonly type: 'environment-changed';
	/** Variables that were added, removed or changed, sorted; empty if only other parts of the workload changed. */
	readonly names: readonly string[];
	/** Whether the container's own definition changed: its image, command, arguments or mounts. */
	readonly isWorkload: boolean;
}

/** The mount is visible. */
export interface Mounted {
	readonly type: 'mounted';
	readonly mountPoint: string;
	/** Number of ConfigMaps shown. */
	readonly volumes: number;
	readonly driver: string;
}

export interface Unmounted {
	readonly type: 'unmounted';
	/** The signal that ended the mount; absent if it was unmounted from outside. */
	readonly signal?: NodeJS.Signals;
	/** Requests that reached user space, by opcode. */
	readonly upcalls: Readonly<Record<string, number>>;
}

export interface ApplicationStarted {
	readonly type: 'application-started';
	readonly pid: number;
}

export interface ApplicationEnded {
	readonly type: 'application-ended';
	readonly pid: number;
	/** Exit status, or the signal that ended it. */
	readonly status?: number;
	readonly signal?: NodeJS.Signals;
}

/** An exception in the process that answers the kernel: a bug. Reported once for each location in the code. */
export interface ServerFaulted {
	readonly type: 'server-fault';
	/** The request that failed, such as `READDIR`, which was answered with EIO; or another activity of the process. */
	readonly where: string;
	/** The error's message and its stack, on several lines. */
	readonly stack: string;
}

export type ControlEvent =
	| Published
	| Removed
	| ProblemFound
	| ProblemsResolved
	| ContactLost
	| ContactBack
	| Staleness
	| Waiting
	| Complete
	| Kept
	| Found
	| Frozen
	| Reaction
	| EnvironmentChanged
	| Mounted
	| Unmounted
	| ApplicationStarted
	| ApplicationEnded
	| ServerFaulted;

/** Receives events in order, on the event loop. It must not throw. */
export type EventListener = (event: ControlEvent) => void;
