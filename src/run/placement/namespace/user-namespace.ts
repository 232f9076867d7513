/**
 * An ordinary user's way to mounts: a user namespace in which the user stays who he is and may mount.
 *
 * A process with threads cannot make one (unshare(2), CLONE_NEWUSER), and Node has threads before the first line runs.
 * So the program becomes `unshare` in the same process, which makes the namespace and becomes the program again.
 */

import { spawnSync } from 'node:child_process';
import { errorText, systemCode } from '../../../base/errors.js';
import { CAP_SYS_ADMIN, hasCapability } from '../../../native/capabilities.js';
import { ownCommandLine, replaceProcess } from '../../../native/replace-process.js';
import { userNamespaceRefused } from './refusal.js';

/** Says to the second run that it is the second. */
const MARKER = 'CONFIGMAPFS_USER_NAMESPACE';

/**
 * Whether this process may not mount, so that `reexecInUserNamespace` comes first. Takes the mark of a second run out
 * of the environment, so it belongs before anything that hands the environment on.
 * Errors: FUSE_DEVICE_DENIED when this is the second run and may not mount all the same.
 */
export function needsUserNamespace(): boolean {
	const isSecond = process.env[MARKER] !== undefined;
	delete process.env[MARKER];
	if (hasCapability(CAP_SYS_ADMIN)) return false;
	if (isSecond) throw userNamespaceRefused('it was made, and gives no right to mount');
	return true;
}

/**
 * Runs this program again, from its start and in this process, with the right to mount in a user namespace of its own:
 * as the same user, or as its root with `mapRoot`. Other users and groups do not exist there.
 * Requires: standard streams were not used yet.
 * Errors: FUSE_DEVICE_DENIED with the reason, before anything has changed.
 */
export function reexecInUserNamespace(options: { readonly mapRoot: boolean }): never {
	// The rights of another user than root would end with the first exec; these do not.
	const identity = options.mapRoot ? ['--map-root-user'] : ['--map-current-user', '--keep-caps'];
	const unshare = ['unshare', '--user', ...identity, '--'];
	probe(unshare);
	process.env[MARKER] = '1';
	try {
		replaceProcess([...unshare.map((word) => Buffer.from(word)), ...ownCommandLine()]);
	} catch (error) {
		delete process.env[MARKER];
		throw userNamespaceRefused(errorText(error), { cause: error });
	}
}

/** After the exec there is nobody left who could explain. */
function probe([file = '', ...args]: readonly string[]): void {
	const result = spawnSync(file, [...args, 'true'], {
		encoding: 'utf8',
		env: { ...process.env, LC_ALL: 'C' },
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	if (result.status === 0) return;
	const cause = result.error;
	if (systemCode(cause) === 'ENOENT') {
		throw userNamespaceRefused('the program unshare is not installed ("apt-get install util-linux")', { cause });
	}
	const said =
		result.stderr
			?.trim()
			.split('\n')[0]
			?.replace(/^unshare: /, '') ?? '';
	if (/unrecognized option|invalid option/.test(said)) {
		throw userNamespaceRefused(`the program unshare is not util-linux's, or too old (it says "${said}")`);
	}
	throw userNamespaceRefused(cause === undefined ? `unshare says "${said}"` : errorText(cause), { cause });
}
