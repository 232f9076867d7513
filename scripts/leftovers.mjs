// @ts-check
/*
 * What a test run may leave behind: mounts and processes. Imported by test, which looks before and after.
 *
 * Not run by itself. Prints nothing; it gives names of what it found, one a line, to whoever asks.
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
 * Every process of the run with this mark, and every configmapfs process of another origin.
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
			// A process that has ended but was not waited for has no command line.
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
		// It ended in between, or it belongs to someone else.
		return '';
	}
}

/**
 * What the run left: mounts that were not there before and are the run's own, and processes of the run.
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
	const someoneElses = now.some(({ ours }) => !ours);
	return {
		mounts: mounts().filter(({ id, point, type, source }) => {
			if (knownMounts.has(`${id} ${point}`)) return false;
			if (point === folder || point.startsWith(`${folder}/`)) return true;
			// Desktops and containers mount things at any time; another checkout may run its tests beside this one.
			return [point, type, source].some((text) => text.includes('configmapfs')) && !someoneElses;
		}),
		processes: now.filter(({ pid, ours }) => ours && !knownProcesses.has(pid)),
	};
}

/**
 * Ends the run's processes and takes away the mounts below its own folder.
 *
 * @param {ReturnType<typeof leftovers>} left
 * @param {string} folder
 */
export function removeLeftovers(left, folder) {
	for (const { pid } of left.processes) {
		try {
			process.kill(pid, 'SIGKILL');
		} catch {
			// Gone by now.
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
