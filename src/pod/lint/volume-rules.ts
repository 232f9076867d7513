/** Rules of `lint` for the volumes of a pod. Pure. */

import { clusterOnlyAdvice } from '../volumes/volume-payload.js';
import type { RuleFinding } from './finding.js';
import { type LintSubject, usedVolumes } from './subject.js';

export function* unusedVolume({ containers, volumes }: LintSubject): Iterable<RuleFinding> {
	const used = usedVolumes(containers);
	for (const { volume, field } of volumes) {
		if (used.has(volume.name)) continue;
		const text = `no container mounts volume "${volume.name}": it is never set up`;
		yield { severity: 'warning', field, text, cure: 'add a volumeMount, or remove the volume' };
	}
}

/** Such a pod is valid, so `--strict` accepts it. */
export function* localVolumeKind({ volumes }: LintSubject): Iterable<RuleFinding> {
	for (const { volume, field } of volumes) {
		const { name, source } = volume;
		if (source.kind === 'other') {
			yield {
				severity: 'info',
				field: `${field}.${source.type}`,
				text: `volume "${name}" (${source.type}) is not available: only a cluster has it`,
				cure: `replace it by a local directory with --local-volume ${name}=DIR`,
			};
		} else if (source.kind === 'hostPath') {
			yield {
				severity: 'info',
				field: `${field}.hostPath`,
				text: `volume "${name}" is ${source.path} of this machine instead of the node`,
				cure: 'allow it with --allow-host-path to run the pod here',
			};
		}
	}
}

/** Such a pod is valid too. */
export function* clusterOnlySource({ volumes }: LintSubject): Iterable<RuleFinding> {
	for (const { volume, field } of volumes) {
		if (volume.source.kind !== 'projected') continue;
		for (const [index, source] of volume.source.sources.entries()) {
			if (source.kind !== 'other') continue;
			const sourceField = `${field}.projected.sources[${index}].${source.type}`;
			yield { severity: 'info', field: sourceField, ...clusterOnlyAdvice(source) };
		}
	}
}
