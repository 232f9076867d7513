/**
 * Answers libfuse's path-based requests from the inode tree.
 *
 * Decisions
 * - Mutations are EROFS unless the tree recognises the daemon's announced operation.
 * - ENOSYS where the kernel remembers it as "do not ask again": OPEN, and by absence here FLUSH, FSYNC, xattrs. Never for
 *   opendir, after which libfuse 2 dereferences a null pointer.
 * - If opens make an upcall, an open file keeps its inode and its bytes until it is closed.
 * - An exception in a handler is a bug: EIO for its caller, and reported. Uncaught it would end the process.
 *
 * Thread: the main thread of the server process; it never touches the mount itself.
 */

import { readSync } from 'node:fs';
import { ERRNO, type Errno } from '../../base/errno.js';
import { runnablePerCpu } from '../../base/load.js';
import type { Mutation } from '../../fs/announcement.js';
import type { Inode } from '../../fs/inode.js';
import type { InodeTree } from '../../fs/inode-tree.js';
import { DATA_LINK_TMP } from '../../volume/content.js';
import { OPCODE, S_IFMT, S_IFREG } from '../../wire/constants.js';
import type { ReportFault } from '../fault-reporter.js';
import type { NativeOperations, NativeStat } from './binding.js';
import { FlipGate, type OpenFile } from './flip-gate.js';
import { PathWalk, toText, toTreeName } from './path-walk.js';

export interface OperationsOptions {
	readonly tree: InodeTree;
	/** Applies the records that the daemon has announced so far; called before every mutation. */
	readonly pollJournal: () => void;
	/**
	 * Whether an open may go without an upcall, as with the kernel driver. This also stops libfuse from starting and
	 * ending threads all the time: it keeps ten, and each RELEASE needs one in addition to those of the readers.
	 */
	readonly openWithoutUpcall: boolean;
	/** Number of requests by opcode; incremented here. */
	readonly counters: { [opcode: number]: number };
	/** Called with each exception in a handler or in the flip gate. */
	readonly reportFault: ReportFault;
	/** Only for `--log-level trace`: called with each request and its result. */
	readonly trace?: (operation: string, path: string, result: number) => void;
}

const BLOCK_SIZE = 4096;
const O_ACCMODE = 3;
/** How long a walker may wait for a CPU: on an idle machine, and more per runnable thread of a CPU. Unit: milliseconds. */
const PATIENCE_MS = 100;
const WAITER_PATIENCE_MS = 50;
const MAX_HANDLE = 0x7fffffff;

/** The outcome of a request. */
type Answer<T = never> =
	| { readonly errno: Errno }
	/** `bytes` is the result of a read. */
	| { readonly value?: T; readonly bytes?: number };

/** As libfuse expects it: 0, a number of bytes, or a negative errno. */
function resultOf(answer: Answer<unknown>): number {
	return 'errno' in answer ? -answer.errno : (answer.bytes ?? 0);
}

export class Operations {
	readonly gate: FlipGate;
	readonly #tree: InodeTree;
	readonly #walk: PathWalk;
	readonly #options: OperationsOptions;
	readonly #openFiles = new Map<number, OpenFile>();
	#lastHandle = 0;

	constructor(options: OperationsOptions) {
		this.#options = options;
		this.#tree = options.tree;
		this.#walk = new PathWalk(options.tree);
		this.gate = new FlipGate({
			tree: options.tree,
			monotonicMs: () => performance.now(),
			seesOpens: !options.openWithoutUpcall,
			openFiles: () => this.#openFiles.values(),
			pollJournal: options.pollJournal,
			patienceMs: () => PATIENCE_MS + WAITER_PATIENCE_MS * runnablePerCpu(),
			after: (delayMs, run) => {
				setTimeout(() => {
					try {
						run();
					} catch (error) {
						options.reportFault('flip gate', error);
					}
				}, delayMs).unref();
			},
		});
	}

