/** Rules of `lint` for permission bits. Pure. */

import { MAX_MODE, MODE_TEXT } from '../decode/validation.js';
import type { RuleFinding } from './finding.js';
import { subPathMount } from './sub-path-mount.js';
import type { LintSubject } from './subject.js';
import { type ModeField, volumeModes } from './volume-entry.js';

/** Decimal numbers in range that look like usual octal modes. */
const LIKE_OCTAL = new Set([400, 404, 440, 444, 500]);
const ROOT = 0;

function* modesOf({ volumes }: LintSubject): Iterable<ModeField> {
	for (const { volume, field } of volumes) yield* volumeModes(volume, field);
}

/** `0644`. */
function octal(mode: number): string {
	return `0${mode.toString(8)}`;
}

/** The number that `mode` would be in octal; undefined if its digits are not octal. */
function octalMeaning(mode: number): number | undefined {
	return /^[0-7]{3}$/.test(String(mode)) ? Number.parseInt(String(mode), 8) : undefined;
}

export function* modeOutOfRange(subject: LintSubject): Iterable<RuleFinding> {
	for (const { mode, field } of modesOf(subject)) {
		if (Number.isInteger(mode) && mode >= 0 && mode <= MAX_MODE) continue;
		const intended = octalMeaning(mode);
		yield {
			severity: 'error',
			field,
			text: `Invalid value: ${mode}: ${MODE_TEXT}`,
			cure:
				intended === undefined
					? 'write an octal number in YAML, such as 0644'
					: `${mode} is a decimal number, in octal ${octal(mode)}; write 0${mode} in YAML, or ${intended} in JSON`,
		};
	}
}

export function* suspiciousMode(subject: LintSubject): Iterable<RuleFinding> {
	for (const { mode, field } of modesOf(subject)) {
		if (!LIKE_OCTAL.has(mode)) continue;
		yield {
			severity: 'warning',
			field,
			text: `${mode} is a decimal number, in octal ${octal(mode)}, which is an unusual mode`,
			cure: `if 0${mode} is intended, write 0${mode} in YAML, or ${octalMeaning(mode)} in JSON`,
		};
	}
}

/** Files belong to root and, without an fsGroup, to the group of root. */
export function* unreadableMode({ containers, pod }: LintSubject): Iterable<RuleFinding> {
	const { runAsUser, runAsGroup, fsGroup, supplementalGroups } = pod.spec.securityContext;
	if (fsGroup !== undefined) return;
	for (const { container, mounts } of containers) {
		const user = container.runAsUser ?? runAsUser;
		if (user === undefined || user === ROOT) continue;
		// Without a group, the image selects one; for an unknown user it is the group of root.
		const group = container.runAsGroup ?? runAsGroup ?? ROOT;
		const readBits = group === ROOT || supplementalGroups.includes(ROOT) ? 0o044 : 0o004;
		for (const mount of mounts) {
			const { volume, field } = mount;
			const subPath = subPathMount(mount)?.path ?? '';
			const isMounted = (path: string) => subPath === '' || path === subPath || path.startsWith(`${subPath}/`);
			const entry = volume?.entries.find(({ path, mode }) => (mode & readBits) === 0 && isMounted(path));
			if (entry === undefined) continue;
			yield {
				severity: 'warning',
				field,
				text: `user ${user} cannot read "${entry.path}", which belongs to root and has mode ${octal(entry.mode)}`,
				cure: 'set securityContext.fsGroup, or a mode with read permission for others, such as 0444',
			};
		}
	}
}
