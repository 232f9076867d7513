/**
 * Lets an ordinary user mount: in a user namespace that keeps the user's own uid.
 *
 * A process with threads cannot create one (unshare(2), CLONE_NEWUSER), and Node has threads before the first line of
 * the program runs. So the process executes `unshare`, which creates the namespace and executes this program again.
 */

import { spawnSync } from 'node:child_process';
import { errorText, systemCode } from '../../../base/errors.js';
import { CAP_SYS_ADMIN, hasCapability } from '../../../native/capabilities.js';
import { ownCommandLine, replaceProcess } from '../../../native/replace-process.js';
import { userNamespaceRefused } from './refusal.js';

/** Set for the second execution of this program. */
const MARKER = 'CONFIGMAPFS_USER_NAMESPACE';

/**
 * Whether this process may not mount, so `reexecInUserNamespace` must be called. Removes the marker of the second
 * execution from the environment, so call it before the environment is passed on.
 * Errors: FUSE_DEVICE_DENIED if this is the second execution and it still may not mount.
 */
export function needsUserNamespace(): boolean {
	const isSecond = process.env[MARKER] !== undefined;
	delete process.env[MARKER];
	if (hasCapability(CAP_SYS_ADMIN)) return false;
	if (isSecond) throw userNamespaceRefused('it was created, but gives no right to mount');
	return true;
}

/**
 * Executes this program again in the same process, with the right to mount in a new user namespace: as the same user,
 * or as its root with `mapRoot`. Other users and groups do not exist there.
 * Requires: standard streams were not used yet.
 * Errors: FUSE_DEVICE_DENIED with the reason, before anything has changed.
 */
export function reexecInUserNamespace(options: { readonly mapRoot: boolean }): never {
	// Without --keep-caps the capabilities of a user other than root end at the exec.
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

/** Tries it in a child first, because after the exec no error could be reported. */
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
	const message =
		result.stderr
			?.trim()
			.split('\n')[0]
			?.replace(/^unshare: /, '') ?? '';
	if (/unrecognized option|invalid option/.test(message)) {
		throw userNamespaceRefused(`the program unshare is not that of util-linux, or too old (it reports "${message}")`);
	}
	throw userNamespaceRefused(cause === undefined ? `unshare reports "${message}"` : errorText(cause), { cause });
}
