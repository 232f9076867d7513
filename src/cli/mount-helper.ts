/**
 * The mount(8) helper: `mount -t configmapfs SOURCE DIR -o …` and fstab lines call `mount.configmapfs`. Pure.
 * Source: mount(8), "EXTERNAL HELPERS": mount.TYPE SOURCE DIR [-sfnv] [-N namespace] [-o options] [-t type].
 */

import { ConfigMapFsError, EXIT_STATUS } from '../base/errors.js';

/** Options of fstab that are about mount(8), the boot or the kernel, and mean nothing here. */
const IGNORED = new Set(
	'ro,rw,auto,noauto,user,nouser,users,group,owner,defaults,nofail,_netdev,exec,noexec,suid,nosuid,dev,nodev,atime,noatime,relatime,async,sync'.split(
		',',
	),
);

/** Options with a value, and those without, by their flags. */
const FLAGS: Readonly<Record<string, string>> = {
	filename: '--filename',
	namespace: '--namespace',
	selector: '--selector',
	volume: '--volume',
	item: '--item',
	default_mode: '--default-mode',
	driver: '--driver',
	uid: '--uid',
	gid: '--gid',
	snapshot_grace: '--snapshot-grace',
	history: '--history',
	log_level: '--log-level',
	log_file: '--log-file',
};
const SWITCHES: Readonly<Record<string, string>> = {
	recursive: '--recursive',
	all_namespaces: '--all-namespaces',
	optional: '--optional',
	allow_other: '--allow-other',
	mkdir: '--mkdir',
};

/**
 * The arguments of `configmapfs` for those of mount.configmapfs; undefined for a fake mount. The mount goes on in the
 * background, as a mount does. Errors: USAGE for an option that is not known.
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
		const equals = option.indexOf('=');
		const name = (equals < 0 ? option : option.slice(0, equals)).replaceAll('-', '_');
		const flag = equals < 0 ? SWITCHES[name] : FLAGS[name];
		if (flag !== undefined) words.push(equals < 0 ? flag : `${flag}=${option.slice(equals + 1)}`);
		else if (!isForMount(name) && !sloppy) {
			throw new ConfigMapFsError(
				'USAGE',
				`unknown mount option "${option}"; "configmapfs mount --help" lists the flags`,
			);
		}
	}
	return [...words, '--', directory];
}

/** Exit statuses of mount(8): its own bits mean other things than sysexits. Source: mount(8), EXIT STATUS. */
export function helperStatus(status: number): number {
	if (status === 0) return 0;
	return status === EXIT_STATUS.USAGE ? 1 : 32;
}

function isForMount(name: string): boolean {
	return name === '' || IGNORED.has(name) || name.startsWith('x_') || name.startsWith('X_') || name === 'comment';
}
