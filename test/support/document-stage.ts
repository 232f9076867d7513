/**
 * A stage for the commands of the documents: a shell on a pseudo terminal, in a mount namespace with copies of /etc, /srv
 * and /usr/sbin, in a directory with the files that the documents mention.
 *
 *     const stage = await DocumentStage.open({ env: { KUBECONFIG } });
 *     await stage.play(command, { mayFail: false });      // an error contains the output of the terminal
 */

import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { Terminal } from './app-terminal.js';
import type { Endless } from './document-commands.js';
import { type Command, ROOT } from './documents.js';
import { fixture } from './fixture-process.js';
import { FORGET_VOLUMES } from './mount-lines.js';
import { DIST } from './mount-process.js';
import { temporaryDirectory } from './temporary.js';
import { until } from './until.js';

/** The prompt: the exit status of the last command, in brackets that no command prints. */
const PROMPT = /\{\{(\d+)\}\} /;
/** Deadline for the output of background processes. Unit: milliseconds. */
const OUTPUT_MS = 15_000;
/** The working directory in the documents. */
const DIRECTORY = '/home/jane/configmapfs';
/** Mounts ./mnt unless it is mounted, so that an unmount command of a document has a mount. */
const MOUNT_IF_EMPTY = '[ -n "$(ls -A mnt 2> /dev/null)" ] || configmapfs mount ./mnt --mkdir -f app.yaml -b';
/** Only system directories: an inaccessible directory would change "not found" into "cannot be executed". */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const CTRL_C = '\x03';
/** The exit status of a command after Ctrl-C. */
const INTERRUPTED = 128 + constants.signals.SIGINT;

/** `$1` is the directory of the stage. All mounts disappear with the namespace. */
const SET_UP = `${FORGET_VOLUMES}
mount --make-rslave /
mkdir "$1/memory"
mount -t tmpfs -o mode=755 stage "$1/memory"
mkdir -m 700 "$1/memory/run"
for directory in /etc /usr/sbin; do
	mkdir -p "$1/memory$directory"
	cp -a "$directory/." "$1/memory$directory" 2>/dev/null || :
	mount --bind "$1/memory$directory" "$directory"
done
mount -t tmpfs -o mode=755 stage /srv
mount --make-shared /srv
mkdir -p /srv/config /etc/shop
cp -r "$1/work/manifests" /etc/shop/manifests
cd "$1/work"
shift
exec "$@"`;

export interface StageOptions {
	readonly env?: Readonly<Record<string, string>>;
	/** Programs to put on PATH, by name. */
	readonly programs?: Readonly<Record<string, string>>;
}

export class DocumentStage {
	readonly #terminal: Terminal;
	readonly #directory: string;

	private constructor(terminal: Terminal, directory: string) {
		this.#terminal = terminal;
		this.#directory = directory;
	}

