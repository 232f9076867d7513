/**
 * Capabilities of the calling thread: checks for one, and starts programs without inherited capabilities.
 * Source: capabilities(7), capget(2), PR_CAP_AMBIENT in prctl(2).
 */

import { readFileSync } from 'node:fs';
import { declareCalls } from './foreign-calls.js';

const { checked } = declareCalls({
	capget: 'int capget(void *header, void *sets)',
	capset: 'int capset(const void *header, const void *sets)',
	prctl: 'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
});

export const CAP_SETGID = 6;
export const CAP_SETUID = 7;
export const CAP_SYS_ADMIN = 21;

/** Whether this thread has the capability in its own user namespace. Source: proc(5), CapEff. */
export function hasCapability(capability: number): boolean {
	return ((readSet('CapEff') >> BigInt(capability)) & 1n) === 1n;
}

function readSet(name: 'CapEff' | 'CapAmb'): bigint {
	const status = readFileSync('/proc/thread-self/status', 'latin1');
	const hex = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
	return BigInt(`0x${hex}`);
}

const VERSION_3 = 0x20080522;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
/** Two halves of 32 capabilities, each with an effective, a permitted and an inheritable word. Unit: bytes. */
const HALF = 12;
const INHERITABLE = 8;

/**
 * Runs `act` with empty inheritable and ambient sets, so a program of an ordinary user starts without capabilities. A
 * program of root still gets all of them, because it runs as root.
 */
export function withoutInheritedCapabilities<T>(act: () => T): T {
	const ambient = readSet('CapAmb');
	if (ambient === 0n) return act();
	const header = Buffer.alloc(8);
	header.writeUInt32LE(VERSION_3, 0);
	const before = Buffer.alloc(2 * HALF);
	checked('capget', header, before);
	const during = Buffer.from(before);
	for (const half of [0, 1]) during.writeUInt32LE(0, half * HALF + INHERITABLE);
	// The kernel also removes from the ambient set each capability that is not inheritable any more.
	checked('capset', header, during);
	try {
		return act();
	} finally {
		checked('capset', header, before);
		for (let one = 0n; one < 64n; one++) {
			if (((ambient >> one) & 1n) === 1n) checked('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, Number(one), 0, 0);
		}
	}
}
