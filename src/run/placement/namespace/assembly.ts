/**
 * Puts an application's view of the machine together, in the mount namespace that this thread is in: first what its
 * paths need in order to exist, then the mounts, and at last everything of this program's own is taken out of it.
 *
 * Sources are held by descriptors from the start, because their names may lead elsewhere once a part is done.
 */

import { chmodSync, closeSync, fstatSync, mkdirSync, opendirSync, openSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigMapFsError, errorText, systemCode } from '../../../base/errors.js';
import { type MountEntry, readMountTable } from '../../../mounts/mount-table.js';
import { MNT, MS, mount, umount2 } from '../../../native/libc.js';
import { bindMount, O_PATH, pathOf } from '../../../native/namespace.js';
import { makePlace } from './host-entries.js';
import { keptFlags, MOUNT_NAME, mountAt, mountOf } from './mount-flags.js';
import type { PlannedMount } from './planned-mount.js';
import { refused } from './refusal.js';
import { standInFor } from './stand-in.js';
import { resolveTarget, type Target } from './target.js';

export interface Assembly {
	/**
	 * Directories of the host in which something had to be made: a new name directly in them is the application's alone
	 * and lost at its end, and so is what it writes into files directly in them.
	 */
	readonly copyOnWrite: readonly string[];
	/** Paths of the host that the application cannot see, because the kernel does not let them be shown. */
	readonly unreachable: readonly string[];
}

interface Placed {
	readonly planned: PlannedMount;
	readonly source: number;
	readonly isDirectory: boolean;
	readonly target: Target;
}

/** Requires: a new mount namespace; `plan` in order of depth; `stage` a mount of this program's own. */
export function assemble(plan: readonly PlannedMount[], stage: string): Assembly {
	const held: number[] = [];
	const hold = (path: string) => {
		const fd = openSync(path, O_PATH);
		held.push(fd);
		return fd;
	};
	try {
		const table = readMountTable();
		const placed = place(plan, hold);
		// What is ours goes with the root that it is mounted in, where there is a new one.
		const own = hold(needsNewRoot(placed) ? '/' : stage);
		const assembly = provide(placed, { workshop: join(stage, 'workshop'), stage: hold(stage), table });
		for (const one of placed) show(one, table);
		attempt('hide the mounts of this program', () => umount2(pathOf(own), MNT.DETACH));
		return assembly;
	} finally {
		for (const fd of held) closeSync(fd);
	}
}

function attempt<T>(step: string, act: () => T): T {
	try {
		return act();
	} catch (error) {
		throw refused(step, error);
	}
}

function place(plan: readonly PlannedMount[], hold: (path: string) => number): readonly Placed[] {
	const taken = new Set<string>();
	return plan.map((planned) => {
		const target = resolveTarget(planned.target, taken);
		taken.add(target.path);
		const source = attempt(`mount at "${planned.target}"`, () => hold(planned.source));
		return { planned, source, isDirectory: fstatSync(source).isDirectory(), target };
	});
}

type Missing = Placed & { readonly target: { readonly kind: 'missing' } };

function isMissing(one: Placed): one is Missing {
	return one.target.kind === 'missing';
}

function needsNewRoot(placed: readonly Placed[]): boolean {
	return placed.some((one) => isMissing(one) && one.target.below === '/');
}

/** File systems of the kernel, in which nothing can be made, nor be made to look so. */
const KERNELS_OWN: ReadonlySet<string> = new Set(['proc', 'sysfs', 'cgroup', 'cgroup2', 'securityfs', 'debugfs']);

