/**
 * Requests and replies as text, for the trace: `LOOKUP n1 "app.yaml" p1234`, `ok n7 0100644 12 bytes 38us`. Pure. Flags
 * by their names, content of files as its length only.
 */

import { errnoName } from '../base/errno.js';
import { FATTR, FOPEN, FUSE_ROOT_ID, INIT_FLAG, OPCODE, OUT_HEADER_SIZE, opcodeName } from './constants.js';
import type { RequestBuffer } from './request.js';

/** `n1`: a node by its id. */
function node(id: number): string {
	return id === FUSE_ROOT_ID ? 'n1' : `n${id}`;
}

/** A name as people write it; control characters are escaped, and what is no UTF-8 shows as such. */
function quoted(name: string): string {
	return JSON.stringify(Buffer.from(name, 'latin1').toString('utf8'));
}

function octal(mode: number): string {
	return `0${mode.toString(8)}`;
}

/** `A|B|0x40`: known bits by name, the rest as a number; `0` for none. */
export function flagNames(table: Readonly<Record<string, number>>, bits: number): string {
	const names: string[] = [];
	let rest = bits >>> 0;
	for (const [name, bit] of Object.entries(table)) {
		if ((rest & bit) === 0) continue;
		names.push(name);
		rest = (rest & ~bit) >>> 0;
	}
	if (rest !== 0) names.push(`0x${rest.toString(16)}`);
	return names.length === 0 ? '0' : names.join('|');
}

/** Flags of open(2) besides the access mode. Source: linux v6.1 include/uapi/asm-generic/fcntl.h (x86-64). */
const OPEN_FLAG = {
	CREAT: 0o100,
	EXCL: 0o200,
	TRUNC: 0o1000,
	APPEND: 0o2000,
	NONBLOCK: 0o4000,
	DIRECT: 0o40000,
	LARGEFILE: 0o100000,
	DIRECTORY: 0o200000,
	NOFOLLOW: 0o400000,
	NOATIME: 0o1000000,
	CLOEXEC: 0o2000000,
} as const;
const ACCESS_MODES = ['RDONLY', 'WRONLY', 'RDWR', 'ACCMODE'] as const;

function openFlags(flags: number): string {
	const rest = flags & ~3;
	return rest === 0 ? `${ACCESS_MODES[flags & 3]}` : `${ACCESS_MODES[flags & 3]}|${flagNames(OPEN_FLAG, rest)}`;
}

type Details = (request: RequestBuffer) => string;

const name: Details = (request) => quoted(request.name(40));
const range: Details = (request) => `offset ${request.u64(48)} size ${request.u32(56)}`;

/** What a request says behind its header. Source: linux/fuse.h 7.38, the fuse_*_in structures. */
const REQUESTS: Readonly<Record<number, Details>> = {
	[OPCODE.LOOKUP]: name,
	[OPCODE.UNLINK]: name,
	[OPCODE.RMDIR]: name,
	[OPCODE.FORGET]: (request) => `count ${request.u64(40)}`,
	[OPCODE.BATCH_FORGET]: (request) => `nodes ${request.u32(40)}`,
	[OPCODE.MKDIR]: (request) => `${quoted(request.name(48))} mode ${octal(request.u32(40))}`,
	[OPCODE.MKNOD]: (request) => `${quoted(request.name(56))} mode ${octal(request.u32(40))}`,
	[OPCODE.CREATE]: (request) => `${quoted(request.name(56))} ${openFlags(request.u32(40))}`,
	[OPCODE.LINK]: (request) => `${node(request.u64(40))} as ${quoted(request.name(48))}`,
	[OPCODE.SYMLINK]: (request) => `${quoted(request.name(40))} -> ${quoted(request.name(request.nameEnd(40) + 1))}`,
	[OPCODE.RENAME]: (request) => renameDetails(request, 48),
	[OPCODE.RENAME2]: (request) => renameDetails(request, 56),
	[OPCODE.READ]: range,
	[OPCODE.READDIR]: range,
	[OPCODE.READDIRPLUS]: range,
	[OPCODE.WRITE]: range,
	[OPCODE.OPEN]: (request) => openFlags(request.u32(40)),
	[OPCODE.OPENDIR]: (request) => openFlags(request.u32(40)),
	[OPCODE.SETATTR]: (request) => {
		const valid = request.u32(40);
		const mode = (valid & FATTR.MODE) === 0 ? '' : ` mode ${octal(request.u32(108))}`;
		return `${flagNames(FATTR, valid)}${mode}`;
	},
	[OPCODE.GETXATTR]: (request) => quoted(request.name(48)),
	[OPCODE.INTERRUPT]: (request) => `of ${request.u64(40)}`,
	[OPCODE.INIT]: (request) => `${request.u32(40)}.${request.u32(44)} ${flagNames(INIT_FLAG, request.u32(52))}`,
};

