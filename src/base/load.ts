/** How busy the machine is. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * Runnable threads besides this one, for each CPU; a wait is extended by it.
 * Source: proc(5), /proc/loadavg, fourth field: currently runnable scheduling entities.
 */
export function runnablePerCpu(): number {
	const runnable = Number(/ (\d+)\/\d+ /.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1] ?? 1);
	return Math.max(0, runnable - 1) / availableParallelism();
}
