// @ts-check
/* Statistics and /proc readings for the benchmarks. Imported by them. */

import { readdirSync, readFileSync } from 'node:fs';

/** @param {readonly number[]} values */
export function median(values) {
	return quantile(values, 0.5);
}

/**
 * @param {readonly number[]} values
 * @param {number} part From 0 to 1.
 */
export function quantile(values, part) {
	const sorted = [...values].sort((a, b) => a - b);
	const at = (sorted.length - 1) * part;
	const [low = Number.NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
	return low + (high - low) * (at - Math.floor(at));
}

/** Sleeps and blocks the event loop. Unit: milliseconds. @param {number} ms */
export function pause(ms) {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Ids of a process and its direct children. @param {number} pid */
export function family(pid) {
	const children = readdirSync('/proc').filter((name) => {
		return /^\d+$/.test(name) && Number(/^PPid:\s*(\d+)$/m.exec(read(`/proc/${name}/status`))?.[1]) === pid;
	});
	return [pid, ...children.map(Number)];
}

/** CPU time of all threads of a process. Unit: seconds. @param {number} pid */
export function cpuSeconds(pid) {
	// Source: proc(5), stat: fields 14 and 15 in clock ticks of 10 ms; field 2 may hold spaces.
	const fields = read(`/proc/${pid}/stat`)
		.replace(/^.*\) /s, '')
		.split(' ');
	return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory. Unit: bytes. @param {number} pid */
export function residentBytes(pid) {
	return Number(/^VmRSS:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/**
 * Wake-ups (the voluntary context switches) and run time of all threads of a process.
 *
 * @param {number} pid
 */
export function activity(pid) {
	let [wakeUps, runNs] = [0, 0];
	for (const thread of readdirSync(`/proc/${pid}/task`)) {
		wakeUps += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(read(`/proc/${pid}/task/${thread}/status`))?.[1] ?? 0);
		runNs += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
	}
	return { wakeUps, runNs };
}

/** @param {string} path */
function read(path) {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
