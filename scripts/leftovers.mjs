// @ts-check
/*
 * Finds and removes mounts and processes that a test run left behind. A module of test.mjs, which calls it before and
 * after the run. Prints nothing.
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ id: string, point: string, type: string, source: string }} Mount
 * @typedef {{ pid: number, command: string, ours: boolean }} Process
 */

/** For programs that could hang in a mount without a server. @type {import('node:child_process').SpawnSyncOptions} */
const LIMITS = { stdio: 'ignore', timeout: 30_000, killSignal: 'SIGKILL' };

/** The environment variable that marks the processes of one run, children of children included. */
export const RUN_MARK = 'CONFIGMAPFS_TEST_RUN';

/**
 * The FUSE and tmpfs mounts of this mount namespace.
 *
 * @returns {Mount[]}
 */
export function mounts() {
	const rows = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
	return rows
		.map((row) => {
			const [before = '', after = ''] = row.split(' - ');
			const fields = before.split(' ');
			const [type = '', source = ''] = after.split(' ');
			return { id: fields[0] ?? '', point: decodeOctal(fields[4] ?? ''), type, source: decodeOctal(source) };
		})
		.filter(({ type }) => type === 'tmpfs' || type === 'fuse' || type.startsWith('fuse.'));
}

/**
 * mountinfo writes space, tab, line feed and backslash as three octal digits.
 *
 * @param {string} text
 */
function decodeOctal(text) {
	return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/**
 * Every process of the run with this mark, and every configmapfs process of another origin (`ours` is false).
 *
 * @param {string} dist The checkout's folder of compiled files, with a slash at its end.
 * @param {string} mark
 * @returns {Process[]}
 */
export function processes(dist, mark) {
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
		.flatMap((name) => {
			const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
			// A zombie has no command line.
			if (command === '') return [];
			const marked = read(`/proc/${name}/environ`).split('\0').includes(`${RUN_MARK}=${mark}`);
			const ours = marked || command.includes(dist);
			return ours || /\/dist\/(?:main|server|keeper)\.js\b/.test(command) ? [{ pid: Number(name), command, ours }] : [];
		});
}

/** @param {string} path */
function read(path) {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		// It has ended, or it belongs to another user.
		return '';
	}
}

/**
 * The new mounts of the run and the processes of the run that still exist.
 *
 * @param {object} run
 * @param {readonly Mount[]} run.mountsBefore
 * @param {readonly Process[]} run.processesBefore
 * @param {string} run.dist
 * @param {string} run.mark
 * @param {string} run.folder The temporary folder that the run was given.
 * @returns {{ mounts: Mount[], processes: Process[] }}
 */
export function leftovers({ mountsBefore, processesBefore, dist, mark, folder }) {
	const knownMounts = new Set(mountsBefore.map(({ id, point }) => `${id} ${point}`));
	const knownProcesses = new Set(processesBefore.map(({ pid }) => pid));
	const now = processes(dist, mark);
	const isOtherRunning = now.some(({ ours }) => !ours);
	return {
		mounts: mounts().filter(({ id, point, type, source }) => {
			if (knownMounts.has(`${id} ${point}`)) return false;
			if (point === folder || point.startsWith(`${folder}/`)) return true;
			// Desktops and containers mount at any time, and another checkout may run its tests at the same time.
			return [point, type, source].some((text) => text.includes('configmapfs')) && !isOtherRunning;
		}),
		processes: now.filter(({ pid, ours }) => ours && !knownProcesses.has(pid)),
	};
}

/**
 * Kills the processes of the run and removes the mounts below its own folder.
 *
 * @param {ReturnType<typeof leftovers>} left
 * @param {string} folder
 */
export function removeLeftovers(left, folder) {
	for (const { pid } of left.processes) {
		try {
			process.kill(pid, 'SIGKILL');
		} catch {
			// It has ended.
		}
	}
	// Nested mounts: the one mounted last goes first.
	for (const { point } of left.mounts.toReversed()) {
		if (!point.startsWith(`${folder}/`)) continue;
		// --force aborts a FUSE connection. Canonicalizing the path could hang in a mount without a server.
		const umount = ['--force', '--lazy', '--no-canonicalize', '--', point];
		if (spawnSync('umount', umount, LIMITS).status === 0) continue;
		spawnSync('fusermount3', ['-u', '-z', '--', point], LIMITS);
	}
}
