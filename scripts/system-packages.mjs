// @ts-check
/*
 * The programs and libraries from outside npm that this project uses, one table: what each is for, how to see that it
 * is there, and what goes without it. Imported by setup; add a row here when a test starts to drive another tool.
 *
 * Not run by itself. Prints nothing.
 */

import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} SystemPackage
 * @property {readonly string[]} names Debian's names for it, the first that has a candidate is installed.
 * @property {'start' | 'test'} usedBy `start` packages are needed by tests too.
 * @property {boolean} optional Whether its absence is only a warning.
 * @property {string} purpose What it is for.
 * @property {string} without What does not work, or which tests are skipped, when it is not there.
 * @property {() => boolean} present A check by file, so that it costs no process and works on any distribution.
 */

const root = process.getuid?.() === 0;

/** @type {readonly SystemPackage[]} */
export const SYSTEM_PACKAGES = [
	{
		names: ['fuse3'],
		usedBy: 'start',
		optional: root,
		purpose: 'fusermount3, which mounts for everyone but root',
		without: 'only root can mount',
		present: () => hasCommand('fusermount3'),
	},
	{
		names: ['libfuse2', 'libfuse2t64'],
		usedBy: 'start',
		optional: true,
		purpose: 'libfuse.so.2, which the fuse-native driver loads',
		without: '--driver fuse-native is unavailable, the kernel driver is not affected',
		present: () => hasLibrary('libfuse.so.2'),
	},
	{
		names: ['util-linux'],
		usedBy: 'start',
		optional: true,
		purpose: 'unshare and setpriv for "run"; findmnt, nsenter and mount for tests',
		without: '"run" works for root alone, and an application outlives a configmapfs that is killed',
		present: () => hasCommand('findmnt') && hasCommand('unshare') && hasCommand('setpriv'),
	},
	{
		names: ['procps'],
		usedBy: 'test',
		optional: true,
		purpose: 'ps and pgrep',
		without: 'the tests that look at processes are skipped',
		present: () => hasCommand('ps'),
	},
	{
		names: ['git'],
		usedBy: 'test',
		optional: true,
		purpose: 'checkouts as a change of many manifests at once',
		without: 'the tests that switch branches under a source are skipped',
		present: () => hasCommand('git'),
	},
	{
		names: ['inotify-tools'],
		usedBy: 'test',
		optional: true,
		purpose: 'inotifywait, the plain record of what a watcher is told',
		without: 'the tests that watch with inotifywait are skipped',
		present: () => hasCommand('inotifywait'),
	},
	{
		names: ['strace'],
		usedBy: 'test',
		optional: true,
		purpose: 'the system calls of a reader and of the daemon',
		without: 'the tests that count system calls are skipped',
		present: () => hasCommand('strace'),
	},
	{
		names: ['golang-go'],
		usedBy: 'test',
		optional: true,
		purpose: 'the Go compiler, for a reader that watches as Kubernetes programs do',
		without: 'the tests with Go watchers (fsnotify, viper) are skipped',
		present: () => hasCommand('go'),
	},
	{
		names: ['golang-github-fsnotify-fsnotify-dev'],
		usedBy: 'test',
		optional: true,
		purpose: 'the fsnotify library as source',
		without: 'the tests with Go watchers (fsnotify, viper) are skipped',
		present: () => existsSync('/usr/share/gocode/src/github.com/fsnotify/fsnotify'),
	},
	{
		names: ['nginx-light'],
		usedBy: 'test',
		optional: true,
		purpose: 'a real server that reads its configuration from a ConfigMap and reloads it',
		without: 'the tests that run nginx are skipped',
		present: () => hasCommand('nginx'),
	},
	{
		names: ['python3-watchdog'],
		usedBy: 'test',
		optional: true,
		purpose: "the watchdog library for Debian's /usr/bin/python3",
		without: 'the tests with a Python watcher are skipped',
		present: () => existsSync('/usr/bin/python3') && existsSync('/usr/lib/python3/dist-packages/watchdog'),
	},
];

/** @param {string} name */
function hasCommand(name) {
	const folders = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
	return folders.some((folder) => {
		try {
			accessSync(join(folder || '.', name), constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
}

/** @param {string} name */
function hasLibrary(name) {
	const folders = ['/lib', '/usr/lib', '/lib64', '/usr/lib64', '/usr/local/lib'];
	return folders.some((folder) => existsSync(join(folder, name)) || inMultiarch(folder, name));
}

/**
 * @param {string} folder
 * @param {string} name
 */
function inMultiarch(folder, name) {
	if (!existsSync(folder)) return false;
	return readdirSync(folder).some((entry) => entry.endsWith('-linux-gnu') && existsSync(join(folder, entry, name)));
}
