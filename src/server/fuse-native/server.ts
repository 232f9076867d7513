/**
 * Mounts through libfuse 2 and answers until the mount is gone.
 *
 * How it detects the end: libfuse's own thread ends silently, and the mount may be detached or absent from every mount
 * table long before its last user is gone. But poll(2) on /dev/fuse returns POLLERR in the instant in which the
 * connection ends, for any reason. A worker waits for that.
 * Source: linux v6.12 fs/fuse/dev.c, fuse_dev_poll.
 */

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { ConfigMapFsError, errorText } from '../../base/errors.js';
import type { InodeTree } from '../../fs/inode-tree.js';
import type { JournalRecord } from '../../journal/record.js';
import type { ServerConfig } from '../../journal/server-protocol.js';
import { FUSE_DEVICE, requireFuseDevice } from '../../mounts/fuse-device.js';
import { driverUnavailable } from '../../mounts/fuse-native-library.js';
import type { ReportFault } from '../fault-reporter.js';
import { loadBinding, type NativeConstructor, type NativeMount } from './binding.js';
import { checkMountPath, mountOptions } from './mount-options.js';
import { Operations } from './operations.js';

export interface FuseNativeServerOptions {
	readonly config: ServerConfig;
	readonly tree: InodeTree;
	readonly pollJournal: () => void;
	readonly counters: { [opcode: number]: number };
	readonly reportFault: ReportFault;
}

export class FuseNativeServer {
	readonly #config: ServerConfig;
	readonly #operations: Operations;

	constructor(options: FuseNativeServerOptions) {
		this.#config = options.config;
		this.#operations = new Operations({
			tree: options.tree,
			pollJournal: options.pollJournal,
			counters: options.counters,
			reportFault: options.reportFault,
			openWithoutUpcall: options.config.openWithoutUpcall,
			...(options.config.trace ? { trace: traceToStandardError } : {}),
		});
	}

	/** Called with every record of the journal. */
	note(record: JournalRecord): void {
		this.#operations.gate.note(record);
	}

	/**
	 * Mounts. Resolves when requests are answered, with a promise of the end.
	 * Errors: DRIVER_UNAVAILABLE, FUSE_DEVICE_MISSING, FUSE_DEVICE_DENIED, MOUNT_POINT_INVALID, MOUNT_REFUSED.
	 */
	async mount(): Promise<{ readonly ended: Promise<void> }> {
		const { mountPoint, allowOther } = this.#config;
		checkMountPath(mountPoint);
		const Native = load();
		// libfuse reports only "failed", so the usual reasons are checked first.
		requireFuseDevice();
		const known = new Set(deviceDescriptors());
		await start(new Native(mountPoint, this.#operations.table(), mountOptions(allowOther)), mountPoint);
		const device = deviceDescriptors().find((fd) => !known.has(fd));
		if (device === undefined) throw new ConfigMapFsError('MOUNT_REFUSED', `"${mountPoint}" is already unmounted`);
		return { ended: connectionEnd(device) };
	}
}

function load(): NativeConstructor {
	try {
		return loadBinding();
	} catch (error) {
		throw driverUnavailable(errorText(error), error);
	}
}

function start(mount: NativeMount, mountPoint: string): Promise<void> {
	return new Promise((resolve, reject) => {
		mount.mount((error) => {
			if (error === null || error === undefined) {
				resolve();
				return;
			}
			const reason = error.message === 'fuse failed' ? 'libfuse refused it; the reason is above' : error.message;
			reject(
				new ConfigMapFsError(
					'MOUNT_REFUSED',
					`cannot mount on "${mountPoint}": ${reason}; ordinary users of libfuse 2 need the program fusermount ` +
						'("apt-get install fuse3"), or use --driver kernel',
					{ cause: error },
				),
			);
		});
	});
}

/** Descriptors of this process that are open on /dev/fuse. */
function deviceDescriptors(): readonly number[] {
	const found: number[] = [];
	for (const name of readdirSync('/proc/self/fd')) {
		try {
			if (readlinkSync(`/proc/self/fd/${name}`) === FUSE_DEVICE) found.push(Number(name));
		} catch {
			// The descriptor of the listing itself.
		}
	}
	return found;
}

async function connectionEnd(device: number): Promise<void> {
	const worker = new Worker(new URL('./end-watch-thread.js', import.meta.url), { workerData: device });
	await once(worker, 'message');
}

function traceToStandardError(operation: string, path: string, result: number): void {
	process.stderr.write(`fuse-native ${operation} ${JSON.stringify(path)} = ${result}\n`);
}