	static async open({ env = {}, programs = {} }: StageOptions = {}): Promise<DocumentStage> {
		const directory = temporaryDirectory('stage');
		cpSync(fixture('documents'), directory, { recursive: true });
		cpSync(join(ROOT, 'examples'), join(directory, 'work/examples'), { recursive: true });
		mkdirSync(join(directory, 'work/mnt'));
		const bin = join(directory, 'bin');
		symlinkSync(join(DIST, 'main.js'), join(bin, 'configmapfs'));
		for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(bin, name));
		const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
		const terminal = await Terminal.open(
			['unshare', ...asRoot, '--mount', '--propagation', 'private', 'sh', '-ec', SET_UP, 'sh', directory],
			{
				PATH: `${bin}:${dirname(process.execPath)}:${SYSTEM_PATH}`,
				XDG_RUNTIME_DIR: join(directory, 'memory/run'),
				HOME: join(directory, 'work'),
				STAGE: join(directory, 'work'),
				CHECKOUT: ROOT,
				NO_COLOR: '1',
				...env,
			},
		);
		const stage = new DocumentStage(terminal, join(directory, 'work'));
		await stage.#type("stty cols 100; PS1='{{$?}} ' PS2=''");
		return stage;
	}

	/**
	 * Types a command and waits for its end. `endless` describes how to end a command that does not end on its own.
	 * Errors: a status other than 0 unless `mayFail`; output that differs from the document.
	 */
	async play(command: Command, options: { readonly mayFail: boolean; readonly endless?: Endless }): Promise<void> {
		const { location, text, output } = command;
		if (output === undefined && text.startsWith('configmapfs unmount')) await this.#type(MOUNT_IF_EMPTY);
		let start = this.#terminal.shown.length;
		const shown = () => visible(this.#terminal.shown.slice(start)).replaceAll(this.#directory, DIRECTORY);
		const fail = (what: string): Error => new Error(`${location}: ${what}\n$ ${text}\n${shown()}`);
		const { status, wasEnded } = await this.#type(text, options.endless).catch((error) => {
			throw fail(String(error));
		});
		if (status !== 0 && !options.mayFail && !(wasEnded && status === INTERRUPTED)) {
			throw fail(`the command ended with status ${status}`);
		}
		if (output === undefined) return;
		const wanted = patternOf(output);
		const isShown = async () => {
			if (wanted.test(normalized(shown()))) return true;
			if (!text.startsWith('cat ')) return false;
			// The file may not have changed yet: read it again.
			start = this.#terminal.shown.length;
			await this.#type(text);
			return false;
		};
		await until(isShown, 'output', OUTPUT_MS).catch(() => {
			throw fail(`the output differs from the document:\n${output.join('\n')}\nthe terminal:`);
		});
	}

	/** Ends background jobs and unmounts, so that the next block begins without them. */
	async clear(): Promise<void> {
		await this.#type('for job in $(jobs -p); do kill $job; done 2> /dev/null; wait');
		await this.#type('if grep -q fuse.configmapfs /proc/self/mountinfo; then configmapfs unmount --all --force; fi');
	}

	close(): void {
		this.#terminal.close();
	}

	async #type(text: string, endless?: Endless): Promise<{ readonly status: number; readonly wasEnded: boolean }> {
		const start = this.#terminal.shown.length;
		const after = () => this.#terminal.shown.slice(start);
		this.#terminal.type(`${text}\n`);
		let wasEnded = false;
		const status = await until(
			() => {
				if (!wasEnded && endless?.shows.test(after())) {
					wasEnded = true;
					this.#terminal.type(endless.types ?? CTRL_C);
				}
				return PROMPT.exec(after())?.[1];
			},
			() => `a prompt after: ${text}`,
		);
		return { status: Number(status), wasEnded };
	}
}

/** The output without prompts, the shell's notes about jobs and carriage returns. */
function visible(shown: string): string {
	return shown
		.replaceAll('\r', '')
		.replace(new RegExp(PROMPT, 'g'), '')
		.split('\n')
		.filter((line) => !/^\[\d+\][-+ ]/.test(line))
		.join('\n');
}

/** Replaces all text that differs between runs: times, names of snapshots, sizes in `ls` output, widths of columns. */
function normalized(text: string): string {
	return text
		.replace(/\[\d\d:\d\d:\d\d\]/g, '[time]')
		.replace(/\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+/g, '..snapshot')
		.replace(/^(\S{10} \d+ \S+ \S+) +\d+ /gm, '$1 SIZE ')
		.replace(/[ \t]+/g, ' ')
		.replace(/ $/gm, '')
		.trim();
}

/** A pattern for the output in a document; a line `…` matches any lines. */
function patternOf(output: readonly string[]): RegExp {
	const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
	const parts = normalized(output.join('\n'))
		.split(/^…$/m)
		.map((part) => literal(part.trim()));
	return new RegExp(`^${parts.join('[\\s\\S]*')}$`);
}
