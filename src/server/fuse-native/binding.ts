/**
 * Types for the used part of the npm package fuse-native, which has none, and its loading.
 *
 * Its native code binds to libuv's default loop, so it works only on a process's main thread. Its `unmount` is omitted
 * on purpose, because it passes the mount path to a shell.
 * Source: fuse-native 2.2.6 index.js.
 */

import { createRequire } from 'node:module';

/** The result of stat(2). Units: `size` bytes, `blocks` 512 bytes, times milliseconds since the epoch. */
export interface NativeStat {
	/** With type bits. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	readonly size: number;
	/** 0 arrives as 1. */
	readonly nlink: number;
	/** The lower 32 bits arrive. */
	readonly ino: number;
	readonly blksize: number;
	readonly blocks: number;
	readonly atime: number;
	readonly mtime: number;
	readonly ctime: number;
}

export interface NativeStatfs {
	readonly bsize: number;
	readonly frsize: number;
	readonly blocks: number;
	readonly files: number;
	readonly namemax: number;
}

/** 0, a negative errno, or for `read` the number of bytes. */
type Done = (result: number) => void;

/** Each is called once per request and answers through its last argument, at once or later. Paths are absolute. */
export interface NativeOperations {
	getattr(path: string, reply: (result: number, stat?: NativeStat) => void): void;
	readlink(path: string, reply: (result: number, target?: string) => void): void;
	readdir(
		path: string,
		reply: (result: number, names?: readonly string[], stats?: readonly NativeStat[]) => void,
	): void;
	/** `handle` is above 0; ENOSYS tells the kernel never to ask again. */
	open(path: string, flags: number, reply: (result: number, handle?: number) => void): void;
	/** Unit: bytes. `buffer` is valid until the answer. */
	read(path: string, handle: number, buffer: Buffer, length: number, offset: number, reply: Done): void;
	release(path: string, handle: number, reply: Done): void;
	statfs(path: string, reply: (result: number, statfs?: NativeStatfs) => void): void;
	mkdir(path: string, mode: number, reply: Done): void;
	unlink(path: string, reply: Done): void;
	rmdir(path: string, reply: Done): void;
	/** `target` is the content of the link. */
	symlink(target: string, path: string, reply: Done): void;
	rename(path: string, newPath: string, reply: Done): void;
	chmod(path: string, mode: number, reply: Done): void;
	chown(path: string, uid: number, gid: number, reply: Done): void;
	utimens(path: string, atime: number, mtime: number, reply: Done): void;
	truncate(path: string, size: number, reply: Done): void;
	mknod(path: string, mode: number, device: number, reply: Done): void;
	link(path: string, newPath: string, reply: Done): void;
	create(path: string, mode: number, reply: (result: number) => void): void;
	write(path: string, handle: number, buffer: Buffer, length: number, offset: number, reply: Done): void;
	setxattr(path: string, name: string, value: Buffer, position: number, flags: number, reply: Done): void;
	removexattr(path: string, name: string, reply: Done): void;
}

/** Options are joined with commas, unescaped. */
export interface NativeOptions {
	/** False: no timer per request. */
	readonly timeout: false;
	readonly fsname: string;
	readonly subtype: string;
	readonly defaultPermissions: boolean;
	readonly allowOther: boolean;
	/** The page cache of a file outlives its close. */
	readonly kernelCache: boolean;
}

export interface NativeMount {
	/** Calls back after the first request, INIT, or with the error. */
	mount(done: (error: Error | null | undefined) => void): void;
}

export type NativeConstructor = new (
	mountPoint: string,
	operations: NativeOperations,
	options: NativeOptions,
) => NativeMount;

/** Errors: the error of `require` if the package or the library libfuse.so.2 is missing. */
export function loadBinding(): NativeConstructor {
	return createRequire(import.meta.url)('fuse-native') as NativeConstructor;
}
