/** Local sources made from their flags, for every command that reads them. */

import type { Logger } from '../../base/log.js';
import type { SourceRequest } from '../../inputs/requests.js';
import { isFileOpenForWriting } from '../../native/libc.js';
import { GeneratedSource } from '../../sources/generators/generated-source.js';
import { KustomizeSource } from '../../sources/kustomize/kustomize-source.js';
import { ManifestSource } from '../../sources/manifests/manifest-source.js';
import type { Source } from '../../store/source.js';
import type { CliContext } from '../context.js';

export interface LocalSourceOptions {
	readonly recursive: boolean;
	/** Of objects that name none. */
	readonly namespace: string;
	readonly context: CliContext;
	readonly log: Logger;
	/** Physical paths of directories that are never entered. Default is none. */
	readonly ignore?: ReadonlySet<string>;
}

export function makeLocalSource(flag: SourceRequest, options: LocalSourceOptions): Source {
	const { recursive, namespace, context, ...rest } = options;
	const { cwd, env } = context;
	if (flag.kind === 'create') return new GeneratedSource(flag.flags, { namespace, cwd, env, log: options.log });
	const common = { ...rest, defaultNamespace: namespace, openForWriting: isFileOpenForWriting };
	if (flag.kind === 'kustomize') {
		const { directory, args } = flag;
		return new KustomizeSource({ ...common, directory, args, cwd, env });
	}
	return new ManifestSource({ ...common, path: flag.path, recursive, stdin: process.stdin });
}
