/** Decodes the pods of these tests. */

import { expect } from 'vitest';
import type { ManifestObject } from '../../../../src/model/manifest-object.js';
import { decodePod } from '../../../../src/pod/decode/pod.js';
import type { Container, Pod, VolumeSource } from '../../../../src/pod/pod-spec.js';

export type Json = Readonly<Record<string, unknown>>;

/** The server's texts for modes and names. */
export const MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
export const SUBDOMAIN = 'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters';
export const LABEL = 'a lowercase RFC 1123 label must consist of lower case alphanumeric characters';

const VERSIONS: Readonly<Record<string, string>> = {
	Pod: 'v1',
	PodTemplate: 'v1',
	ReplicationController: 'v1',
	Job: 'batch/v1',
	CronJob: 'batch/v1',
};

export function workload(kind: string, value: unknown): ManifestObject {
	return { apiVersion: VERSIONS[kind] ?? 'apps/v1', kind, name: '', value, location: 'f.yaml:1:1' };
}

/** A Pod named web with one container named app. */
export function podValue(spec: Json = {}, container: Json = {}): Json {
	return { metadata: { name: 'web' }, spec: { containers: [{ name: 'app', ...container }], ...spec } };
}

export function decode(value: unknown, kind = 'Pod', strictEnvNames = false): Pod {
	const { pod, violations } = decodePod(workload(kind, value), { defaultNamespace: 'default', strictEnvNames });
	expect(violations).toEqual([]);
	if (pod === undefined) throw new Error('no pod without a violation');
	return pod;
}

/** `path| text` of each violation. Expects a pod exactly if there is no violation. */
export function faults(value: unknown, kind = 'Pod', strictEnvNames = false): string[] {
	const { pod, violations } = decodePod(workload(kind, value), { defaultNamespace: 'default', strictEnvNames });
	expect(pod === undefined).toBe(violations.length > 0);
	return violations.map(({ path, text }) => `${path.join('/')}| ${text}`);
}

export function decodeContainer(container: Json, spec: Json = {}): Container {
	const [first] = decode(podValue(spec, container)).spec.containers;
	if (first === undefined) throw new Error('no container');
	return first;
}

/** The faults of the only container, with paths relative to it. */
export function containerFaults(container: Json, spec: Json = {}): string[] {
	return faults(podValue(spec, container)).map((fault) => fault.replace(/^spec\/containers\/0\/?/, ''));
}

export function decodeVolume(source: Json): VolumeSource {
	const [first] = decode(podValue({ volumes: [{ name: 'v', ...source }] })).spec.volumes;
	if (first === undefined) throw new Error('no volume');
	return first.source;
}

/** The faults of the only volume, with paths relative to it. */
export function volumeFaults(source: Json): string[] {
	return faults(podValue({ volumes: [{ name: 'v', ...source }] })).map((fault) =>
		fault.replace(/^spec\/volumes\/0\/?/, ''),
	);
}
