/** A driver that writes to a plain directory, records its calls, and fails on request. */

import { PlainTree } from '../../src/drivers/directory/plain-tree.js';
import type { Driver, MountEnd, UnmountReport } from '../../src/drivers/driver.js';
import type { Leftovers, ServerFault } from '../../src/journal/server-protocol.js';
import type { TreeOperations } from '../../src/volume/tree-operations.js';

export class FakeDriver implements Driver {
	readonly name = 'kernel';
	readonly persists = false;
	readonly tree: TreeOperations;
	readonly ended: Promise<MountEnd>;
	/** `mount` and `unmount`, in order. */
	readonly calls: string[] = [];
	/** Arguments of `cleanUpAfterDaemon`. */
	readonly leftovers: Leftovers[] = [];
	/** Thrown by `mount`. */
	mountError: Error | undefined;
	/** Thrown by each operation on the tree. */
	treeError: Error | undefined;
	/** Called during `mount`. */
	onMount: () => void = () => {};
	/** Reports an exception of the server. */
	fail: (fault: ServerFault) => void = () => {};
	/** Ends the mount. */
	end: (end: MountEnd) => void = () => {};

	/** `root` is an existing directory. */
	constructor(root: string) {
		const uid = process.getuid?.() ?? 0;
		const gid = process.getgid?.() ?? 0;
		const tree = new PlainTree({ root, present: (_, mode) => ({ mode, uid, gid }), creator: { uid, gid } });
		this.tree = new Proxy(tree, {
			get: (target, name) => {
				const member: unknown = Reflect.get(target, name);
				if (typeof member !== 'function') return member;
				return (...args: unknown[]) => {
					if (this.treeError !== undefined) throw this.treeError;
					return member.apply(target, args);
				};
			},
		});
		this.ended = new Promise((resolve) => {
			this.end = resolve;
		});
	}

	walkGraceMs(): number {
		return 0;
	}

	existing(): undefined {
		return undefined;
	}

	async mount(): Promise<void> {
		this.calls.push('mount');
		this.onMount();
		if (this.mountError !== undefined) throw this.mountError;
	}

	cleanUpAfterDaemon(leftovers: Leftovers): void {
		this.leftovers.push(leftovers);
	}

	reportFaultsTo(listener: (fault: ServerFault) => void): void {
		this.fail = listener;
	}

	async upcalls(): Promise<Readonly<Record<string, number>>> {
		return {};
	}

	async unmount(): Promise<UnmountReport> {
		this.calls.push('unmount');
		return { wasBusy: false };
	}
}
