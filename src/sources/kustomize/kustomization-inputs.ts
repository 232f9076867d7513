/**
 * Which files a kustomization is built from: a walk over kustomizations, their bases and components, and everything that
 * they name. Reads files and never fails: what cannot be read names nothing, and is an input itself, so that whoever
 * watches the inputs hears of its coming.
 */

import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { splitDocuments } from '../../go/yaml/documents.js';
import { readYaml } from '../../go/yaml/reader.js';
import { kustomizationReferences, pluginReferences, type Reference } from './kustomization-fields.js';

export interface KustomizationInputs {
	/** Absolute paths, each once; they need not exist. */
	readonly files: readonly string[];
	/** Directories of which everything is an input, such as charts. */
	readonly trees: readonly string[];
	/** What is fetched from elsewhere, as it is written: nobody tells when it changes. */
	readonly remotes: readonly string[];
}

/** Source: kustomize v5.5 api/konfig/general.go, RecognizedKustomizationFileNames. */
const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
/** Far more than anybody writes; keeps a stray file out of memory. Unit: bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/**
 * A repository or a URL: a scheme, `user@host:path`, a well-known host, or a query.
 * Source: kustomize v5.5 api/internal/git/repospec.go.
 */
const REMOTE =
	/^[a-z0-9+.-]+::|^[a-z][a-z0-9+.-]*:\/\/|^[^/]+@[^/]+:|^(?:www\.)?(?:github|gitlab|bitbucket)\.[a-z]+[:/]|\.git(?:[/?]|$)|[?&](?:ref|version|timeout|submodules)=/i;

/** Whether a name that is no path of this machine stands for something elsewhere. */
export function isRemote(text: string): boolean {
	return REMOTE.test(text);
}

/** What is at a path; undefined: nothing, or nothing that can be looked at. */
export function pathType(path: string): 'directory' | 'other' | undefined {
	try {
		return statSync(path).isDirectory() ? 'directory' : 'other';
	} catch {
		return undefined;
	}
}

/** The inputs of the kustomization in an absolute directory, of the moment. */
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

	/** `directory` is absolute and may be or hold a link: then the way through the link is what counts. */
	kustomization(directory: string): void {
		const root = physical(directory);
		for (const name of NAMES) this.files.add(join(directory, name));
		if (this.#visited.has(root)) return;
		this.#visited.add(root);
		// With more than one the build fails, and is made again when one of them goes.
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
		// As the tool does: links are followed in the root only, dots are taken away by text.
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

	/** Names in the configuration of a plugin are relative to the kustomization that uses it. */
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
