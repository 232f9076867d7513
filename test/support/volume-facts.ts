/** All properties of a volume that programs can observe, as texts that are equal for equal volumes. */

import type { RunResult } from './mount-process.js';
import { until } from './until.js';

const GENERATION = /\.\.\d{4}(_\d\d){5}\.\d+/g;

/** In the directory of a volume with the key `a`. */
const SCRIPT = `cat a; echo; id -u
stat -f -c '%T %l %s %S' .
find . -printf '%P|%y|%m|%U|%s|%n|%l|%i\\n'`;

export class VolumeFacts {
	readonly #run: (...command: readonly string[]) => Promise<RunResult>;
	readonly #directory: string;
	#inodes: ReadonlyMap<string, string> = new Map();

	/** `run` runs a program in a mount namespace with the volume at `directory`. */
	constructor(directory: string, run: (...command: readonly string[]) => Promise<RunResult>) {
		this.#directory = directory;
		this.#run = run;
	}

	/**
	 * Waits until key `a` has this value and the previous generation is gone. Returns the type of the filesystem, then for
	 * each name its type, mode, owner, size, number of links, target, and whether the previous scan found the same inode.
	 */
	async scan(value: string): Promise<readonly string[]> {
		let output = '';
		return await until(
			async () => {
				const { code, stdout, stderr } = await this.#run('sh', '-ec', `cd "$0"; ${SCRIPT}`, this.#directory);
				output = `status ${code}: ${stdout}${stderr}`;
				const [a, uid = '', fileSystem = '', ...entries] = stdout.trimEnd().split('\n');
				const isSettled = a === value && entries.filter((line) => /^[^/|]+\|d/.test(line)).length === 1;
				// find fails if an entry disappears between the listing and the stat; the next poll repeats it.
				return code === 0 && stderr === '' && isSettled ? [fileSystem, ...this.#describe(entries, uid)] : undefined;
			},
			() => `generation ${value} in ${this.#directory}; ${output}`,
		);
	}

	#describe(entries: readonly string[], uid: string): readonly string[] {
		const before = this.#inodes;
		const inodes = new Map<string, string>();
		const lines = entries.map((entry) => {
			const [path = '', kind, mode, owner, size, links, target = '', inode = ''] = entry.split('|');
			const name = path.replace(GENERATION, '<generation>') || '(root)';
			inodes.set(name, inode);
			const link = target.replace(GENERATION, '<generation>');
			// The length of a snapshot directory's name varies, and so does the size of a link to it.
			const length = target !== '' && Number(size) === target.length ? '' : ` ${size} bytes`;
			const fate = before.get(name) === inode ? 'kept' : 'new';
			return `${name}${link === '' ? '' : ` -> ${link}`} ${kind} ${mode} ${owner === uid ? 'own' : owner}${length} ${links} ${fate}`;
		});
		this.#inodes = inodes;
		return lines.toSorted();
	}
}
