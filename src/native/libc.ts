/**
 * C library calls that Node lacks, through FFI: mount(2) and related calls, passing of file descriptors, poll(2),
 * flock(2), leases, datagrams. One function per call; failures are system errors with `code`; no policy.
 */

import { closeSync, constants, openSync } from 'node:fs';
import { systemCode } from '../base/errors.js';
import { addressOf, declareCalls, lastErrno } from './foreign-calls.js';

/** Flags of mount(2) and umount2(2). Source: linux v6.1 include/uapi/linux/mount.h. */
export const MS = {
	RDONLY: 1,
	NOSUID: 2,
	NODEV: 4,
	NOEXEC: 8,
	REMOUNT: 32,
	NOSYMFOLLOW: 256,
	NOATIME: 1024,
	BIND: 4096,
	REC: 0x4000,
	UNBINDABLE: 0x20000,
	PRIVATE: 0x40000,
	SLAVE: 0x80000,
} as const;
export const MNT = { FORCE: 1, DETACH: 2, NOFOLLOW: 8 } as const;

const { call, checked } = declareCalls({
	mount: 'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
	umount2: 'int umount2(const char *target, int flags)',
	socketpair: 'int socketpair(int domain, int type, int protocol, _Out_ int *pair)',
	recvmsg: 'intptr_t recvmsg(int fd, void *message, int flags)',
	poll: 'int poll(void *fds, unsigned long count, int timeout)',
	flock: 'int flock(int fd, int operation)',
	fcntl: 'int fcntl(int fd, int command, int argument)',
	socket: 'int socket(int domain, int type, int protocol)',
	sendto:
		'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, unsigned int size)',
	close: 'int close(int fd)',
	prctl: 'int prctl(int option, unsigned long argument)',
});

/** mount(2). Errors: SystemCallError. */
export function mount(
	source: string | null,
	target: string,
	type: string | null,
	flags: number,
	data: string | null,
): void {
	checked('mount', source, target, type, flags, data);
}

/** umount2(2). Errors: SystemCallError; EINVAL if nothing is mounted there, EBUSY if it is in use. */
export function umount2(target: string, flags: number): void {
	checked('umount2', target, flags);
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SCM_RIGHTS = 1;
const SOL_SOCKET = 1;

/** A connected pair of Unix stream sockets, both close-on-exec. */
export function socketPair(): readonly [number, number] {
	const pair: [number, number] = [-1, -1];
	checked('socketpair', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
	return pair;
}

/**
 * Waits for one message with a file descriptor on a Unix socket; undefined if the peer closes it without sending one.
 * The received descriptor is close-on-exec. Source: unix(7), cmsg(3); struct layouts of 64-bit Linux.
 */
export function receiveFileDescriptor(socket: number): number | undefined {
	const byte = Buffer.alloc(8);
	const vector = Buffer.alloc(16);
	const control = Buffer.alloc(32);
	const message = Buffer.alloc(56);
	vector.writeBigUInt64LE(addressOf(byte), 0);
	vector.writeBigUInt64LE(1n, 8);
	message.writeBigUInt64LE(addressOf(vector), 16);
	message.writeBigUInt64LE(1n, 24);
	message.writeBigUInt64LE(addressOf(control), 32);
	message.writeBigUInt64LE(BigInt(control.length), 40);
	const received = checked('recvmsg', socket, message, MSG_CMSG_CLOEXEC);
	if (received === 0) return undefined;
	const isRights =
		message.readBigUInt64LE(40) >= 20n &&
		control.readInt32LE(8) === SOL_SOCKET &&
		control.readInt32LE(12) === SCM_RIGHTS;
	return isRights ? control.readInt32LE(16) : undefined;
}

export const POLL = { IN: 1, PRI: 2, OUT: 4, ERR: 8, HUP: 16 } as const;

/**
 * poll(2) of several descriptors; blocks this thread. Unit: milliseconds, -1 for ever. Returns the events of each. A
 * signal that the kernel delivers to this thread restarts the wait with the full timeout.
 */
export function poll(
	fds: readonly { readonly fd: number; readonly events: number }[],
	timeoutMs: number,
): readonly number[] {
	const array = Buffer.alloc(8 * fds.length);
	fds.forEach(({ fd, events }, index) => {
		array.writeInt32LE(fd, index * 8);
		array.writeInt16LE(events, index * 8 + 4);
	});
	for (;;) {
		try {
			checked('poll', array, fds.length, timeoutMs);
			return fds.map((_, index) => array.readInt16LE(index * 8 + 6));
		} catch (error) {
			if (systemCode(error) !== 'EINTR') throw error;
		}
	}
}

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes an exclusive flock(2) without waiting; false if another descriptor holds it. It ends with the descriptor. */
export function tryLock(fd: number): boolean {
	return call('flock', fd, LOCK_EX | LOCK_NB) === 0;
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Sets whether children inherit this descriptor. Does nothing if it is not open. */
export function setInheritable(fd: number, inheritable: boolean): void {
	call('fcntl', fd, F_SETFD, inheritable ? 0 : FD_CLOEXEC);
}

const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;

/**
 * Whether a process has the file open for writing; undefined if the kernel does not report it: another user owns the
 * file, it is on a network file system, or it does not exist. Source: fcntl(2), F_SETLEASE with F_RDLCK is refused while there is a writer.
 */
export function isFileOpenForWriting(path: string): boolean | undefined {
	let fd: number;
	try {
		fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	} catch {
		return undefined;
	}
	try {
		if (call('fcntl', fd, F_SETLEASE, F_RDLCK) !== 0) {
			return lastErrno() === 'EAGAIN' ? true : undefined;
		}
		call('fcntl', fd, F_SETLEASE, F_UNLCK);
		return false;
	} finally {
		closeSync(fd);
	}
}

/** Sends one datagram to a Unix socket; "@name" is an abstract address. Errors: SystemCallError. */
export function sendDatagram(path: string, text: string): void {
	const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
	const address = Buffer.alloc(2 + name.length);
	address.writeUInt16LE(AF_UNIX, 0);
	name.copy(address, 2);
	const bytes = Buffer.from(text);
	const fd = checked('socket', AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	try {
		checked('sendto', fd, bytes, bytes.length, 0, address, address.length);
	} finally {
		call('close', fd);
	}
}

const PR_SET_NAME = 15;

/** Names this thread in ps and /proc/PID/comm; at most 15 bytes. */
export function setProcessName(name: string): void {
	const bytes = Buffer.alloc(16);
	bytes.write(name.slice(0, 15));
	call('prctl', PR_SET_NAME, addressOf(bytes));
}
