/** Rules of `lint` about the volumes of a pod as such. Pure. */

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

/** Nothing is wrong with such a pod, so `--strict` lets it pass. */
export function* localVolumeKind({ volumes }: LintSubject): Iterable<RuleFinding> {
	for (const { volume, field } of volumes) {
		const { name, source } = volume;
		if (source.kind === 'other') {
			yield {
				severity: 'info',
				field: `${field}.${source.type}`,
				text: `volume "${name}" (${source.type}) will not be there: a local process cannot have it`,
				cure: `run it with --local-volume ${name}=DIR, which gives it a directory of this machine`,
			};
		} else if (source.kind === 'hostPath') {
			yield {
				severity: 'info',
				field: `${field}.hostPath`,
				text: `volume "${name}" is ${source.path} of the machine that it runs on, here of this one`,
				cure: 'allow it with --allow-host-path to run here',
			};
		}
	}
}

/** Nor with this one: its cluster has what is not here. */
export function* clusterOnlySource({ volumes }: LintSubject): Iterable<RuleFinding> {
	for (const { volume, field } of volumes) {
		if (volume.source.kind !== 'projected') continue;
		for (const [index, source] of volume.source.sources.entries()) {
			if (source.kind !== 'other') continue;
			const place = `${field}.projected.sources[${index}].${source.type}`;
			yield { severity: 'info', field: place, ...clusterOnlyAdvice(source) };
		}
	}
}