	/** Number of files that are open. */
	get openCount(): number {
		return this.#openFiles.size;
	}

	/** The table for fuse-native. */
	table(): NativeOperations {
		const readOnly = (operation: string, opcode: number, path: string, reply: (result: number) => void) =>
			this.#answer(operation, opcode, path, reply, () => ({ errno: ERRNO.EROFS }));
		return {
			getattr: (path, reply) => this.#getattr(path, reply),
			readlink: (path, reply) => this.#answer('readlink', OPCODE.READLINK, path, reply, () => this.#readlink(path)),
			readdir: (path, reply) => {
				const listed = (result: number, list?: Listing) => reply(result, list?.names, list?.stats);
				this.#answer('readdir', OPCODE.READDIR, path, listed, () => this.#readdir(path));
			},
			open: (path, flags, reply) => this.#answer('open', OPCODE.OPEN, path, reply, () => this.#open(path, flags)),
			read: (path, handle, buffer, length, offset, reply) =>
				this.#answer('read', OPCODE.READ, path, reply, () => this.#read(path, handle, buffer, length, offset)),
			release: (path, handle, reply) =>
				this.#answer('release', OPCODE.RELEASE, path, reply, () => this.#release(handle)),
			statfs: (path, reply) => this.#answer('statfs', OPCODE.STATFS, path, reply, () => ({ value: this.#statfs() })),
			mkdir: (path, _mode, reply) =>
				this.#answer('mkdir', OPCODE.MKDIR, path, reply, () => this.#mutateName('mkdir', path)),
			unlink: (path, reply) =>
				this.#answer('unlink', OPCODE.UNLINK, path, reply, () => this.#mutateName('unlink', path)),
			rmdir: (path, reply) => this.#answer('rmdir', OPCODE.RMDIR, path, reply, () => this.#mutateName('rmdir', path)),
			symlink: (target, path, reply) =>
				this.#answer('symlink', OPCODE.SYMLINK, path, reply, () => this.#symlink(target, path)),
			rename: (path, newPath, reply) =>
				this.#answer('rename', OPCODE.RENAME, path, reply, () => this.#rename(path, newPath)),
			chmod: (path, mode, reply) => this.#answer('chmod', OPCODE.SETATTR, path, reply, () => this.#chmod(path, mode)),
			chown: (path, _uid, _gid, reply) => readOnly('chown', OPCODE.SETATTR, path, reply),
			utimens: (path, _atime, _mtime, reply) => readOnly('utimens', OPCODE.SETATTR, path, reply),
			truncate: (path, _size, reply) => readOnly('truncate', OPCODE.SETATTR, path, reply),
			mknod: (path, _mode, _device, reply) => readOnly('mknod', OPCODE.MKNOD, path, reply),
			link: (path, _newPath, reply) => readOnly('link', OPCODE.LINK, path, reply),
			create: (path, _mode, reply) => readOnly('create', OPCODE.CREATE, path, reply),
			write: (path, _handle, _buffer, _length, _offset, reply) => readOnly('write', OPCODE.WRITE, path, reply),
			setxattr: (path, _name, _value, _position, _flags, reply) => readOnly('setxattr', OPCODE.SETXATTR, path, reply),
			removexattr: (path, _name, reply) => readOnly('removexattr', OPCODE.REMOVEXATTR, path, reply),
		};
	}

