/**
 * What the kernel, a security module or a container's filter refused on the way to a namespace: which step, why, and
 * what helps.
 */

import { readFileSync } from 'node:fs';
import { ConfigMapFsError, errorText, systemCode } from '../../../base/errors.js';
import { isInitialUserNamespace } from '../../../native/namespace.js';

/** Always there, because it needs nothing of the kernel. */
const WITHOUT_NAMESPACE = 'or use --root-dir DIR, which needs no namespace';

/** Switches of the kernel that keep user namespaces, or what they are for, from ordinary users. */
const SWITCHES: readonly { readonly name: string; readonly refuses: string; readonly allows: string }[] = [
	{ name: 'user.max_user_namespaces', refuses: '0', allows: '15000' },
	{ name: 'kernel.unprivileged_userns_clone', refuses: '0', allows: '1' },
	{ name: 'kernel.apparmor_restrict_unprivileged_userns', refuses: '1', allows: '0' },
];

/** Reads `/proc/sys`; undefined for a switch that this kernel has not. */
export type ReadSwitch = (name: string) => string | undefined;

function readSwitch(name: string): string | undefined {
	try {
		return readFileSync(`/proc/sys/${name.replace('.', '/')}`, 'latin1').trim();
	} catch {
		return undefined;
	}
}

/** What lets an ordinary user, in a user namespace of his own or without one, mount. */
function openSwitch(read: ReadSwitch): string | undefined {
	const closed = SWITCHES.find(({ name, refuses }) => read(name) === refuses);
	if (closed === undefined) return undefined;
	return `${closed.name} is ${closed.refuses}, and "sysctl -w ${closed.name}=${closed.allows}" as root allows it`;
}

/** An ordinary user gets no user namespace, or none that is of use. `reason` is what was said. */
export function userNamespaceRefused(
	reason: string,
	options: { readonly read?: ReadSwitch; readonly cause?: unknown } = {},
): ConfigMapFsError {
	const { read = readSwitch, cause } = options;
	const cure =
		openSwitch(read) ??
		'a container needs "--security-opt seccomp=unconfined --security-opt apparmor=unconfined" for it';
	return new ConfigMapFsError(
		'FUSE_DEVICE_DENIED',
		`Cannot make a user namespace: ${reason}; ${cure}; run as root, ${WITHOUT_NAMESPACE}`,
		{ cause },
	);
}

const NOT_PERMITTED: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'ENOSYS']);

/**
 * `step` completes "Cannot …", and names the mountPath where there is one. Errors that are for people already stay as
 * they are.
 */
export function refused(step: string, error: unknown): ConfigMapFsError {
	if (error instanceof ConfigMapFsError) return error;
	const code = systemCode(error) ?? '';
	if (NOT_PERMITTED.has(code)) {
		// As in Ubuntu, where a user namespace can be made and gives no rights.
		const cure =
			(isInitialUserNamespace() ? undefined : openSwitch(readSwitch)) ??
			'a container needs "--cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined"';
		const text = `Cannot ${step}: ${errorText(error)}, not permitted; ${cure}, ${WITHOUT_NAMESPACE}`;
		return new ConfigMapFsError('FUSE_DEVICE_DENIED', text, { cause: error });
	}
	const { reason, cure } = KNOWN[code] ?? { reason: 'not possible here', cure: 'use --root-dir DIR instead' };
	return new ConfigMapFsError('MOUNT_REFUSED', `Cannot ${step}: ${errorText(error)}, ${reason}; ${cure}`, {
		cause: error,
	});
}

const KNOWN: Readonly<Record<string, { readonly reason: string; readonly cure: string }>> = {
	ENOSPC: {
		reason: 'too many mounts or namespaces',
		cure: `raise fs.mount-max or user.max_mnt_namespaces with sysctl as root, ${WITHOUT_NAMESPACE}`,
	},
	ENODEV: { reason: 'a file system that this kernel has not', cure: `load its module as root, ${WITHOUT_NAMESPACE}` },
	ENAMETOOLONG: { reason: 'longer than a path may be', cure: 'choose another mountPath' },
	ENOENT: { reason: 'no such file or directory', cure: 'make it, or take the mount out of the pod' },
};
