/** Rules of `lint` for paths inside a volume. Pure. */

import { collisionsOf } from '../volumes/volume-files.js';
import { collisionAdvice } from '../volumes/volume-payload.js';
import type { RuleFinding } from './finding.js';
import type { LintSubject } from './subject.js';
import type { VolumeEntry } from './volume-entry.js';

/** Two files at one path: kubelet silently shows the last. */
export function* pathCollision({ volumes }: LintSubject): Iterable<RuleFinding> {
	for (const { volume, entries } of volumes) {
		const isProjected = volume.source.kind === 'projected';
		for (const collision of collisionsOf(entries.filter(({ fault }) => fault === undefined))) {
			const { winner, hidden } = collision;
			const isRefused = isProjected && winner.isListed && hidden.some((one) => isSameListed(one, winner));
			const refusal = isRefused ? '; an API server refuses it: conflicting duplicate paths' : '';
			const { text, cure } = collisionAdvice(collision);
			yield { severity: isProjected ? 'error' : 'warning', field: winner.field, text: text + refusal, cure };
		}
	}
}

/** The API server compares the text of the listed paths. */
function isSameListed(one: VolumeEntry, other: VolumeEntry): boolean {
	return one.isListed && one.written === other.written;
}

/** `a` beside `a/b`: kubelet fails to write the volume. */
export function* fileDirectoryConflict({ volumes }: LintSubject): Iterable<RuleFinding> {
	for (const { entries } of volumes) {
		const files = new Map(entries.map((entry) => [entry.path, entry]));
		for (const entry of files.values()) {
			const parent = ancestors(entry.path).flatMap((path) => files.get(path) ?? [])[0];
			if (parent === undefined || entry.fault !== undefined) continue;
			yield {
				severity: 'error',
				field: entry.field,
				text: `the volume is never set up: ${entry.origin} is a file in "${parent.path}", which is itself a file (${parent.origin})`,
				cure: 'change one of the paths',
			};
		}
	}
}

/** The ancestors of `a/b/c` are `a` and `a/b`. */
function ancestors(path: string): readonly string[] {
	const parts = path.split('/');
	return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** A path that kubelet or the API server refuses. */
export function* invalidPath({ volumes }: LintSubject): Iterable<RuleFinding> {
	for (const { volume, entries } of volumes) {
		for (const { fault, field } of entries) {
			if (fault === undefined) continue;
			const text = `${fault}: volume "${volume.name}" is never set up`;
			yield { severity: 'error', field, text, cure: 'write a relative path without ".."' };
		}
	}
}
