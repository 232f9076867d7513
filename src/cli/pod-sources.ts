/**
 * The sources of a pod, as `run`, `env` and `lint` read them: local ones by their flags, and a cluster below them.
 */

import type { Logger } from '../base/log.js';
import { isFileOpenForWriting } from '../native/libc.js';
import type { MakeSource, RunCluster } from '../run/run-session.js';
import { GeneratedSource } from '../sources/generators/generated-source.js';
import { KustomizeSource } from '../sources/kustomize/kustomize-source.js';
import { ManifestSource } from '../sources/manifests/manifest-source.js';

import type { CliContext } from './context.js';
import { openRunCluster } from './run-cluster.js';
import type { PodFlags } from './run-flags.js';
import type { SourceFlag } from './source-flags.js';

export interface PodSources {
	readonly sources: readonly { readonly description: string; readonly make: MakeSource }[];
	readonly cluster: RunCluster | undefined;
	/** Of objects that name none. */
	readonly defaultNamespace: string;
	/** Whether standard input is one of them, so that nobody else can read it. */
	readonly readsStdin: boolean;
}

/**
 * `listConfigMaps`: see ManifestOptions.
 * Errors: CONFIG_INVALID when a cluster is asked for and no kubeconfig, context, cluster or user is found.
 */
export async function podSources(
	flags: PodFlags,
	context: CliContext,
	log: Logger,
	listConfigMaps = false,
): Promise<PodSources> {
	const { cwd, env } = context;
	const cluster =
		flags.cluster === undefined
			? undefined
			: await openRunCluster(flags.cluster, { env, log, namespace: flags.namespace });
	const namespace = flags.namespace ?? cluster?.namespace ?? 'default';
	const common = { defaultNamespace: namespace, openForWriting: isFileOpenForWriting, listConfigMaps, log };
	const make = (source: SourceFlag): MakeSource => {
		if (source.kind === 'create') return () => new GeneratedSource(source.flags, { namespace, cwd, env, log });
		if (source.kind === 'kustomize') {
			const { directory, args } = source;
			return (onOthers) => new KustomizeSource({ ...common, directory, args, cwd, env, onOthers });
		}
		const { path } = source;
		return (onOthers) =>
			new ManifestSource({ ...common, path, recursive: flags.recursive, stdin: process.stdin, onOthers });
	};
	return {
		sources: flags.sources.map((source) => ({ description: descriptionOf(source), make: make(source) })),
		cluster,
		defaultNamespace: namespace,
		readsStdin: flags.sources.some((source) => source.kind === 'filename' && readsStandardInput(source.path)),
	};
}

function descriptionOf(source: SourceFlag): string {
	if (source.kind === 'create') return `--create ${source.flags.name}`;
	return source.kind === 'kustomize' ? `-k ${source.directory}` : `-f ${source.path}`;
}

function readsStandardInput(path: string): boolean {
	return path === '-' || path === '/dev/stdin' || path === '/dev/fd/0';
}
