/**
 * The request loop of the kernel driver: reads one request, answers it from the inode tree, writes one reply. Contains
 * the opcode table.
 *
 * Decisions
 * - Blocking reads and writes on this thread: a thread pool in between could starve the device.
 * - ENOSYS where the kernel remembers it as "do not ask again": OPEN, OPENDIR, FLUSH, xattrs and others. After that an
 *   open, read and close with warm caches makes no upcall.
 * - Mutations get EROFS, never ENOSYS, unless the tree recognises the daemon's announced operation.
 * - An exception, which is a bug or a malformed request, is EIO for its caller and is reported; the loop continues.
 *
 * Thread: the main thread of the server process; it never touches the mount and never waits for the daemon.
 */

import { readSync, writeSync } from 'node:fs';
import { ERRNO, type Errno } from '../../base/errno.js';
import { systemCode } from '../../base/errors.js';
import type { Mutation } from '../../fs/announcement.js';
import type { Inode } from '../../fs/inode.js';
import { FOREVER_MS, type InodeTree } from '../../fs/inode-tree.js';
import {
	FATTR,
	FOPEN,
	OPCODE,
	OPCODE_LIMIT,
	type OpcodeName,
	OUT_HEADER_SIZE,
	opcodeName,
	S_IFDIR,
} from '../../wire/constants.js';
import { forgetOne, REQUEST } from '../../wire/fields.js';
import { ReplyBuffer } from '../../wire/reply.js';
import { RequestBuffer } from '../../wire/request.js';
import { type Agreement, negotiate } from './negotiation.js';
import type { SessionOptions } from './session-options.js';

/** The kernel requires at least 8 KiB; 64 KiB hold 4093 forgets. Unit: bytes. */
const REQUEST_SIZE = 64 * 1024;
/** The largest READ (1 MiB) and its header. Unit: bytes. */
const REPLY_SIZE = 1024 * 1024 + 64 * 1024;
/** Length of the reply if none is written. */
const NO_REPLY = 0;

type Handler = (this: Session) => number;

const NAME_OPERATIONS = { mkdir: 'MKDIR', unlink: 'UNLINK', rmdir: 'RMDIR' } as const;

export class Session {
	readonly #fd: number;
	readonly #tree: InodeTree;
	readonly #options: SessionOptions;
	readonly #request = new RequestBuffer(REQUEST_SIZE);
	readonly #reply = new ReplyBuffer(REPLY_SIZE);
	#agreement: Agreement | undefined;

	constructor(options: SessionOptions) {
		this.#fd = options.fd;
		this.#tree = options.tree;
		this.#options = options;
		this.#agreement = options.agreement;
	}

	/** Serves until the file system is unmounted or its connection aborted. Blocks this thread. */
	run(): void {
		const { counters, trace, reportFault } = this.#options;
		const request = this.#request;
		const reply = this.#reply;
		for (;;) {
			let length: number;
			try {
				length = readSync(this.#fd, request.bytes, 0, REQUEST_SIZE, null);
			} catch (error) {
				if (isEnd(error)) return;
				continue;
			}
			let replyLength: number;
			try {
				request.accept(length);
				const opcode = request.opcode;
				counters[opcode] = (counters[opcode] ?? 0) + 1;
				if (trace !== undefined) trace.received(request);
				replyLength = this.#handle(opcode);
			} catch (error) {
				replyLength = reply.error(request.bytes, ERRNO.EIO);
				reportFault(opcodeName(request.opcode), error);
			}
			if (trace !== undefined) trace.answered(request, reply.bytes, replyLength);
			if (replyLength === NO_REPLY) continue;
			try {
				writeSync(this.#fd, reply.bytes, 0, replyLength, null);
			} catch (error) {
				if (isEnd(error)) return;
			}
		}
	}

	#handle(opcode: number): number {
		const handler = HANDLERS[opcode];
		return handler === undefined ? this.error(ERRNO.ENOSYS) : handler.call(this);
	}

	// --- handlers of the table below: one method for each opcode whose answer is not always the same errno --------

	error(errno: Errno): number {
		return this.#reply.error(this.#request.bytes, errno);
	}

	ok(): number {
		return this.#reply.body(this.#request.bytes, 0);
	}

	init(): number {
		const request = this.#request;
		const negotiated = negotiate({
			major: request.get(REQUEST.INIT.major),
			minor: request.get(REQUEST.INIT.minor),
			maxReadahead: request.get(REQUEST.INIT.maxReadahead),
			flags: request.get(REQUEST.INIT.flags),
		});
		if (negotiated === undefined) return this.error(ERRNO.EPROTO);
		const { out, noOpen, noOpendir } = negotiated;
		this.#agreement = {
			minor: out.minor,
			flags: out.flags,
			noOpen: noOpen && this.#options.openWithoutUpcall,
			noOpendir,
		};
		this.#options.agreed?.(this.#agreement);
		return this.#reply.init(request.bytes, out);
	}

