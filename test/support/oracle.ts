/**
 * The expected state of a volume: a minimal second implementation of kubelet's AtomicWriter on a plain directory, which
 * shares no code with the program. The order of steps is that of Kubernetes 1.23 and later.
 */

import * as fs from 'node:fs';
import { dirname, join } from 'node:path';

export interface OracleFile {
	readonly bytes: Buffer;
	readonly mode: number;
}
export type OraclePayload = Readonly<Record<string, OracleFile>>;

/** A payload of texts with one mode. */
export function texts(values: Readonly<Record<string, string>>, mode = 0o644): OraclePayload {
	return Object.fromEntries(Object.entries(values).map(([path, text]) => [path, { bytes: Buffer.from(text), mode }]));
}

export class Oracle {
	readonly #root: string;
	#current: OraclePayload | undefined;
	#snapshot = '';

	constructor(root: string) {
		this.#root = root;
		fs.chmodSync(root, 0o777);
	}

	write(payload: OraclePayload): void {
		const at = (name: string) => join(this.#root, name);
		const old = this.#current;
		const oldSnapshot = this.#snapshot;
		const paths = Object.keys(payload);
		const isSame =
			old !== undefined &&
			Object.keys(old).every((path) => payload[path] !== undefined) &&
			paths.every((path) => old[path]?.bytes.equals(payload[path]?.bytes ?? Buffer.alloc(0)));
		if (isSame) return;
		const time = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_');
		const snapshot = `..${time}.${Math.floor(Math.random() * 2 ** 32)}`;
		fs.mkdirSync(at(snapshot), 0o700);
		fs.chmodSync(at(snapshot), 0o755);
		for (const path of paths.sort()) {
			const file = payload[path] as OracleFile;
			for (const directory of parents(path)) {
				if (!fs.existsSync(join(at(snapshot), directory))) fs.mkdirSync(join(at(snapshot), directory), 0o755);
			}
			fs.writeFileSync(join(at(snapshot), path), file.bytes);
			fs.chmodSync(join(at(snapshot), path), file.mode);
		}
		fs.symlinkSync(snapshot, at('..data_tmp'));
		fs.renameSync(at('..data_tmp'), at('..data'));
		const names = tops(payload);
		const oldNames = tops(old ?? {});
		for (const name of names) if (!oldNames.includes(name)) fs.symlinkSync(`..data/${name}`, at(name));
		for (const name of oldNames) if (!names.includes(name)) fs.unlinkSync(at(name));
		if (old !== undefined) fs.rmSync(at(oldSnapshot), { recursive: true });
		this.#current = payload;
		this.#snapshot = snapshot;
	}
}

/** The directories of a path, the outermost first. */
function parents(path: string): readonly string[] {
	const parent = dirname(path);
	return parent === '.' ? [] : [...parents(parent), parent];
}

function tops(payload: OraclePayload): readonly string[] {
	return [...new Set(Object.keys(payload).map((path) => path.split('/')[0] ?? ''))].sort();
}
