/**
 * The mount namespace of one start of the application. The kernel keeps it until it is closed and no process is in it;
 * there is nothing to unmount.
 */

import { closeSync, readlinkSync } from 'node:fs';
import { withoutInheritedCapabilities } from '../../../native/capabilities.js';
import { FloatingMount } from '../../../native/move-mount.js';
import { pathOf } from '../../../native/namespace.js';
import { membersOfMountNamespace } from '../../../native/proc.js';
import type { Assembly } from './assembly.js';

/** Runs `act` in the namespace of a descriptor, and returns to the previous one. */
export type Visit = <T>(namespace: number, act: () => T) => T;

export class ApplicationNamespace implements Assembly {
	readonly copyOnWrite: readonly string[];
	readonly unreachable: readonly string[];
	/** Name in /proc: `mnt:[4026532177]`. */
	readonly mountNamespace: string;
	readonly #fd: number;
	readonly #visit: Visit;
	#isClosed = false;

	/** Takes ownership of the descriptor of the namespace. */
	constructor(fd: number, assembly: Assembly, visit: Visit) {
		this.copyOnWrite = assembly.copyOnWrite;
		this.unreachable = assembly.unreachable;
		this.#fd = fd;
		this.#visit = visit;
		this.mountNamespace = readlinkSync(pathOf(fd));
	}

	/**
	 * Runs `act` in this namespace; a program that it starts stays here. The working directory is the one in which this
	 * program was started, or the root if that cannot be reached. The program of an ordinary user has no capabilities.
	 * Requires: the main thread; `act` is synchronous and does not use promises or callbacks of `fs`.
	 */
	within<T>(act: () => T): T {
		return this.#visit(this.#fd, () => withoutInheritedCapabilities(act));
	}

	/**
	 * Atomically replaces the mount at a target of the plan by `source`, a path of the base namespace.
	 * Errors: SystemCallError; the old mount is still there then.
	 */
	replace(source: string, target: string): void {
		const mount = new FloatingMount(source);
		try {
			this.#visit(this.#fd, () => mount.replace(target));
		} finally {
			mount.close();
		}
	}

	/** Process ids of everything in this namespace, without processes that have moved to another one. */
	members(): readonly number[] {
		return membersOfMountNamespace(this.mountNamespace);
	}

	/** Nothing more can be started in this namespace. Idempotent. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		closeSync(this.#fd);
	}
}
