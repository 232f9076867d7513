/** The flags that describe a pod without a workload, for `run` and `env`: their table and their parser. Pure. */

import { ConfigMapFsError } from '../../base/errors.js';
import type { ParsedFlags } from '../../go/flags.js';
import type { FlagPodRequest, ObjectReference } from '../../inputs/flag-pod.js';
import type { HelpOptions } from '../print/help.js';

const FLAG_POD = { group: 'Without a workload:' } as const;

export const FLAG_POD_OPTIONS = {
	volume: {
		...FLAG_POD,
		type: 'string',
		value: '[secret/]NAME=PATH',
		describe: 'Show a ConfigMap, or a Secret, as a directory; ignores all workloads; repeatable',
	},
	'env-from': {
		...FLAG_POD,
		type: 'string',
		value: '[secret/]NAME',
		describe: 'Set a variable for each key of a ConfigMap or Secret; ignores all workloads; repeatable',
	},
} as const satisfies HelpOptions;

/** kubectl's names of the kinds. */
const KINDS: ReadonlyMap<string, ObjectReference['kind']> = new Map([
	...['configmap', 'configmaps', 'cm'].map((name) => [name, 'configMap'] as const),
	...['secret', 'secrets'].map((name) => [name, 'secret'] as const),
]);

/** Undefined without such a flag. Errors: USAGE. */
export function readFlagPod(flags: ParsedFlags): FlagPodRequest | undefined {
	const volumes = flags.all('volume').map(readVolume);
	const envFrom = flags.all('env-from').map((text) => readReference(text, 'env-from', text));
	return volumes.length + envFrom.length === 0 ? undefined : { volumes, envFrom };
}

function readVolume(text: string) {
	const equals = text.indexOf('=');
	const mountPath = text.slice(equals + 1);
	if (equals < 0 || !mountPath.startsWith('/')) throw invalid('volume', text);
	return { ...readReference(text.slice(0, equals), 'volume', text), mountPath };
}

/** `NAME`, `cm/NAME` or `secret/NAME`. */
function readReference(reference: string, flag: 'volume' | 'env-from', text: string): ObjectReference {
	const parts = reference.split('/');
	const name = parts.at(-1) ?? '';
	const kind = parts.length === 1 ? 'configMap' : KINDS.get(parts[0] ?? '');
	if (kind === undefined || parts.length > 2 || name === '') throw invalid(flag, text);
	return { kind, name };
}

function invalid(flag: keyof typeof FORMS, text: string): ConfigMapFsError {
	return new ConfigMapFsError('USAGE', `invalid argument "${text}" for "--${flag}": expected ${FORMS[flag]}`);
}

const FORMS = {
	volume: 'NAME=/PATH for a ConfigMap or secret/NAME=/PATH, such as app=/etc/app',
	'env-from': 'NAME for a ConfigMap or secret/NAME',
} as const;
