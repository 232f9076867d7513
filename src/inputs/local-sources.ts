/** Makes the sources that need no cluster: manifests, kustomizations and generated ConfigMaps. */

import type { PathMatch } from '../base/glob.js';
import type { FieldValidation } from '../model/fields/unknown-fields.js';
import { isFileOpenForWriting } from '../native/libc.js';
import { GeneratedSource } from '../sources/generators/generated-source.js';
import { KustomizeSource } from '../sources/kustomize/kustomize-source.js';
import { ManifestSource } from '../sources/manifests/manifest-source.js';
import type { Source } from '../store/source.js';
import type { InputEnvironment } from './input-environment.js';
import type { SourceRequest } from './requests.js';

export interface LocalSourceOptions extends InputEnvironment {
	/** Whether directories of manifests are read with their subdirectories. */
	readonly recursive: boolean;
	/** Namespace of objects that name none. */
	readonly namespace: string;
	readonly fieldValidation: FieldValidation;
	/** Physical paths of directories that are never entered. Default is none. */
	readonly ignore?: ReadonlySet<string>;
	/** Manifest files and directories that are not read. Default is none. */
	readonly exclude?: PathMatch;
}

export function makeLocalSource(request: SourceRequest, options: LocalSourceOptions): Source {
	const { recursive, namespace, fieldValidation, cwd, env, stdin, log, ignore, exclude } = options;
	if (request.kind === 'create') return new GeneratedSource(request.flags, { namespace, cwd, env, log });
	const common = {
		defaultNamespace: namespace,
		fieldValidation,
		openForWriting: isFileOpenForWriting,
		log,
		...(ignore === undefined ? {} : { ignore }),
	};
	if (request.kind === 'filename') {
		const { path } = request;
		const input = path === '-' ? { stdin: stdin() } : {};
		return new ManifestSource({ ...common, path, recursive, ...(exclude === undefined ? {} : { exclude }), ...input });
	}
	const { directory, args } = request;
	return new KustomizeSource({ ...common, directory, args, cwd, env });
}