function renameDetails(request: RequestBuffer, at: number): string {
	const newName = request.name(request.nameEnd(at) + 1);
	return `${quoted(request.name(at))} to ${node(request.u64(40))} ${quoted(newName)}`;
}

/** `LOOKUP n1 "app.yaml" p1234`; a request that is cut short is described as far as its header goes. */
export function describeRequest(request: RequestBuffer): string {
	const words = [opcodeName(request.opcode)];
	if (request.nodeId !== 0) words.push(node(request.nodeId));
	try {
		const details = REQUESTS[request.opcode]?.(request);
		if (details !== undefined) words.push(details);
	} catch {
		words.push(`malformed, ${request.length} bytes`);
	}
	if (request.pid !== 0) words.push(`p${request.pid}`);
	return words.join(' ');
}

type Outcome = (reply: Buffer, bodyLength: number) => string;

const at = (offset: number) => OUT_HEADER_SIZE + offset;

/** struct fuse_entry_out: a node, or that the name is known not to be there. */
const entry: Outcome = (reply) => {
	const id = Number(reply.readBigUInt64LE(at(0)));
	return id === 0 ? 'no entry' : `${node(id)} ${attributes(reply, at(40))}`;
};

function attributes(reply: Buffer, offset: number): string {
	return `${octal(reply.readUInt32LE(offset + 60))} ${reply.readBigUInt64LE(offset + 8)} bytes`;
}

const opened: Outcome = (reply) => flagNames(FOPEN, reply.readUInt32LE(at(8)));

/** What a reply without an error says. Source: linux/fuse.h 7.38, the fuse_*_out structures. */
const REPLIES: Readonly<Record<number, Outcome>> = {
	[OPCODE.LOOKUP]: entry,
	[OPCODE.MKDIR]: entry,
	[OPCODE.SYMLINK]: entry,
	[OPCODE.GETATTR]: (reply) => attributes(reply, at(16)),
	[OPCODE.SETATTR]: (reply) => attributes(reply, at(16)),
	[OPCODE.READLINK]: (reply, length) => quoted(reply.toString('latin1', at(0), at(length))),
	[OPCODE.OPEN]: opened,
	[OPCODE.OPENDIR]: opened,
	[OPCODE.INIT]: (reply) =>
		`${reply.readUInt32LE(at(0))}.${reply.readUInt32LE(at(4))} ${flagNames(INIT_FLAG, reply.readUInt32LE(at(12)))}`,
};

/** `ok n7 0100644 12 bytes`, `ENOENT`; `length` is that of the whole reply, 0 where the kernel wants none. */
export function describeReply(opcode: number, reply: Buffer, length: number): string {
	if (length === 0) return 'no reply';
	const errno = -reply.readInt32LE(4);
	if (errno !== 0) return errnoName(errno);
	const bodyLength = length - OUT_HEADER_SIZE;
	if (bodyLength === 0) return 'ok';
	return `ok ${REPLIES[opcode]?.(reply, bodyLength) ?? `${bodyLength} bytes`}`;
}
