/**
 * The messages between daemon and server apart from the journal: the server's configuration, an argument of its
 * process, and lines of JSON on a socket, descriptor 3 of the server. Types and constants.
 */

export interface ServerConfig {
	readonly driver: 'kernel' | 'fuse-native';
	/** Directory of the journal. */
	readonly journalDirectory: string;
	/** Where the server mounts. */
	readonly mountPoint: string;
	readonly method: MountMethod;
	readonly allowOther: boolean;
	/** See `SessionOptions.openWithoutUpcall`. */
	readonly openWithoutUpcall: boolean;
	/** The daemon's process id. */
	readonly announcer: number;
	/** Where users see the file system; unmounted too if the daemon is killed. */
	readonly publicMountPoint: string;
	/** Whether to write one line for each request and reply on standard error. */
	readonly trace: boolean;
}

/** `mount` is mount(2), which needs the privilege; `fusermount3` is the setuid helper for other users. */
export type MountMethod = 'mount' | 'fusermount3';

export type ServerMessage =
	/** Requests are answered from now on. */
	| { readonly type: 'serving' }
	/** The server cannot start or continue, and ends. `code` is one of ErrorCode. */
	| { readonly type: 'failed'; readonly code: string; readonly message: string }
	/** Neither the reader nor an inode uses the segment any more; the daemon, which alone unlinks segments, may do so. */
	| { readonly type: 'segment-unused'; readonly segment: number }
	| ({ readonly type: 'fault' } & ServerFault)
	| { readonly type: 'upcalls'; readonly upcalls: Readonly<Record<string, number>> };

/** An exception in the server: a bug. It is reported once for each location in the code. */
export interface ServerFault {
	/** The request or the activity that failed, such as `READDIR`. */
	readonly where: string;
	/** The error's message and its stack, on several lines. */
	readonly stack: string;
}

export type DaemonMessage =
	/** The journal contains the initial state, and the mount point is ready: mount now. */
	| { readonly type: 'mount' }
	| { readonly type: 'upcalls' }
	/** Users see the file system through this mount of the mount table. */
	| { readonly type: 'shown'; readonly mountId: number }
	/** Replaces an earlier one. */
	| ({ readonly type: 'leftovers' } & Leftovers);

/** The processes and the directory that the server cleans up if the daemon ends without having unmounted. */
export interface Leftovers {
	/**
	 * Every process in this mount namespace is killed. Named as in /proc/PID/ns/mnt: `mnt:[4026532177]`. Never the
	 * server's own.
	 */
	readonly mountNamespace?: string;
	/** This runtime directory is removed with the mounts below it, and its parent if that is empty then. Absolute. */
	readonly removeDirectory?: string;
}

/** The descriptor of the socket in the server. */
export const CONTROL_FD = 3;
/** Type and source in the mount table. */
export const MOUNT_TYPE = 'fuse.configmapfs';
export const MOUNT_SOURCE = 'configmapfs';