	/** Counts, handles, answers once; an exception is EIO. */
	#answer<T>(
		operation: string,
		opcode: number,
		path: string,
		reply: (result: number, value?: T) => void,
		handle: () => Answer<T>,
	): void {
		const { counters, trace } = this.#options;
		counters[opcode] = (counters[opcode] ?? 0) + 1;
		let answer: Answer<T>;
		try {
			answer = handle();
		} catch (error) {
			answer = { errno: ERRNO.EIO };
			this.#options.reportFault(operation, error);
		}
		const result = resultOf(answer);
		trace?.(operation, path, result);
		reply(result, 'errno' in answer ? undefined : answer.value);
	}

	#find<T>(path: string, use: (inode: Inode, way: readonly Inode[]) => Answer<T>): Answer<T> {
		const found = this.#walk.visit(path, (way, inode) => use(inode, way));
		return typeof found === 'number' ? { errno: found } : found;
	}

	/** LOOKUP and GETATTR are one operation here; only the root is never looked up. */
	#getattr(path: string, reply: (result: number, stat?: NativeStat) => void): void {
		const opcode = path === '/' ? OPCODE.GETATTR : OPCODE.LOOKUP;
		const attributes = (): Answer<NativeStat> =>
			this.#find(path, (inode, way) => {
				if (!this.#isTemporaryLink(path)) this.gate.handedOut(inode, way.at(-2));
				return { value: statOf(inode) };
			});
		const later = () => this.#answer('getattr', opcode, path, reply, attributes);
		let way: 'pass' | 'wait' | 'stale';
		try {
			way = this.#passGate(path, later);
		} catch (error) {
			way = 'pass';
			this.#options.reportFault('flip gate', error);
		}
		if (way === 'pass') later();
		else if (way === 'stale') this.#answer('getattr', opcode, path, reply, () => ({ errno: ERRNO.ESTALE }));
	}

	/** Only the daemon looks this name up, and it is the only one for which the journal must be read. */
	#isTemporaryLink(path: string): boolean {
		return path.endsWith(`/${DATA_LINK_TMP}`);
	}

	#passGate(path: string, go: () => void): 'pass' | 'wait' | 'stale' {
		if (this.#isTemporaryLink(path)) this.#options.pollJournal();
		if (!this.gate.hasAnnounced) return 'pass';
		const found = this.#walk.locate(path);
		if (typeof found === 'number') return 'pass';
		return this.gate.lookup(found.directory.id, found.name, go);
	}

	#readlink(path: string): Answer<string> {
		return this.#find(path, (inode, way) => {
			if (inode.target === undefined) return { errno: ERRNO.EINVAL };
			this.gate.followed(inode, way.at(-2));
			return { value: inode.target.toString() };
		});
	}

	#readdir(path: string): Answer<Listing> {
		return this.#find(path, (directory, way) => {
			this.gate.cameBack(directory);
			if (!directory.isDirectory) return { errno: ERRNO.ENOTDIR };
			const names = ['.', '..'];
			const stats = [statOf(directory), statOf(way.at(-2) ?? directory)];
			for (const { name, inode } of this.#tree.list(directory, 0)) {
				names.push(toText(name));
				stats.push(statOf(inode));
				// Listing creates stand-ins without a reference.
				this.#tree.forget(inode.id, 0);
			}
			return { value: { names, stats } };
		});
	}

	#open(path: string, flags: number): Answer<number> {
		if (this.#options.openWithoutUpcall) return { errno: ERRNO.ENOSYS };
		if ((flags & O_ACCMODE) !== 0) return { errno: ERRNO.EROFS };
		return this.#find(path, (inode, way) => {
			if (!inode.isFile) return { errno: inode.isDirectory ? ERRNO.EISDIR : ERRNO.EINVAL };
			this.gate.cameBack(inode);
			const handle = this.#newHandle();
			this.#walk.hold(inode);
			this.#openFiles.set(handle, { inode, way, openedAt: performance.now() });
			return { value: handle };
		});
	}

	#newHandle(): number {
		do this.#lastHandle = this.#lastHandle === MAX_HANDLE ? 1 : this.#lastHandle + 1;
		while (this.#openFiles.has(this.#lastHandle));
		return this.#lastHandle;
	}

	/** Handle 0 is that of an open without an upcall. */
	#read(path: string, handle: number, buffer: Buffer, length: number, offset: number): Answer {
		if (handle !== 0) {
			const file = this.#openFiles.get(handle);
			return file === undefined ? { errno: ERRNO.EBADF } : readFrom(file.inode, buffer, length, offset);
		}
		return this.#find(path, (inode) => {
			this.gate.handedOut(inode, undefined);
			return readFrom(inode, buffer, length, offset);
		});
	}

	#release(handle: number): Answer {
		const file = this.#openFiles.get(handle);
		if (file === undefined) return {};
		this.#openFiles.delete(handle);
		this.#walk.letGo(file.inode);
		return {};
	}

	#statfs() {
		const { bytes, inodes } = this.#tree.usage;
		const blocks = Math.ceil(bytes / BLOCK_SIZE);
		return { bsize: BLOCK_SIZE, frsize: BLOCK_SIZE, blocks, files: inodes, namemax: 255 };
	}

	// --- mutations ----------------------------------------------------------------------------------------------

	#mutateName(op: 'mkdir' | 'unlink' | 'rmdir', path: string): Answer {
		const found = this.#walk.locate(path);
		if (typeof found === 'number') return { errno: found };
		return this.#mutate({ op, parent: found.directory.id, name: found.name });
	}

	#symlink(target: string, path: string): Answer {
		const found = this.#walk.locate(path);
		if (typeof found === 'number') return { errno: found };
		const { directory, name } = found;
		return this.#mutate({ op: 'symlink', parent: directory.id, name, target: toTreeName(target) });
	}

	#rename(path: string, newPath: string): Answer {
		const from = this.#walk.locate(path);
		if (typeof from === 'number') return { errno: from };
		const to = this.#walk.locate(newPath);
		if (typeof to === 'number') return { errno: to };
		const answer = this.#mutate({
			op: 'rename',
			parent: from.directory.id,
			name: from.name,
			newParent: to.directory.id,
			newName: to.name,
		});
		if (!('errno' in answer)) this.gate.flipped();
		return answer;
	}

	#chmod(path: string, mode: number): Answer {
		return this.#find(path, (inode) => this.#mutate({ op: 'setattr', id: inode.id, mode: mode & 0o7777 }));
	}

	#mutate(mutation: Mutation): Answer {
		this.#options.pollJournal();
		const changed = this.#tree.mutate(mutation);
		if (typeof changed === 'number') return { errno: changed };
		// The tree counts a reference for the kernel; libfuse counts its own.
		if (mutation.op === 'mkdir' || mutation.op === 'symlink') this.#tree.forget(changed.id, 1);
		return {};
	}
}

