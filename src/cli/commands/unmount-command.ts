/** `configmapfs unmount DIR…`: unmounts, including dead mounts. */

import { ConfigMapFsError } from '../../base/errors.js';
import { parseFlags } from '../../go/flags.js';
import { unmountAll, unmountDirectory } from '../../mount/unmount.js';
import { type CliContext, runtimeEnvironment } from '../context.js';
import type { CommandHelp, HelpOptions } from '../print/help.js';
import { oneLine } from '../print/terminal-text.js';

const OPTIONS = {
	force: { type: 'boolean', describe: 'Unmount even if the mount is in use; its open files are lost' },
	all: { type: 'boolean', describe: 'Unmount every mount of configmapfs in this mount namespace' },
} as const satisfies HelpOptions;

/** Returns the exit status; `say` writes one line for people. Errors: USAGE, UNMOUNT_REFUSED, MOUNT_POINT_BUSY. */
export async function unmountCommand(context: CliContext, say: (line: string) => void): Promise<number> {
	const flags = parseFlags('unmount', OPTIONS, context.args);
	const directories = flags.positionals;
	const all = flags.is('all');
	if (all && directories.length > 0) throw new ConfigMapFsError('USAGE', '--all takes no directory');
	if (!all && directories.length === 0) {
		throw new ConfigMapFsError('USAGE', 'the mount point DIR is missing, or --all; see "configmapfs unmount --help"');
	}
	const options = { force: flags.is('force'), runtime: runtimeEnvironment(context.env) };
	if (all) for (const path of await unmountAll(options)) say(`unmounted ${oneLine(path)}`);
	for (const directory of directories) await unmountDirectory(directory, options);
	return 0;
}

const EPILOGUE = `Examples:
  # Unmount, unless another process uses the mount
  configmapfs unmount ./mnt

  # Unmount even if it is in use, or its daemon was killed
  configmapfs unmount --force ./mnt

Exit status:
  0 unmounted                  71 not a mount of configmapfs, or refused
  64 wrong command line        75 in use`;

export const unmountHelp: CommandHelp = {
	name: 'unmount',
	summary: 'Unmount, including mounts left by killed daemons',
	usage: ['unmount DIR... [flags]'],
	description: 'Unmount, including mounts left by killed daemons. "umount" is the same command.',
	options: OPTIONS,
	epilogue: EPILOGUE,
};
