/** Everything that programs can know of a volume, as texts that are the same for volumes that are alike. */

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

	/** `run` runs a program where the volume is seen at `directory`. */
	constructor(directory: string, run: (...command: readonly string[]) => Promise<RunResult>) {
		this.#directory = directory;
		this.#run = run;
	}

	/**
	 * What is there when key `a` has this value and the generation before has gone: the kind of file system, then for
	 * each name its kind, mode, owner, size, number of links, target, and whether its inode was there at the last look.
	 */
	async look(value: string): Promise<readonly string[]> {
		let said = '';
		return await until(
			async () => {
				const { code, stdout, stderr } = await this.#run('sh', '-ec', `cd "$0"; ${SCRIPT}`, this.#directory);
				said = `status ${code}: ${stdout}${stderr}`;
				const [a, uid = '', fileSystem = '', ...entries] = stdout.trimEnd().split('\n');
				const isWhole = a === value && entries.filter((line) => /^[^/|]+\|d/.test(line)).length === 1;
				// What goes between the listing and the look at it is looked at again.
				return code === 0 && stderr === '' && isWhole ? [fileSystem, ...this.#tell(entries, uid)] : undefined;
			},
			() => `generation ${value} in ${this.#directory}; ${said}`,
		);
	}

	#tell(entries: readonly string[], uid: string): readonly string[] {
		const before = this.#inodes;
		const inodes = new Map<string, string>();
		const told = entries.map((entry) => {
			const [path = '', kind, mode, owner, size, links, target = '', inode = ''] = entry.split('|');
			const name = path.replace(GENERATION, '<generation>') || '(root)';
			inodes.set(name, inode);
			const link = target.replace(GENERATION, '<generation>');
			// The number in a generation's name has as many digits as it has.
			const length = target !== '' && Number(size) === target.length ? '' : ` ${size} bytes`;
			const fate = before.get(name) === inode ? 'kept' : 'new';
			return `${name}${link === '' ? '' : ` -> ${link}`} ${kind} ${mode} ${owner === uid ? 'own' : owner}${length} ${links} ${fate}`;
		});
		this.#inodes = inodes;
		return told.toSorted();
	}
}