interface Listing {
	readonly names: readonly string[];
	readonly stats: readonly NativeStat[];
}

function readFrom(inode: Inode, buffer: Buffer, length: number, offset: number): Answer {
	if (!inode.isFile || inode.segment === undefined) return { errno: ERRNO.EIO };
	const wanted = Math.max(0, Math.min(length, inode.size - offset));
	let done = 0;
	while (done < wanted) {
		const got = readSync(inode.segment.fd, buffer, done, wanted - done, inode.offset + offset + done);
		if (got === 0) throw new Error(`the journal ends before the bytes of inode ${inode.id}`);
		done += got;
	}
	return { bytes: done };
}

/** As tmpfs counts: complete pages for files, no blocks for the rest. */
function statOf(inode: Inode): NativeStat {
	const isFile = (inode.mode & S_IFMT) === S_IFREG;
	const mtime = Math.floor(inode.mtimeUs / 1000);
	return {
		mode: inode.mode,
		uid: inode.uid,
		gid: inode.gid,
		size: inode.size,
		nlink: inode.nlink,
		ino: inode.id,
		blksize: BLOCK_SIZE,
		blocks: isFile ? Math.ceil(inode.size / BLOCK_SIZE) * (BLOCK_SIZE / 512) : 0,
		atime: mtime,
		mtime,
		ctime: Math.floor(inode.ctimeUs / 1000),
	};
}
