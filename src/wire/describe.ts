/**
 * Requests and replies as text, for the trace: `LOOKUP n1 "app.yaml" p1234`, `ok n7 0100644 12 bytes 38us`. Pure. Flags
 * appear by name; of the content of files only the length appears.
 */

import { errnoName } from '../base/errno.js';
import { FATTR, FOPEN, INIT_FLAG, type OpcodeName, OUT_HEADER_SIZE, opcodeName } from './constants.js';
import { ATTR, ATTR_OUT, ENTRY_OUT, type Field, INIT_OUT, OPEN_OUT, REQUEST } from './fields.js';
import type { RequestBuffer } from './request.js';

/** `n1`: a node by its id. */
function node(id: number): string {
	return `n${id}`;
}

/** A name in quotes; control characters are escaped, invalid UTF-8 becomes U+FFFD. */
function quoted(name: string): string {
	return JSON.stringify(Buffer.from(name, 'latin1').toString('utf8'));
}

function octal(mode: number): string {
	return `0${mode.toString(8)}`;
}

/** `A|B|0x40`: known bits by name, the rest as a number; `0` if no bit is set. */
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

/** Flags of open(2) except the access mode. Source: linux v6.1 include/uapi/asm-generic/fcntl.h (x86-64). */
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

const name: Details = (request) => quoted(request.name(REQUEST.LOOKUP.name));
const open: Details = (request) => openFlags(request.get(REQUEST.OPEN.flags));
const range: Details = (request) => `offset ${request.get(REQUEST.READ.offset)} size ${request.get(REQUEST.READ.size)}`;

/** A name and its mode. */
function made(opcode: 'MKDIR' | 'MKNOD'): Details {
	const fields = REQUEST[opcode];
	return (request) => `${quoted(request.name(fields.name))} mode ${octal(request.get(fields.mode))}`;
}

function renamed(opcode: 'RENAME' | 'RENAME2'): Details {
	const fields = REQUEST[opcode];
	return (request) => {
		const newName = quoted(request.nameAfter(fields.name));
		return `${quoted(request.name(fields.name))} to ${node(request.get(fields.newDirectory))} ${newName}`;
	};
}

/** The details of a request after its header. */
const REQUESTS: Readonly<Partial<Record<OpcodeName, Details>>> = {
	LOOKUP: name,
	UNLINK: name,
	RMDIR: name,
	FORGET: (request) => `count ${request.get(REQUEST.FORGET.nlookup)}`,
	BATCH_FORGET: (request) => `nodes ${request.get(REQUEST.BATCH_FORGET.count)}`,
	MKDIR: made('MKDIR'),
	MKNOD: made('MKNOD'),
	CREATE: (request) => `${quoted(request.name(REQUEST.CREATE.name))} ${openFlags(request.get(REQUEST.CREATE.flags))}`,
	LINK: (request) => `${node(request.get(REQUEST.LINK.oldNode))} as ${quoted(request.name(REQUEST.LINK.name))}`,
	SYMLINK: (request) =>
		`${quoted(request.name(REQUEST.SYMLINK.name))} -> ${quoted(request.nameAfter(REQUEST.SYMLINK.name))}`,
	RENAME: renamed('RENAME'),
	RENAME2: renamed('RENAME2'),
	READ: range,
	READDIR: range,
	READDIRPLUS: range,
	WRITE: range,
	OPEN: open,
	OPENDIR: open,
	SETATTR: (request) => {
		const valid = request.get(REQUEST.SETATTR.valid);
		const mode = (valid & FATTR.MODE) === 0 ? '' : ` mode ${octal(request.get(REQUEST.SETATTR.mode))}`;
		return `${flagNames(FATTR, valid)}${mode}`;
	},
	GETXATTR: (request) => quoted(request.name(REQUEST.GETXATTR.name)),
	INTERRUPT: (request) => `of ${request.get(REQUEST.INTERRUPT.unique)}`,
	INIT: (request) => {
		const { major, minor, flags } = REQUEST.INIT;
		return `${request.get(major)}.${request.get(minor)} ${flagNames(INIT_FLAG, request.get(flags))}`;
	},
};

/** `LOOKUP n1 "app.yaml" p1234`; a truncated request is described by its header. */
export function describeRequest(request: RequestBuffer): string {
	const words = [opcodeName(request.opcode)];
	if (request.nodeId !== 0) words.push(node(request.nodeId));
	try {
		const details = REQUESTS[opcodeName(request.opcode) as OpcodeName]?.(request);
		if (details !== undefined) words.push(details);
	} catch {
		words.push(`malformed, ${request.length} bytes`);
	}
	if (request.pid !== 0) words.push(`p${request.pid}`);
	return words.join(' ');
}

type Outcome = (reply: Buffer, bodyLength: number) => string;

/** A number of a structure in the body. `at` is the offset of the structure in the body. */
function numberOf(reply: Buffer, { offset, size }: Field, at = 0): number {
	const position = OUT_HEADER_SIZE + at + offset;
	return size === 8 ? Number(reply.readBigUInt64LE(position)) : reply.readUInt32LE(position);
}

/** A node, or the negative entry. */
const entry: Outcome = (reply) => {
	const id = numberOf(reply, ENTRY_OUT.node);
	return id === 0 ? 'no entry' : `${node(id)} ${attributes(reply, ENTRY_OUT.attr)}`;
};

function attributes(reply: Buffer, { offset }: Field): string {
	return `${octal(numberOf(reply, ATTR.mode, offset))} ${numberOf(reply, ATTR.size, offset)} bytes`;
}

const attr: Outcome = (reply) => attributes(reply, ATTR_OUT.attr);
const opened: Outcome = (reply) => flagNames(FOPEN, numberOf(reply, OPEN_OUT.openFlags));

/** The content of a reply without an error. */
const REPLIES: Readonly<Partial<Record<OpcodeName, Outcome>>> = {
	LOOKUP: entry,
	MKDIR: entry,
	SYMLINK: entry,
	GETATTR: attr,
	SETATTR: attr,
	READLINK: (reply, length) => quoted(reply.toString('latin1', OUT_HEADER_SIZE, OUT_HEADER_SIZE + length)),
	OPEN: opened,
	OPENDIR: opened,
	INIT: (reply) => {
		const [major, minor, flags] = [INIT_OUT.major, INIT_OUT.minor, INIT_OUT.flags].map((one) => numberOf(reply, one));
		return `${major}.${minor} ${flagNames(INIT_FLAG, flags ?? 0)}`;
	},
};

/** `ok n7 0100644 12 bytes`, `ENOENT`; `length` is that of the complete reply, 0 if there is none. */
export function describeReply(opcode: number, reply: Buffer, length: number): string {
	if (length === 0) return 'no reply';
	const errno = -reply.readInt32LE(4);
	if (errno !== 0) return errnoName(errno);
	const bodyLength = length - OUT_HEADER_SIZE;
	if (bodyLength === 0) return 'ok';
	return `ok ${REPLIES[opcodeName(opcode) as OpcodeName]?.(reply, bodyLength) ?? `${bodyLength} bytes`}`;
}
