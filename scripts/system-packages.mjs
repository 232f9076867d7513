// @ts-check
/*
 * The table of programs and libraries that this project uses and npm does not provide: the purpose of each, a check for
 * its presence, and the effect of its absence. Add a row when a test begins to use another tool. Imported by setup.
 */

import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} SystemPackage
 * @property {readonly string[]} names Debian package names; the first available one is installed.
 * @property {'start' | 'test'} usedBy Tests need the `start` packages too.
 * @property {boolean} optional Whether its absence is only a warning.
 * @property {string} purpose
 * @property {string} without The effect of its absence: features that do not work, tests that are skipped.
 * @property {() => boolean} present Checks files only, so that it starts no process and works on any distribution.
 */

const root = process.getuid?.() === 0;

/** @type {readonly SystemPackage[]} */
export const SYSTEM_PACKAGES = [
	{
		names: ['fuse3'],
		usedBy: 'start',
		optional: root,
		purpose: 'fusermount3, which mounts for users other than root',
		without: 'only root can mount',
		present: () => hasCommand('fusermount3'),
	},
	{
		names: ['libfuse2', 'libfuse2t64'],
		usedBy: 'start',
		optional: true,
		purpose: 'libfuse.so.2, which the fuse-native driver loads',
		without: '--driver fuse-native does not work; the kernel driver does',
		present: () => hasLibrary('libfuse.so.2'),
	},
	{
		names: ['util-linux'],
		usedBy: 'start',
		optional: true,
		purpose: 'unshare and setpriv for "run"; findmnt, nsenter and mount for tests',
		without: '"run" works only for root, and its application survives if configmapfs is killed',
		present: () => hasCommand('findmnt') && hasCommand('unshare') && hasCommand('setpriv'),
	},
	{
		names: ['procps'],
		usedBy: 'test',
		optional: true,
		purpose: 'ps and pgrep',
		without: 'the tests that inspect processes are skipped',
		present: () => hasCommand('ps'),
	},
	{
		names: ['git'],
		usedBy: 'test',
		optional: true,
		purpose: 'git checkout, which changes many manifests at once',
		without: 'the tests that switch branches in a source directory are skipped',
		present: () => hasCommand('git'),
	},
	{
		names: ['inotify-tools'],
		usedBy: 'test',
		optional: true,
		purpose: 'inotifywait, which prints the events that a watcher receives',
		without: 'the tests that watch with inotifywait are skipped',
		present: () => hasCommand('inotifywait'),
	},
	{
		names: ['strace'],
		usedBy: 'test',
		optional: true,
		purpose: 'strace, which traces the system calls of readers and of the daemon',
		without: 'the tests that count system calls are skipped',
		present: () => hasCommand('strace'),
	},
	{
		names: ['golang-go'],
		usedBy: 'test',
		optional: true,
		purpose: 'the Go compiler, for a watcher written as Kubernetes programs are',
		without: 'the tests with Go watchers (fsnotify, viper) are skipped',
		present: () => hasCommand('go'),
	},
	{
		names: ['golang-github-fsnotify-fsnotify-dev'],
		usedBy: 'test',
		optional: true,
		purpose: 'the source of the fsnotify library',
		without: 'the tests with Go watchers (fsnotify, viper) are skipped',
		present: () => existsSync('/usr/share/gocode/src/github.com/fsnotify/fsnotify'),
	},
	{
		names: ['nginx-light'],
		usedBy: 'test',
		optional: true,
		purpose: 'nginx, a real server that reads and reloads its configuration from a ConfigMap',
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
