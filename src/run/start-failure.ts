/**
 * Explains why the command of a container cannot start here although it starts in a cluster: it belongs to the image,
 * or a volume of the pod hides it.
 */

import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { ConfigMapFsError } from '../base/errors.js';
import type { SelectedPod } from '../inputs/pod-reader.js';
import { mountOrder } from '../pod/volumes/mount-order.js';
import { DEFAULT_PATH } from './application/command-lookup.js';

export interface FailedStart {
	readonly selected: SelectedPod;
	readonly command: readonly string[];
	/** Whether the command comes from the container, not from the caller. */
	readonly isContainersOwn: boolean;
	readonly env: Readonly<Record<string, string>>;
	/** Absolute. */
	readonly cwd: string;
	/** `--local-volume`: volumes that show a directory of this machine. */
	readonly localVolumes: ReadonlyMap<string, string>;
	/** Whether mounts of the pod hide paths of this machine; false with `--root-dir`. */
	readonly isInNamespace: boolean;
	/** Whether a path exists outside the mount namespace of the application. Default is the real file system. */
	readonly exists?: (path: string) => boolean;
}

/** The error of the start with the cause and the cure that fit the pod; the same error if the pod is not the cause. */
export function explainStartFailure(error: unknown, failed: FailedStart): unknown {
	if (!(error instanceof ConfigMapFsError)) return error;
	const text = hiddenText(error, failed) ?? imageText(error, failed);
	return text === undefined ? error : new ConfigMapFsError(error.code, text, { cause: error });
}

/** Undefined unless an emptyDir volume hides the command or the working directory. */
function hiddenText(error: ConfigMapFsError, failed: FailedStart): string | undefined {
	if (error.code !== 'COMMAND_NOT_FOUND' && error.code !== 'COMMAND_REFUSED') return undefined;
	if (!failed.isInNamespace) return undefined;
	const { command, cwd, exists = existsSync } = failed;
	const [name = ''] = command;
	const candidates =
		error.code === 'COMMAND_REFUSED'
			? [{ path: cwd, what: `the working directory "${cwd}"` }]
			: commandPaths(name, failed).map((path) => ({ path, what: path === name ? `"${name}"` : `"${name}" (${path})` }));
	for (const { path, what } of candidates) {
		const hiding = hidingEmptyDir(path, failed);
		// The mount point itself exists for the application, too.
		if (hiding === undefined || hiding.target === path || !exists(path)) continue;
		const { volume, target } = hiding;
		return (
			`${what} is hidden by the emptyDir volume "${volume}", which the pod mounts at ${target}; ` +
			`--local-volume ${volume}=${target} mounts this machine's ${target} instead`
		);
	}
	return undefined;
}

function commandPaths(name: string, { env, cwd }: FailedStart): readonly string[] {
	if (name === '') return [];
	if (name.includes('/')) return [resolve(cwd, name)];
	return (env.PATH ?? DEFAULT_PATH).split(':').map((directory) => resolve(cwd, directory, name));
}

/** The emptyDir that the pod mounts at or above `path`, without a deeper mount in between. */
function hidingEmptyDir(path: string, { selected, localVolumes }: FailedStart) {
	const { pod, container } = selected;
	const mount = mountOrder(container).mounts.findLast((one) => path === one.path || path.startsWith(`${one.path}/`));
	const volume = pod.spec.volumes.find(({ name }) => name === mount?.mount.name);
	if (mount === undefined || volume?.source.kind !== 'emptyDir' || localVolumes.has(volume.name)) return undefined;
	return { volume: volume.name, target: mount.path };
}

/** Undefined unless the container's own command, or its working directory, is part of the image. */
function imageText(error: ConfigMapFsError, failed: FailedStart): string | undefined {
	if (!failed.isContainersOwn) return undefined;
	const { selected, command, cwd, exists = existsSync } = failed;
	const { workingDir, args = [] } = selected.container;
	const [name = ''] = command;
	if (error.code === 'COMMAND_REFUSED' && workingDir !== undefined && !exists(cwd)) {
		return (
			`the container's working directory ${cwd} does not exist on this machine; create it, ` +
			'or pass a command after --, which starts in the current directory'
		);
	}
	if (error.code !== 'COMMAND_NOT_FOUND' || name === '') return undefined;
	const own = name.includes('/') ? `./${basename(name)}` : 'PATH/TO/COMMAND';
	const where = name.includes('/') ? 'does not exist on this machine' : 'is not in the PATH of this machine';
	const flags = args.length === 0 ? '' : ' --keep-args';
	return `the container's command ${name} ${where}; name your own after --: configmapfs run …${flags} -- ${own}`;
}
