/**
 * Finds the files that a kustomization is built from: walks kustomizations, their bases and components, and the files
 * that they name. Never fails: a file that cannot be read names no other, but is an input itself, so a watcher of the
 * inputs learns when it appears.
 */

import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { splitDocuments } from '../../go/yaml/documents.js';
import { readYaml } from '../../go/yaml/reader.js';
import { kustomizationReferences, pluginReferences, type Reference } from './kustomization-fields.js';

export interface KustomizationInputs {
	/** Absolute paths without duplicates; they need not exist. */
	readonly files: readonly string[];
	/** Directories with all of their content, such as charts. */
	readonly trees: readonly string[];
	/** Repositories and URLs, as written. Their changes cannot be watched. */
	readonly remotes: readonly string[];
}

/** Source: kustomize v5.5 api/konfig/general.go, RecognizedKustomizationFileNames. */
const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
/** Far more than a kustomization needs; keeps a stray file out of memory. Unit: bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/**
 * A repository or a URL: a scheme, `user@host:path`, a well-known host, or a query.
 * Source: kustomize v5.5 api/internal/git/repospec.go.
 */
const REMOTE =
	/^[a-z0-9+.-]+::|^[a-z][a-z0-9+.-]*:\/\/|^[^/]+@[^/]+:|^(?:www\.)?(?:github|gitlab|bitbucket)\.[a-z]+[:/]|\.git(?:[/?]|$)|[?&](?:ref|version|timeout|submodules)=/i;

/** Whether a name that is not an existing path refers to a repository or URL. */
export function isRemote(text: string): boolean {
	return REMOTE.test(text);
}

/** The type of a path; undefined if it does not exist or cannot be read. */
export function pathType(path: string): 'directory' | 'other' | undefined {
	try {
		return statSync(path).isDirectory() ? 'directory' : 'other';
	} catch {
		return undefined;
	}
}

/** The current inputs of the kustomization in a directory, given as an absolute path. */
export function kustomizationInputs(directory: string): KustomizationInputs {
	const walk = new Walk();
	walk.kustomization(directory);
	return { files: [...walk.files], trees: [...walk.trees], remotes: [...walk.remotes] };
}

class Walk {
	readonly files = new Set<string>();
	readonly trees = new Set<string>();
	readonly remotes = new Set<string>();
	readonly #visited = new Set<string>();

	/** `directory` is absolute. If it contains a link, the path through the link is the input. */
	kustomization(directory: string): void {
		const root = physical(directory);
		for (const name of NAMES) this.files.add(join(directory, name));
		if (this.#visited.has(root)) return;
		this.#visited.add(root);
		// With more than one the build fails, and must run again when one of them is removed.
		for (const name of NAMES) {
			for (const value of readValues(textOf(join(root, name)))) {
				for (const reference of kustomizationReferences(value)) this.#take(reference, root);
			}
		}
	}

	#take({ kind, text }: Reference, root: string): void {
		if (text.includes('\n')) {
			if (kind === 'plugin') this.#plugin(text, root);
			return;
		}
		const name = kind === 'keyed-file' ? text.slice(text.indexOf('=') + 1) : text;
		// As the tool does: follow links only in the root, and remove `..` by text.
		const path = isAbsolute(name) ? name : resolve(root, name);
		const type = pathType(path);
		if (type === undefined && isRemote(name)) this.remotes.add(name);
		else if (kind === 'tree') this.trees.add(path);
		else if (type === 'directory' && (kind === 'resource' || kind === 'plugin')) this.kustomization(path);
		else {
			this.files.add(path);
			if (kind === 'plugin') this.#plugin(textOf(path), root);
		}
	}

	/** Names in a plugin's configuration are relative to the kustomization that uses the plugin. */
	#plugin(text: string, root: string): void {
		for (const value of readValues(text)) {
			for (const reference of pluginReferences(value)) this.#take(reference, root);
		}
	}
}

function readValues(text: string): readonly unknown[] {
	return splitDocuments(text).flatMap((document) =>
		readYaml(document.text).flatMap((read) => ('value' in read ? [read.value] : [])),
	);
}

function textOf(path: string): string {
	try {
		const stats = statSync(path);
		return stats.isFile() && stats.size <= MAX_FILE_BYTES ? readFileSync(path, 'utf8') : '';
	} catch {
		return '';
	}
}

function physical(path: string): string {
	try {
		return realpathSync(path);
	} catch {
		return resolve(path);
	}
}
