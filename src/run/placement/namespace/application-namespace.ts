/**
 * The mount namespace that one start of an application sees. It is there for as long as a process is in it, or until it
 * is closed; nothing of it has to be taken down.
 */

import { closeSync, readlinkSync } from 'node:fs';
import { withoutInheritedCapabilities } from '../../../native/capabilities.js';
import { FloatingMount } from '../../../native/move-mount.js';
import { pathOf } from '../../../native/namespace.js';
import { membersOfMountNamespace } from '../../../native/proc.js';
import type { Assembly } from './assembly.js';

/** Runs something in the namespace behind a descriptor, and comes back. */
export type Visit = <T>(namespace: number, act: () => T) => T;

export class ApplicationNamespace implements Assembly {
	readonly copyOnWrite: readonly string[];
	readonly unreachable: readonly string[];
	/** As the kernel names it: `mnt:[4026532177]`. */
	readonly mountNamespace: string;
	readonly #fd: number;
	readonly #visit: Visit;
	#isClosed = false;

	/** Takes the descriptor of the namespace over. */
	constructor(fd: number, assembly: Assembly, visit: Visit) {
		this.copyOnWrite = assembly.copyOnWrite;
		this.unreachable = assembly.unreachable;
		this.#fd = fd;
		this.#visit = visit;
		this.mountNamespace = readlinkSync(pathOf(fd));
	}

	/**
	 * Runs `act` in here; a program that it starts stays here. The working directory is the one that this program was
	 * started in, or the root where that cannot be reached. An ordinary user's program has no capabilities.
	 * Requires: `act` is synchronous, of the main thread, and looks at no file with a promise or a callback.
	 */
	within<T>(act: () => T): T {
		return this.#visit(this.#fd, () => withoutInheritedCapabilities(act));
	}

	/**
	 * Shows `source`, a path of the base namespace, at a target of the plan instead of what is there now, at one instant.
	 * Errors: SystemCallError; nothing has changed then.
	 */
	replace(source: string, target: string): void {
		const mount = new FloatingMount(source);
		try {
			this.#visit(this.#fd, () => mount.replace(target));
		} finally {
			mount.close();
		}
	}

	/** Process ids of everything that is in here. One that has left for a namespace of its own is not. */
	members(): readonly number[] {
		return membersOfMountNamespace(this.mountNamespace);
	}

	/** Nothing can be started in it any more. Idempotent. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		closeSync(this.#fd);
	}
}
