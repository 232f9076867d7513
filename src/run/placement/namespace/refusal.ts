/**
 * Errors for steps that the kernel, a security module or a container's filter refuses: the step, the reason and the
 * cure.
 */

import { readFileSync } from 'node:fs';
import { ConfigMapFsError, errorText, systemCode } from '../../../base/errors.js';
import { isInitialUserNamespace } from '../../../native/namespace.js';

/** The alternative that needs no feature of the kernel. */
const WITHOUT_NAMESPACE = 'or use --root-dir DIR, which needs no namespace';

/** Settings of the kernel that forbid user namespaces, or mounts in them, to ordinary users. */
const SETTINGS: readonly { readonly name: string; readonly refuses: string; readonly allows: string }[] = [
	{ name: 'user.max_user_namespaces', refuses: '0', allows: '15000' },
	{ name: 'kernel.unprivileged_userns_clone', refuses: '0', allows: '1' },
	{ name: 'kernel.apparmor_restrict_unprivileged_userns', refuses: '1', allows: '0' },
];

/** Reads a setting from `/proc/sys`; undefined if this kernel does not have it. */
export type ReadSetting = (name: string) => string | undefined;

function readSetting(name: string): string | undefined {
	try {
		return readFileSync(`/proc/sys/${name.replace('.', '/')}`, 'latin1').trim();
	} catch {
		return undefined;
	}
}

/** The cure if a setting forbids mounts to ordinary users; undefined if none does. */
function settingCure(read: ReadSetting): string | undefined {
	const forbidding = SETTINGS.find(({ name, refuses }) => read(name) === refuses);
	if (forbidding === undefined) return undefined;
	return `${forbidding.name} is ${forbidding.refuses}; "sysctl -w ${forbidding.name}=${forbidding.allows}" as root allows it`;
}

/** The error if an ordinary user gets no user namespace, or one without the right to mount. */
export function userNamespaceRefused(
	reason: string,
	options: { readonly read?: ReadSetting; readonly cause?: unknown } = {},
): ConfigMapFsError {
	const { read = readSetting, cause } = options;
	const cure =
		settingCure(read) ?? 'in a container, pass "--security-opt seccomp=unconfined --security-opt apparmor=unconfined"';
	return new ConfigMapFsError(
		'FUSE_DEVICE_DENIED',
		`cannot create a user namespace: ${reason}; ${cure}; run as root, ${WITHOUT_NAMESPACE}`,
		{ cause },
	);
}

const NOT_PERMITTED: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'ENOSYS']);

/**
 * Converts a system error. `step` completes "cannot …", and names the mountPath if there is one. A ConfigMapFsError is
 * returned unchanged.
 */
export function refused(step: string, error: unknown): ConfigMapFsError {
	if (error instanceof ConfigMapFsError) return error;
	const code = systemCode(error) ?? '';
	if (NOT_PERMITTED.has(code)) {
		// As on Ubuntu, where a user namespace can be created but gives no rights.
		const cure =
			(isInitialUserNamespace() ? undefined : settingCure(readSetting)) ??
			'in a container, pass "--cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined"';
		const text = `cannot ${step}: ${errorText(error)}, not permitted; ${cure}, ${WITHOUT_NAMESPACE}`;
		return new ConfigMapFsError('FUSE_DEVICE_DENIED', text, { cause: error });
	}
	const { reason, cure } = KNOWN[code] ?? { reason: 'not possible here', cure: 'use --root-dir DIR instead' };
	return new ConfigMapFsError('MOUNT_REFUSED', `cannot ${step}: ${errorText(error)}, ${reason}; ${cure}`, {
		cause: error,
	});
}

const KNOWN: Readonly<Record<string, { readonly reason: string; readonly cure: string }>> = {
	ENOSPC: {
		reason: 'too many mounts or namespaces',
		cure: `raise fs.mount-max or user.max_mnt_namespaces with sysctl as root, ${WITHOUT_NAMESPACE}`,
	},
	ENODEV: {
		reason: 'this kernel does not have the file system',
		cure: `load its module as root, ${WITHOUT_NAMESPACE}`,
	},
	ENAMETOOLONG: { reason: 'the path is too long', cure: 'choose another mountPath' },
	ENOENT: { reason: 'no such file or directory', cure: 'create it, or remove the mount from the pod' },
};
