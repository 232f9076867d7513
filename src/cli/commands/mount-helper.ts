/**
 * The mount(8) helper: `mount -t configmapfs SOURCE DIR -o …` and fstab lines call `mount.configmapfs`. Pure.
 * Source: mount(8), "EXTERNAL HELPERS": mount.TYPE SOURCE DIR [-sfnv] [-N namespace] [-o options] [-t type].
 */

import { ConfigMapFsError, EXIT_STATUS } from '../../base/errors.js';
import type { FlagOption } from '../../go/flags.js';
import { MOUNT_OPTIONS } from '../flags/mount-flags.js';

/** Options of fstab for mount(8), the boot or the kernel. They have no effect here. */
const IGNORED = new Set(
	'ro,rw,auto,noauto,user,nouser,users,group,owner,defaults,nofail,_netdev,exec,noexec,suid,nosuid,dev,nodev,atime,noatime,relatime,async,sync'.split(
		',',
	),
);

/** Flags that fstab cannot express: they depend on their order or on descriptors, or are options of mount(8). */
const NOT_IN_OPTIONS = new Set([
	'create',
	'from-literal',
	'from-file',
	'from-env-file',
	'background',
	'ready-fd',
	'user',
]);

/** The flag of an option: `--snapshot-grace=5s` for `snapshot_grace=5s`; undefined if there is none. */
function flagOf(option: string): string | undefined {
	const equals = option.indexOf('=');
	const name = (equals < 0 ? option : option.slice(0, equals)).replaceAll('_', '-');
	if (!Object.hasOwn(MOUNT_OPTIONS, name) || NOT_IN_OPTIONS.has(name)) return undefined;
	const flag: FlagOption = MOUNT_OPTIONS[name as keyof typeof MOUNT_OPTIONS];
	const isBare = flag.type === 'boolean' || flag.valueIfBare !== undefined;
	if (equals < 0) return isBare ? `--${name}` : undefined;
	return flag.type === 'boolean' ? undefined : `--${name}=${option.slice(equals + 1)}`;
}

/**
 * Translates the arguments of mount.configmapfs into those of `configmapfs`; undefined for a fake mount (`-f`). The mount
 * runs in the background. Errors: USAGE for an unknown option.
 */
export function mountHelperArguments(args: readonly string[]): readonly string[] | undefined {
	const positional: string[] = [];
	const options: string[] = [];
	let sloppy = false;
	for (let index = 0; index < args.length; index++) {
		const arg = args[index] ?? '';
		if (arg === '-o') options.push(...(args[++index] ?? '').split(','));
		else if (arg === '-N' || arg === '-t') index++;
		else if (/^-[sfnv]+$/.test(arg)) {
			if (arg.includes('f')) return undefined;
			if (arg.includes('s')) sloppy = true;
		} else positional.push(arg);
	}
	const [source, directory] = positional;
	if (source === undefined || directory === undefined) {
		throw new ConfigMapFsError('USAGE', 'usage: mount.configmapfs SOURCE DIR [-o OPTIONS]');
	}
	const words = ['mount', '--background'];
	if (source !== 'none' && source !== 'configmapfs') words.push(`--filename=${source}`);
	for (const option of options) {
		const flag = flagOf(option);
		if (flag !== undefined) words.push(flag);
		else if (!isForMount(option) && !sloppy) {
			throw new ConfigMapFsError(
				'USAGE',
				`unknown mount option "${option}"; "configmapfs mount --help" lists the flags`,
			);
		}
	}
	return [...words, '--', directory];
}

/** The exit status for mount(8), which does not use sysexits. Source: mount(8), EXIT STATUS. */
export function helperStatus(status: number): number {
	if (status === 0) return 0;
	return status === EXIT_STATUS.USAGE ? 1 : 32;
}

function isForMount(option: string): boolean {
	const [name = ''] = option.split('=');
	return name === '' || IGNORED.has(name) || /^x[-_]/i.test(name) || name === 'comment';
}
