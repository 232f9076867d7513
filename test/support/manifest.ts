/** ConfigMap manifests for tests, and their atomic replacement. */

import { renameSync, writeFileSync } from 'node:fs';

export interface ManifestSpec {
	readonly name: string;
	readonly namespace?: string;
	readonly data?: Readonly<Record<string, string>>;
	readonly binaryData?: Readonly<Record<string, Buffer>>;
	readonly labels?: Readonly<Record<string, string>>;
	readonly immutable?: boolean;
}

/** A ConfigMap manifest; JSON text, which is also YAML. */
export function manifestText(spec: ManifestSpec): string {
	const { name, namespace, labels } = spec;
	const binaryData = Object.entries(spec.binaryData ?? {}).map(([key, bytes]) => [key, bytes.toString('base64')]);
	const object = {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: { name, namespace, labels },
		immutable: spec.immutable,
		data: spec.data,
		binaryData: binaryData.length === 0 ? undefined : Object.fromEntries(binaryData),
	};
	return `${JSON.stringify(object, undefined, 2)}\n`;
}

/** Several objects as one multi-document stream. */
export function manifestsText(specs: readonly ManifestSpec[]): string {
	return specs.map(manifestText).join('---\n');
}

let count = 0;

/** Replaces the file atomically: writes a temporary file in the same directory, then renames it. */
export function writeAtomically(path: string, text: string): void {
	const temporary = `${path}.${process.pid}.${count++}.tmp`;
	writeFileSync(temporary, text);
	renameSync(temporary, path);
}

export function writeManifest(path: string, ...specs: readonly ManifestSpec[]): void {
	writeAtomically(path, manifestsText(specs));
}
