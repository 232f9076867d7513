/** What a command has besides its flags. */

import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { RuntimeEnvironment } from '../drivers/runtime-directory.js';

export interface CliContext {
	/** Arguments after the command's name. */
	readonly args: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	readonly cwd: string;
}

/** Where daemons of this user keep their files. */
export function runtimeEnvironment(env: NodeJS.ProcessEnv): RuntimeEnvironment {
	return { uid: uidOutside(), xdgRuntimeDirectory: env.XDG_RUNTIME_DIR, temporary: tmpdir() };
}

/**
 * The user as the machine knows him: whoever is root in a user namespace of his own has another number outside.
 * Source: user_namespaces(7), /proc/PID/uid_map.
 */
function uidOutside(): number {
	const own = process.getuid?.() ?? 0;
	try {
		for (const line of readFileSync('/proc/self/uid_map', 'latin1').split('\n')) {
			const [inside = Number.NaN, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
			if (own >= inside && own < inside + count) return outside + own - inside;
		}
	} catch {
		// A kernel without user namespaces.
	}
	return own;
}
