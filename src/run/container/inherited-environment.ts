/**
 * What of the caller's environment is underneath the pod's. Pure.
 *
 * A container has its image's variables underneath, which are not here; PATH, HOME and the locale of this machine are
 * what a local process cannot do without.
 */

export const ENV_INHERIT_CHOICES = ['none', 'path', 'all'] as const;
export type EnvInherit = (typeof ENV_INHERIT_CHOICES)[number];

type Variables = Readonly<Record<string, string | undefined>>;

const BASICS = new Set(['PATH', 'HOME', 'TERM', 'COLORTERM', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR']);

const INHERITED: Readonly<Record<EnvInherit, (name: string) => boolean>> = {
	none: () => false,
	path: (name) => BASICS.has(name) || name.startsWith('LC_'),
	all: () => true,
};

/** Longest host name. Source: linux v6.1 include/uapi/linux/utsname.h, __NEW_UTS_LEN; kubelet cuts there minus one. */
const MAX_HOSTNAME_LENGTH = 63;

/**
 * The variables underneath. HOSTNAME is the pod's, as container runtimes set it, unless nothing is wanted underneath.
 * Source: containerd v1.7 pkg/cri, HOSTNAME is added before the container's variables.
 */
export function inheritedEnvironment(
	caller: Variables,
	inherit: EnvInherit,
	hostname: string,
): Readonly<Record<string, string>> {
	const variables: Record<string, string> = {};
	for (const [name, value] of Object.entries(caller)) {
		if (value !== undefined && INHERITED[inherit](name)) variables[name] = value;
	}
	if (inherit !== 'none') variables.HOSTNAME = hostname.slice(0, MAX_HOSTNAME_LENGTH).replace(/[-.]+$/, '');
	return variables;
}
