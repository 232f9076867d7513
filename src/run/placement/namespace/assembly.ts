/**
 * Assembles the application's view of the machine in the mount namespace of this thread: first the missing mount
 * points, then the mounts; at the end the mounts of this program itself are detached.
 *
 * Sources are opened before the first mount, because afterwards their paths may lead elsewhere.
 */

import { chmodSync, closeSync, fstatSync, mkdirSync, opendirSync, openSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigMapFsError, errorText, systemCode } from '../../../base/errors.js';
import { type MountEntry, readMountTable } from '../../../mounts/mount-table.js';
import { MNT, MS, mount, umount2 } from '../../../native/libc.js';
import { bindMount, O_PATH, pathOf } from '../../../native/namespace.js';
import { createMountPointAt } from './host-entries.js';
import { keptFlags, MOUNT_NAME, mountAt, mountOf } from './mount-flags.js';
import type { PlannedMount } from './planned-mount.js';
import { refused } from './refusal.js';
import { standInFor } from './stand-in.js';
import { resolveTarget, type Target } from './target.js';

export interface Assembly {
	/**
	 * Directories of the host in which a mount point had to be created. A new file directly in them is visible only to
	 * the application and lost at its end, and so are changes of files directly in them.
	 */
	readonly copyOnWrite: readonly string[];
	/** Paths of the host that the application cannot see, because the kernel refuses to bind them. */
	readonly unreachable: readonly string[];
}

interface Placed {
	readonly planned: PlannedMount;
	readonly source: number;
	readonly isDirectory: boolean;
	readonly target: Target;
}

/** Requires: a new mount namespace; `plan` in order of depth; `stage` is a mount of this program. */
export function assemble(plan: readonly PlannedMount[], stage: string): Assembly {
	const held: number[] = [];
	const hold = (path: string) => {
		const fd = openSync(path, O_PATH);
		held.push(fd);
		return fd;
	};
	try {
		const table = readMountTable();
		const placed = locate(plan, hold);
		// With a new root, our mounts are below the old one and go with it.
		const own = hold(needsNewRoot(placed) ? '/' : stage);
		const assembly = createMissing(placed, { workshop: join(stage, 'workshop'), stage: hold(stage), table });
		for (const one of placed) bind(one, table);
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

function locate(plan: readonly PlannedMount[], hold: (path: string) => number): readonly Placed[] {
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

/** File systems of the kernel, in which nothing can be created and which a stand-in cannot imitate. */
const KERNEL_FILE_SYSTEMS: ReadonlySet<string> = new Set([
	'proc',
	'sysfs',
	'cgroup',
	'cgroup2',
	'securityfs',
	'debugfs',
]);

/** Creates the missing mount points, in stand-ins of the host's directories. */
function createMissing(
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
	// Otherwise the stand-in of a directory above the stage would contain the stage, and itself.
	mount(null, pathOf(stage), null, MS.UNBINDABLE, null);
	// Outer directories first: their stand-ins show the inner ones with everything that is mounted in them.
	const directories = [...byDirectory.keys()].sort((a, b) => a.length - b.length);
	const unreachable: string[] = [];
	const workshopFd = openSync(workshop, O_PATH);
	try {
		for (const directory of directories) {
			const wanted = byDirectory.get(directory) ?? [];
			const mountPath = wanted[0]?.planned.target ?? directory;
			checkParent(directory, mountPath, table);
			const standIn = attempt(`mount at "${mountPath}", for which a directory entry is created in "${directory}"`, () =>
				standInFor(directory, { workshop: pathOf(workshopFd), table }),
			);
			unreachable.push(...standIn.missed);
			for (const one of wanted) attempt(`mount at "${one.planned.target}"`, () => createMountPoint(one));
			standIn.finish();
		}
	} finally {
		closeSync(workshopFd);
	}
	mount(null, pathOf(stage), null, MS.PRIVATE, null);
	return { copyOnWrite: directories, unreachable };
}

/** Errors: MOUNT_POINT_INVALID if the directory cannot have a stand-in. */
function checkParent(directory: string, mountPath: string, table: readonly MountEntry[]): void {
	const type = mountAt(directory, table)?.type ?? '';
	if (KERNEL_FILE_SYSTEMS.has(type)) {
		throw invalid(mountPath, `it does not exist, and it is inside ${type}`, 'choose another mountPath');
	}
	try {
		opendirSync(directory).closeSync();
	} catch (error) {
		const reason = systemCode(error) === 'EACCES' ? 'this user may not list that directory' : errorText(error);
		const cure = 'run as root, or use --root-dir DIR';
		throw invalid(mountPath, `it must be created in "${directory}", and ${reason}`, cure);
	}
}

/** Creates the rest of the path, as container runtimes do, regardless of the umask. */
function createMountPoint({ target, isDirectory }: Missing): void {
	const names = target.path.slice(target.below === '/' ? 1 : target.below.length + 1).split('/');
	names.forEach((_, index) => {
		const path = join(target.below, ...names.slice(0, index + 1));
		const asDirectory = isDirectory || index < names.length - 1;
		try {
			createMountPointAt(path, asDirectory);
			chmodSync(path, asDirectory ? 0o755 : 0o644);
		} catch (error) {
			// Another mount of the plan has needed it too.
			if (systemCode(error) !== 'EEXIST') throw error;
		}
	});
}

function bind({ planned, source, isDirectory, target }: Placed, table: readonly MountEntry[]): void {
	const { target: mountPath, readOnly, recursive = false } = planned;
	checkKind(mountPath, isDirectory, statOf(mountPath, target));
	attempt(`mount at "${mountPath}"`, () => {
		bindMount(pathOf(source), target.path, recursive);
		const flags = keptFlags(mountOf(source, table));
		if (readOnly && (flags & MS.RDONLY) === 0) {
			mount(null, target.path, null, MS.REMOUNT | MS.BIND | MS.RDONLY | flags, null);
		}
	});
}

function statOf(mountPath: string, target: Target): Stats {
	try {
		return statSync(target.path);
	} catch (error) {
		if (target.kind !== 'nested') throw invalid(mountPath, errorText(error), 'choose another mountPath');
		const reason = `the volume that is mounted at "${target.inside}" has no such path`;
		throw invalid(mountPath, reason, 'choose another mountPath, or mount a writable volume there');
	}
}

/** Source: runc v1.1, "Are you trying to mount a directory onto a file (or vice-versa)?". */
function checkKind(mountPath: string, isDirectory: boolean, existing: Stats): void {
	if (existing.isDirectory() === isDirectory) return;
	if (isDirectory) {
		const cure = 'mount one file of the volume there with subPath, or choose another mountPath';
		throw invalid(mountPath, 'not a directory: a directory cannot be mounted onto a file', cure);
	}
	const cure = `use the path of the file as mountPath, such as "${mountPath}/NAME"`;
	throw invalid(mountPath, 'is a directory: a file cannot be mounted onto a directory', cure);
}

function invalid(mountPath: string, reason: string, cure: string): ConfigMapFsError {
	return new ConfigMapFsError('MOUNT_POINT_INVALID', `cannot mount at "${mountPath}": ${reason}; ${cure}`);
}
