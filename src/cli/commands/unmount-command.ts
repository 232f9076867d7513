/**
 * `configmapfs unmount DIR…`: takes mounts away, dead ones among them.
 */

import type { CommandModule } from 'yargs';
import { ConfigMapFsError } from '../../base/errors.js';
import { parseFlags } from '../../go/flags.js';
import { unmountAll, unmountDirectory } from '../../mount/unmount.js';
import { type CliContext, runtimeEnvironment } from '../context.js';

const OPTIONS = {
	force: { type: 'boolean', describe: 'Also when it is in use: what is open in it is lost' },
	all: { type: 'boolean', describe: 'Every mount of configmapfs in this mount namespace' },
} as const;

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
	if (all) for (const path of await unmountAll(options)) say(`unmounted ${path}`);
	for (const directory of directories) await unmountDirectory(directory, options);
	return 0;
}

const EPILOGUE = `Examples:
  # Unmount, unless somebody uses it
  configmapfs unmount ./mnt

  # Unmount whatever happens; also what a killed daemon left behind
  configmapfs unmount --force ./mnt

Exit status:
  0 unmounted                  71 nothing of configmapfs there, or refused
  64 wrong command line        75 in use`;

/** The help of the command; its flags are read by `parseFlags`. */
export const unmountHelp: CommandModule = {
	command: 'unmount <DIR..>',
	aliases: ['umount'],
	describe: 'Take mounts away, those of killed daemons included',
	builder: (yargs) =>
		yargs
			.usage('$0 unmount DIR... [flags]\n\nTakes mounts away, those of killed daemons included.')
			.options(OPTIONS)
			.epilogue(EPILOGUE),
	handler: () => {},
};