/** Makes what is missing. */
function provide(
	placed: readonly Placed[],
	context: { readonly workshop: string; readonly stage: number; readonly table: readonly MountEntry[] },
): Assembly {
	const { workshop, stage, table } = context;
	const byDirectory = new Map<string, Missing[]>();
	for (const one of placed.filter(isMissing)) {
		byDirectory.set(one.target.below, [...(byDirectory.get(one.target.below) ?? []), one]);
	}
	if (byDirectory.size === 0) return { copyOnWrite: [], unreachable: [] };
	attempt('mount a tmpfs', () => {
		mkdirSync(workshop, { recursive: true, mode: 0o700 });
		mount(MOUNT_NAME, workshop, 'tmpfs', MS.NOSUID | MS.NODEV, 'mode=700');
	});
	// Otherwise a directory that has the stage below it would be shown with it, and with its own stand-in.
	mount(null, pathOf(stage), null, MS.UNBINDABLE, null);
	// An outer directory first: it shows the inner ones, with everything that is mounted in them already.
	const directories = [...byDirectory.keys()].sort((a, b) => a.length - b.length);
	const unreachable: string[] = [];
	const workshopFd = openSync(workshop, O_PATH);
	try {
		for (const directory of directories) {
			const wanted = byDirectory.get(directory) ?? [];
			const mountPath = wanted[0]?.planned.target ?? directory;
			checkParent(directory, mountPath, table);
			const standIn = attempt(`mount at "${mountPath}", for which "${directory}" must have something new`, () =>
				standInFor(directory, { workshop: pathOf(workshopFd), table }),
			);
			unreachable.push(...standIn.missed);
			for (const one of wanted) attempt(`mount at "${one.planned.target}"`, () => makeMissing(one));
			standIn.finish();
		}
	} finally {
		closeSync(workshopFd);
	}
	mount(null, pathOf(stage), null, MS.PRIVATE, null);
	return { copyOnWrite: directories, unreachable };
}

/** Errors: MOUNT_POINT_INVALID for a directory that cannot be stood in for. */
function checkParent(directory: string, mountPath: string, table: readonly MountEntry[]): void {
	const type = mountAt(directory, table)?.type ?? '';
	if (KERNELS_OWN.has(type)) {
		throw invalid(mountPath, `it does not exist, and it is inside ${type}`, 'choose another mountPath');
	}
	try {
		opendirSync(directory).closeSync();
	} catch (error) {
		const reason = systemCode(error) === 'EACCES' ? 'this user may not list it' : errorText(error);
		const cure = 'run as root, or use --root-dir DIR';
		throw invalid(mountPath, `"${directory}" must have something new, and ${reason}`, cure);
	}
}

/** Makes the rest of the path, as container runtimes do, whatever the umask is. */
function makeMissing({ target, isDirectory }: Missing): void {
	const names = target.path.slice(target.below === '/' ? 1 : target.below.length + 1).split('/');
	names.forEach((_, index) => {
		const path = join(target.below, ...names.slice(0, index + 1));
		const asDirectory = isDirectory || index < names.length - 1;
		try {
			makePlace(path, asDirectory);
			chmodSync(path, asDirectory ? 0o755 : 0o644);
		} catch (error) {
			// Another mount of the plan needs it too.
			if (systemCode(error) !== 'EEXIST') throw error;
		}
	});
}

function show({ planned, source, isDirectory, target }: Placed, table: readonly MountEntry[]): void {
	const { target: mountPath, readOnly, recursive = false } = planned;
	checkKind(mountPath, isDirectory, lookAt(mountPath, target));
	attempt(`mount at "${mountPath}"`, () => {
		bindMount(pathOf(source), target.path, recursive);
		const flags = keptFlags(mountOf(source, table));
		if (readOnly && (flags & MS.RDONLY) === 0) {
			mount(null, target.path, null, MS.REMOUNT | MS.BIND | MS.RDONLY | flags, null);
		}
	});
}

function lookAt(mountPath: string, target: Target): Stats {
	try {
		return statSync(target.path);
	} catch (error) {
		if (target.kind !== 'nested') throw invalid(mountPath, errorText(error), 'choose another mountPath');
		const reason = `there is no such path in the volume that is mounted at "${target.inside}"`;
		throw invalid(mountPath, reason, 'choose another mountPath, or a writable volume there');
	}
}

/** Source: runc v1.1, "Are you trying to mount a directory onto a file (or vice-versa)?". */
function checkKind(mountPath: string, isDirectory: boolean, there: Stats): void {
	if (there.isDirectory() === isDirectory) return;
	if (isDirectory) {
		const cure = 'mount one file of the volume there with subPath, or choose another mountPath';
		throw invalid(mountPath, 'not a directory: a directory cannot be mounted onto a file', cure);
	}
	const cure = `give the mountPath of the file itself, such as "${mountPath}/NAME"`;
	throw invalid(mountPath, 'is a directory: a file cannot be mounted onto a directory', cure);
}

function invalid(mountPath: string, reason: string, cure: string): ConfigMapFsError {
	return new ConfigMapFsError('MOUNT_POINT_INVALID', `Cannot mount at "${mountPath}": ${reason}; ${cure}`);
}
