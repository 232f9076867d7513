/**
 * `configmapfs unmount DIR…`: takes mounts away, dead ones among them.
 */

import type { Argv, CommandModule } from 'yargs';
import { ConfigMapFsError } from '../base/errors.js';
import { unmountAll, unmountDirectory } from '../mount/unmount.js';

export interface UnmountArguments {
	readonly directories?: readonly string[] | undefined;
	readonly force: boolean;
	readonly all: boolean;
}

/** Returns the exit status. Errors: USAGE, UNMOUNT_REFUSED, MOUNT_POINT_BUSY. */
export async function unmountCommand(argv: UnmountArguments, say: (line: string) => void): Promise<number> {
	const directories = argv.directories ?? [];
	if (argv.all === directories.length > 0) {
		throw new ConfigMapFsError(
			'USAGE',
			argv.all ? '--all takes no directory' : 'a directory to unmount is missing, or --all',
		);
	}
	if (argv.all) {
		for (const path of await unmountAll(argv.force)) say(`unmounted ${path}`);
		return 0;
	}
	for (const directory of directories) await unmountDirectory(directory, argv.force);
	return 0;
}

function describeFlags(yargs: Argv): Argv<UnmountArguments> {
	return yargs
		.positional('directories', { type: 'string', array: true, describe: 'Mount points' })
		.option('force', { type: 'boolean', default: false, describe: 'Also when it is in use: open files are lost' })
		.option('all', { type: 'boolean', default: false, describe: 'Every mount of configmapfs of this namespace' })
		.example('$0 unmount ./mnt', 'Unmount, unless somebody uses it')
		.example('$0 unmount --force ./mnt', 'Unmount whatever happens') as unknown as Argv<UnmountArguments>;
}

export function unmountModule(run: (argv: UnmountArguments) => Promise<void>): CommandModule<object, UnmountArguments> {
	return {
		command: 'unmount [directories..]',
		aliases: ['umount'],
		describe: 'Take mounts away, those of killed daemons included',
		builder: (yargs) => describeFlags(yargs),
		handler: run,
	};
}
