/**
 * The variables of the caller that a process gets besides those of its pod. Pure.
 *
 * In a container these are the variables of the image, which is not available here. A local process needs at least
 * PATH, HOME and the locale of this machine.
 */

export const ENV_INHERIT_CHOICES = ['none', 'path', 'all'] as const;
export type EnvInheritBase = (typeof ENV_INHERIT_CHOICES)[number];

/** `--env-inherit`: `path,JAVA_HOME`. */
export interface EnvInherit {
	readonly base: EnvInheritBase;
	/** Variables besides those of `base`. */
	readonly names: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

const BASICS = new Set(['PATH', 'HOME', 'TERM', 'COLORTERM', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR']);

const INHERITED: Readonly<Record<EnvInheritBase, (name: string) => boolean>> = {
	none: () => false,
	path: (name) => BASICS.has(name) || name.startsWith('LC_'),
	all: () => true,
};

/**
 * Longest host name. Source: linux v6.1 include/uapi/linux/utsname.h, __NEW_UTS_LEN; kubelet cuts one character less.
 */
const MAX_HOSTNAME_LENGTH = 63;

/**
 * The inherited variables. HOSTNAME is the pod's, as container runtimes set it; with `none` there is no HOSTNAME.
 * Source: containerd v1.7 pkg/cri, HOSTNAME is added before the container's variables.
 */
export function inheritedEnvironment(
	caller: Variables,
	{ base, names }: EnvInherit,
	hostname: string,
): Readonly<Record<string, string>> {
	const variables: Record<string, string> = {};
	for (const [name, value] of Object.entries(caller)) {
		if (value !== undefined && (INHERITED[base](name) || names.includes(name))) variables[name] = value;
	}
	if (base !== 'none') variables.HOSTNAME = hostname.slice(0, MAX_HOSTNAME_LENGTH).replace(/[-.]+$/, '');
	return variables;
}