	lookup(): number {
		const found = this.#tree.lookup(this.#request.nodeId, this.#request.name(REQUEST.LOOKUP.name));
		if (typeof found !== 'number') return this.#reply.entry(this.#request.bytes, found.inode, found.validMs);
		return found === ERRNO.ENOENT ? this.#reply.noEntry(this.#request.bytes) : this.error(found);
	}

	forget(): number {
		this.#tree.forget(this.#request.nodeId, this.#request.get(REQUEST.FORGET.nlookup));
		return NO_REPLY;
	}

	batchForget(): number {
		const count = this.#request.get(REQUEST.BATCH_FORGET.count);
		for (let index = 0; index < count; index++) {
			const { node, nlookup } = forgetOne(index);
			this.#tree.forget(this.#request.get(node), this.#request.get(nlookup));
		}
		return NO_REPLY;
	}

	getattr(): number {
		const inode = this.#tree.get(this.#request.nodeId);
		return inode === undefined ? this.error(ERRNO.ESTALE) : this.#reply.attr(this.#request.bytes, inode);
	}

	readlink(): number {
		const inode = this.#tree.get(this.#request.nodeId);
		if (inode === undefined) return this.error(ERRNO.ESTALE);
		if (inode.target === undefined) return this.error(ERRNO.EINVAL);
		const length = inode.target.copy(this.#reply.bytes, OUT_HEADER_SIZE);
		return this.#reply.body(this.#request.bytes, length);
	}

	read(): number {
		const request = this.#request;
		const inode = this.#tree.get(request.nodeId);
		if (inode === undefined) return this.error(ERRNO.ESTALE);
		const { segment } = inode;
		if (!inode.isFile || segment === undefined) return this.error(inode.isDirectory ? ERRNO.EISDIR : ERRNO.EINVAL);
		const offset = request.get(REQUEST.READ.offset);
		const limit = Math.min(request.get(REQUEST.READ.size), REPLY_SIZE - OUT_HEADER_SIZE);
		const wanted = Math.max(0, Math.min(limit, inode.size - offset));
		let length = 0;
		while (length < wanted) {
			const position = inode.offset + offset + length;
			const got = readSync(segment.fd, this.#reply.bytes, OUT_HEADER_SIZE + length, wanted - length, position);
			if (got === 0) throw new Error(`the journal ends before the bytes of inode ${inode.id}`);
			length += got;
		}
		return this.#reply.body(request.bytes, length);
	}

	/** READDIR and READDIRPLUS: complete entries only; an empty reply is the end. */
	readdir(plus: boolean): number {
		const request = this.#request;
		const directory = this.#tree.get(request.nodeId);
		if (directory === undefined) return this.error(ERRNO.ESTALE);
		if (!directory.isDirectory) return this.error(ERRNO.ENOTDIR);
		const cookie = request.get(REQUEST.READDIR.offset);
		const limit = Math.min(request.get(REQUEST.READDIR.size), REPLY_SIZE - OUT_HEADER_SIZE);
		let used = 0;
		for (const [at, name, id] of [
			[1, '.', directory.id],
			[2, '..', directory.parent],
		] as const) {
			if (cookie >= at) continue;
			const entry = { name, id, mode: S_IFDIR, cookie: at, node: undefined, validMs: 0 };
			const next = this.#reply.dirent(used, limit, plus, entry);
			if (next < 0) return this.#reply.body(request.bytes, used);
			used = next;
		}
		for (const { name, inode, cookie: at, validMs } of this.#tree.list(directory, cookie)) {
			const entry = { name, id: inode.id, mode: inode.mode, cookie: at, node: inode, validMs };
			const next = this.#reply.dirent(used, limit, plus, entry);
			if (next < 0) break;
			used = next;
			if (plus) inode.nlookup++;
		}
		return this.#reply.body(request.bytes, used);
	}

	open(): number {
		if (this.#agreement?.noOpen) return this.error(ERRNO.ENOSYS);
		if (this.#tree.get(this.#request.nodeId) === undefined) return this.error(ERRNO.ESTALE);
		const O_ACCMODE = 3;
		if ((this.#request.get(REQUEST.OPEN.flags) & O_ACCMODE) !== 0) return this.error(ERRNO.EROFS);
		return this.#reply.open(this.#request.bytes, FOPEN.KEEP_CACHE | FOPEN.NOFLUSH);
	}

	opendir(): number {
		if (this.#agreement?.noOpendir) return this.error(ERRNO.ENOSYS);
		if (this.#tree.get(this.#request.nodeId) === undefined) return this.error(ERRNO.ESTALE);
		return this.#reply.open(this.#request.bytes, FOPEN.KEEP_CACHE | FOPEN.CACHE_DIR);
	}

	statfs(): number {
		const { bytes, inodes } = this.#tree.usage;
		return this.#reply.statfs(this.#request.bytes, bytes, inodes);
	}

	nameOperation(op: 'unlink' | 'rmdir' | 'mkdir'): number {
		const { name } = REQUEST[NAME_OPERATIONS[op]];
		return this.#mutate({ op, parent: this.#request.nodeId, name: this.#request.name(name) }, op === 'mkdir');
	}

	symlink(): number {
		const request = this.#request;
		const { name } = REQUEST.SYMLINK;
		const mutation = {
			op: 'symlink',
			parent: request.nodeId,
			name: request.name(name),
			target: request.nameAfter(name),
		} as const;
		return this.#mutate(mutation, true);
	}

	rename(): number {
		const request = this.#request;
		const { newDirectory, name } = REQUEST.RENAME;
		const mutation: Mutation = {
			op: 'rename',
			parent: request.nodeId,
			name: request.name(name),
			newParent: request.get(newDirectory),
			newName: request.nameAfter(name),
		};
		return this.#mutate(mutation, false);
	}

	/** Only a change of mode can be an announced operation. */
	setattr(): number {
		const request = this.#request;
		const { valid, mode } = REQUEST.SETATTR;
		if ((request.get(valid) & ~FATTR.CTIME) !== FATTR.MODE) return this.error(ERRNO.EROFS);
		const result = this.#change({ op: 'setattr', id: request.nodeId, mode: request.get(mode) & 0o7777 });
		return typeof result === 'number' ? this.error(result) : this.#reply.attr(request.bytes, result);
	}

	#mutate(mutation: Mutation, answersEntry: boolean): number {
		const result = this.#change(mutation);
		if (typeof result === 'number') return this.error(result);
		return answersEntry ? this.#reply.entry(this.#request.bytes, result, FOREVER_MS) : this.ok();
	}

	#change(mutation: Mutation): Inode | Errno {
		const { announcer, pollJournal } = this.#options;
		const { pid } = this.#request;
		// 0 is a process outside the pid namespace of the mount, which may be the daemon itself.
		if (announcer !== undefined && pid !== 0 && pid !== announcer) return ERRNO.EROFS;
		pollJournal();
		return this.#tree.mutate(mutation);
	}
}

function answer(errno: Errno): Handler {
	return function (this: Session) {
		return this.error(errno);
	};
}

/** The kernel remembers ENOSYS: from then on it does the operation itself or skips it. */
const NOT_NEEDED = answer(ERRNO.ENOSYS);
const READ_ONLY = answer(ERRNO.EROFS);

const TABLE: Readonly<Partial<Record<OpcodeName, Handler>>> = {
	INIT: Session.prototype.init,
	DESTROY: Session.prototype.ok,
	LOOKUP: Session.prototype.lookup,
	FORGET: Session.prototype.forget,
	BATCH_FORGET: Session.prototype.batchForget,
	GETATTR: Session.prototype.getattr,
	READLINK: Session.prototype.readlink,
	READ: Session.prototype.read,
	READDIR() {
		return this.readdir(false);
	},
	READDIRPLUS() {
		return this.readdir(true);
	},
	OPEN: Session.prototype.open,
	OPENDIR: Session.prototype.opendir,
	RELEASE: Session.prototype.ok,
	RELEASEDIR: Session.prototype.ok,
	STATFS: Session.prototype.statfs,
	INTERRUPT: NOT_NEEDED,
	ACCESS: NOT_NEEDED,
	FLUSH: NOT_NEEDED,
	FSYNC: NOT_NEEDED,
	FSYNCDIR: NOT_NEEDED,
	GETXATTR: NOT_NEEDED,
	LISTXATTR: NOT_NEEDED,
	LSEEK: NOT_NEEDED,
	POLL: NOT_NEEDED,
	STATX: NOT_NEEDED,
	COPY_FILE_RANGE: NOT_NEEDED,
	COPY_FILE_RANGE_64: NOT_NEEDED,
	IOCTL: answer(ERRNO.ENOTTY),
	MKDIR() {
		return this.nameOperation('mkdir');
	},
	UNLINK() {
		return this.nameOperation('unlink');
	},
	RMDIR() {
		return this.nameOperation('rmdir');
	},
	SYMLINK: Session.prototype.symlink,
	RENAME: Session.prototype.rename,
	SETATTR: Session.prototype.setattr,
	MKNOD: READ_ONLY,
	LINK: READ_ONLY,
	WRITE: READ_ONLY,
	CREATE: READ_ONLY,
	SETXATTR: READ_ONLY,
	REMOVEXATTR: READ_ONLY,
	FALLOCATE: READ_ONLY,
	RENAME2: READ_ONLY,
	TMPFILE: READ_ONLY,
};

const HANDLERS: readonly (Handler | undefined)[] = (() => {
	const handlers: (Handler | undefined)[] = new Array(OPCODE_LIMIT).fill(undefined);
	for (const [name, handler] of Object.entries(TABLE)) handlers[OPCODE[name as OpcodeName]] = handler;
	return handlers;
})();

/**
 * Whether a failed read or write of the device means the end. False if the request was interrupted or taken back.
 * Errors: any other system error. Source: linux v6.12 fs/fuse/dev.c.
 */
function isEnd(error: unknown): boolean {
	switch (systemCode(error)) {
		case 'ENODEV':
		case 'ECONNABORTED':
			return true;
		case 'ENOENT':
		case 'EINTR':
		case 'EAGAIN':
		case 'EINVAL':
			return false;
		default:
			throw error;
	}
}
