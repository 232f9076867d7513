/**
 * What daemon and server say to each other besides the journal (types only): the server's start configuration, and
 * lines of JSON on a socket, descriptor 3 of the server.
 */

export interface ServerConfig {
	readonly driver: 'kernel' | 'fuse-native';
	/** Directory of the journal. */
	readonly journalDirectory: string;
	/** Where the file system is mounted, by whom. */
	readonly mountPoint: string;
	readonly method: MountMethod;
	readonly allowOther: boolean;
	/** See `SessionOptions.openWithoutUpcall`. */
	readonly openWithoutUpcall: boolean;
	/** The daemon's process id. */
	readonly announcer: number;
	/** What is taken away when the daemon is gone: the place where people see the file system. */
	readonly publicMountPoint: string;
	/** One line for each request and reply on standard error. */
	readonly trace: boolean;
}

/** `mount` is mount(2) with the privilege for it; `fusermount3` is the setuid helper for everybody else. */
export type MountMethod = 'mount' | 'fusermount3';

export type ServerMessage =
	/** Requests are answered from now on. */
	| { readonly type: 'serving' }
	/** There is no mount. `code` is one of ErrorCode. */
	| { readonly type: 'failed'; readonly code: string; readonly message: string }
	/** Neither the reader nor an inode uses the segment any more; the daemon, which alone unlinks segments, may do so. */
	| { readonly type: 'segment-unused'; readonly segment: number }
	| ({ readonly type: 'fault' } & ServerFault)
	| { readonly type: 'upcalls'; readonly upcalls: Readonly<Record<string, number>> };

/** An exception in the server: a bug. It is reported once for each place in the code. */
export interface ServerFault {
	/** The request or the activity that failed, such as `READDIR`. */
	readonly where: string;
	/** The error's message and its stack, on several lines. */
	readonly stack: string;
}

export type DaemonMessage =
	/** The journal holds the first state, and the mount point is ready. */
	| { readonly type: 'mount' }
	| { readonly type: 'upcalls' }
	/** People see the file system, through this mount of the mount table. */
	| { readonly type: 'shown'; readonly mountId: number }
	/** Replaces an earlier one. */
	| ({ readonly type: 'leftovers' } & Leftovers);

/** What the server kills and removes if the daemon ends without having unmounted. */
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
/** The type that the mount table shows, and the source beside it. */
export const MOUNT_TYPE = 'fuse.configmapfs';
export const MOUNT_SOURCE = 'configmapfs';
