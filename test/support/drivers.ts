/** The drivers that tests run with, each with a suitable directory and the reason if it cannot run on this machine. */

import { existsSync } from 'node:fs';
import { fuseNativeUnavailable } from '../../src/mounts/fuse-native-library.js';
import { temporaryDirectory, tmpfsDirectory } from './temporary.js';

export interface DriverCase {
	readonly name: 'kernel' | 'fuse-native' | 'directory';
	/** Whether the volume is a mount, which no user can write to. */
	readonly isMount: boolean;
	/**
	 * Whether what is open across a flip stays as it was, and a walk through a name that is gone never fails, however long
	 * it takes. libfuse 2 asks by path, so there it cannot be; test/mount/volume/fuse-native.test.ts says what is so instead.
	 */
	readonly keepsWhatIsOpen: boolean;
	/** Refusals of its own by call, where its library does not know the call. */
	readonly refusals: Readonly<Record<string, readonly string[]>>;
	/** An empty directory to mount on, or to write into. */
	directory(): string;
	/** Why it cannot run here; undefined when it can. */
	unavailable(): string | undefined;
}

const SERVER_OF_FUSE_NATIVE = new URL('../../src/server/fuse-native/server.ts', import.meta.url);

/** libfuse 2.9 does not know RENAME2, so the kernel answers for it, with EINVAL, where the mount is writable. */
const LIBFUSE_2 = Object.fromEntries(
	['exchange', 'noreplace'].flatMap((flag) =>
		['volume', 'snapshot'].map((place) => [`renameat2 ${flag} in ${place}`, ['EINVAL', 'EROFS']]),
	),
);

export const DRIVERS: readonly DriverCase[] = [
	{
		name: 'kernel',
		isMount: true,
		keepsWhatIsOpen: true,
		refusals: {},
		directory: () => temporaryDirectory('kernel'),
		unavailable: () => undefined,
	},
	{
		name: 'directory',
		isMount: false,
		keepsWhatIsOpen: true,
		refusals: {},
		directory: () => tmpfsDirectory('directory'),
		unavailable: () => undefined,
	},
	{
		name: 'fuse-native',
		isMount: true,
		keepsWhatIsOpen: false,
		refusals: LIBFUSE_2,
		directory: () => temporaryDirectory('native'),
		unavailable: () =>
			existsSync(SERVER_OF_FUSE_NATIVE) ? fuseNativeUnavailable() : 'the fuse-native driver is not there yet',
	},
];

export const FUSE_DRIVERS = DRIVERS.filter((driver) => driver.isMount);
