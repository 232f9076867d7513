/**
 * The objects that a kustomization builds: one `-k` argument. Builds again when an input changes; builds never overlap.
 * A changed generator renames its ConfigMap: one report then adds the new object and removes the old one. Unfinished saves
 * are not published:
 * (1) a build starts only when no input is open for writing, and none that became shorter or absent still changes;
 * (2) a build during which an input changed is repeated;
 * (3) a build that fails is repeated before the failure is reported; while builds fail, the last valid state stays.
 */

import { isAbsolute } from 'node:path';
import { Debouncer } from '../../base/debouncer.js';
import { ConfigMapFsError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type PendingCall, SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import type { FieldValidation } from '../../model/fields/unknown-fields.js';
import type { Source, SourceNeeds, SourceSink } from '../../store/source.js';
import { parseManifest } from '../manifests/manifest-parser.js';
import { ManifestPublisher } from '../manifests/manifest-publisher.js';
import { type ManifestState, NO_MANIFESTS, nextState } from '../manifests/manifest-state.js';
import { PathWatcher } from '../watch/path-watcher.js';
import { type OpenForWriting, Settling } from '../watch/settling.js';
import { isRemote, type KustomizationInputs, kustomizationInputs, pathType } from './kustomization-inputs.js';
import { type BuildOutcome, buildKustomization, findKustomizeTool, type KustomizeTool } from './kustomize-tool.js';
import { SettlingFiles } from './settling-files.js';

export interface KustomizeSourceOptions {
	/** The value of `-k`: a directory, or another target that the program accepts, such as the URL of a repository. */
	readonly directory: string;
	/** `--kustomize-arg`: further flags for the program. Default: none. */
	readonly args?: readonly string[];
	/** Physical paths of directories that are never entered: mount points of this program. Default: none. */
	readonly ignore?: ReadonlySet<string>;
	/** The namespace of objects that do not name one. */
	readonly defaultNamespace: string;
	/** Default: `warn`. */
	readonly fieldValidation?: FieldValidation;
	/** A relative directory starts here. */
	readonly cwd: string;
	/** The environment of the program, which is searched in its PATH. */
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly log: Logger;
	/** Default: unknown for every file. */
	readonly openForWriting?: OpenForWriting;
	/** Default: the clock of the process. */
	readonly timers?: Timers;
}

/** A save raises a few events within two milliseconds, a checkout of a branch some more. */
const QUIET_MS = 25;
/** Continuous writes to one file delay the report of another file by at most this long. */
const MAX_DELAY_MS = 200;
/** Kustomizations that change while their inputs are collected are collected again at most this often. */
const MAX_WALKS = 5;

/** Failures with a better cure than running the program by hand. */
const CURES: readonly (readonly [RegExp, string])[] = [
	[/must specify --enable-helm/, 'pass --kustomize-arg=--enable-helm'],
	[/is not in or below/, 'pass --kustomize-arg=--load-restrictor=LoadRestrictionsNone'],
	[/unable to find one of 'kustomization\.yaml'/, 'a directory of plain manifests is read with -f'],
];

export class KustomizeSource implements Source {
	readonly description: string;
	readonly #options: KustomizeSourceOptions;
	/** The directory as an absolute path. */
	readonly #directory: string;
	readonly #location: string;
	readonly #log: Logger;
	readonly #timers: Timers;
	readonly #watcher: PathWatcher;
	readonly #debouncer: Debouncer;
	readonly #settlingInputs: SettlingFiles;
	readonly #settlingBuild = new Settling();
	readonly #publisher: ManifestPublisher;
	readonly #abort = new AbortController();
	/** Texts that were logged and are not logged again. */
	readonly #logged = new Set<string>();
	#tool: KustomizeTool | undefined;
	#inputs: KustomizationInputs = { files: [], trees: [], remotes: [] };
	#state: ManifestState = NO_MANIFESTS;
	#needs: SourceNeeds = { explains: false };
	/** The failure that was reported. */
	#failure: string | undefined;
	#later: PendingCall | undefined;
	#isBuilding = false;
	/** An input changed during a build. */
	#isStale = false;

	constructor(options: KustomizeSourceOptions) {
		const { directory, cwd, timers = SYSTEM_TIMERS, openForWriting = () => undefined } = options;
		this.#options = options;
		this.description = `-k ${directory}`;
		this.#location = `kustomize ${directory}`;
		// Not path.resolve: it would drop "link/.." by text, where the kernel follows the link.
		this.#directory = isAbsolute(directory) ? directory : `${cwd}/${directory}`;
		this.#log = options.log.child({ component: 'kustomize-source', source: this.description });
		this.#timers = timers;
		this.#publisher = new ManifestPublisher(this.#log);
		this.#settlingInputs = new SettlingFiles(openForWriting);
		this.#watcher = new PathWatcher({ onChange: () => this.#debouncer.poke(), log: options.log, timers });
		const call = (): void => void this.#update();
		this.#debouncer = new Debouncer({ quietMs: QUIET_MS, maxDelayMs: MAX_DELAY_MS, timers, call });
	}

	/**
	 * Errors: INPUT_MISSING if the directory or a program that builds it does not exist; INPUT_INVALID if the first build
	 * fails, or if its output has errors and no valid object.
	 */
	async start(sink: SourceSink): Promise<void> {
		const { directory, env } = this.#options;
		this.#needs = sink.needs;
		this.#refuseMissing();
		this.#tool = findKustomizeTool(env);
		if (this.#tool === undefined) {
			throw new ConfigMapFsError(
				'INPUT_MISSING',
				`cannot build "${directory}": neither kubectl nor kustomize is in PATH; install kubectl (https://kubernetes.io/docs/tasks/tools) or kustomize (https://kubectl.docs.kubernetes.io/installation/kustomize), or build it on another machine: kustomize build ${directory} | configmapfs … -f -`,
			);
		}
		this.#isBuilding = true;
		try {
			this.#follow();
			this.#settlingInputs.wait(this.#inputs.files, this.#timers.now());
			const outcome = await this.#build(this.#tool);
			if (this.#abort.signal.aborted) return;
			if (outcome.kind === 'failed') {
				throw new ConfigMapFsError('INPUT_INVALID', `${this.#location}: ${this.#failureText(outcome.reason)}`);
			}
			this.#publisher.first(sink, [this.#parse(outcome.output)]);
		} catch (error) {
			await this.close();
			throw error;
		} finally {
			this.#isBuilding = false;
		}
		if (this.#isStale) this.#debouncer.poke();
	}

	async close(): Promise<void> {
		this.#abort.abort();
		this.#watcher.close();
		this.#debouncer.cancel();
		this.#later?.cancel();
	}

	#refuseMissing(): void {
		const { directory } = this.#options;
		const type = pathType(this.#directory);
		if (type === undefined && !isRemote(directory)) {
			throw new ConfigMapFsError('INPUT_MISSING', `the path "${directory}" does not exist`);
		}
		if (type === 'other') {
			const cure = 'give the directory of a kustomization.yaml, or read a manifest with -f';
			throw new ConfigMapFsError('INPUT_INVALID', `the path "${directory}" is not a directory; ${cure}`);
		}
	}

	/** Builds again if every input can be read. */
	async #update(): Promise<void> {
		const { signal } = this.#abort;
		this.#later?.cancel();
		this.#isStale = this.#isBuilding;
		if (signal.aborted || this.#isBuilding || this.#tool === undefined) return;
		this.#follow();
		const waitMs = this.#settlingInputs.wait(this.#inputs.files, this.#timers.now());
		if (waitMs > 0) {
			this.#updateAfter(waitMs);
			return;
		}
		this.#isBuilding = true;
		try {
			const outcome = await this.#build(this.#tool);
			if (!signal.aborted) this.#judge(outcome);
		} catch (error) {
			this.#log.error({ err: error }, 'building the kustomization failed');
		} finally {
			this.#isBuilding = false;
			if (this.#isStale && !signal.aborted) this.#debouncer.poke();
		}
	}

	#updateAfter(delayMs: number): void {
		this.#later?.cancel();
		this.#later = this.#timers.after(delayMs, () => void this.#update());
	}

	/** Watches the current inputs of the kustomization. */
	#follow(): void {
		for (let walks = 0; walks < MAX_WALKS; walks++) {
			const inputs = kustomizationInputs(this.#directory);
			// New inputs are watched only from now on, so a change in them before that needs another round.
			if (sameTexts(this.#inputs, inputs)) return;
			this.#inputs = inputs;
			const { ignore = new Set<string>() } = this.#options;
			this.#watcher.watch([
				...inputs.files.map((path) => ({ path })),
				...inputs.trees.map((path) => ({ path, recursive: true, ignore })),
			]);
			for (const remote of inputs.remotes) {
				this.#logOnce(remote, () => this.#log.debug({ remote }, `changes of ${remote} are not watched`));
			}
		}
	}

	async #build(tool: KustomizeTool): Promise<BuildOutcome> {
		const { directory, args = [], cwd, env } = this.#options;
		const outcome = await buildKustomization(tool, { directory, args, cwd, env, signal: this.#abort.signal });
		if (outcome.kind === 'built' && outcome.warnings !== '') {
			this.#logOnce(outcome.warnings, () => this.#log.warn(`${this.#location}: ${outcome.warnings}`));
		}
		return outcome;
	}

	#logOnce(text: string, write: () => void): void {
		if (this.#logged.has(text)) return;
		this.#logged.add(text);
		write();
	}

	/** Publishes the outcome, unless an input changed during the build or a new failure may be over in a moment. */
	#judge(outcome: BuildOutcome): void {
		const isTorn = this.#isStale || this.#debouncer.pending;
		const reason = outcome.kind === 'failed' ? this.#failureText(outcome.reason) : undefined;
		const isNewFailure = reason !== undefined && reason !== this.#failure;
		const state = isTorn ? 'writing' : isNewFailure ? 'doubtful' : 'complete';
		// All failures have the same fingerprint: a text that differs in every build must not cause more builds.
		const waitMs = this.#settlingBuild.observe({ state, fingerprint: outcome.kind }, this.#timers.now());
		if (waitMs > 0) {
			// After a change during the build, the debouncer starts the next one.
			if (!isTorn) this.#updateAfter(waitMs);
			return;
		}
		if (outcome.kind === 'built') {
			this.#failure = undefined;
			this.#publisher.next([this.#parse(outcome.output)]);
		} else if (isNewFailure) {
			this.#failure = reason;
			this.#publisher.fail({ location: this.#location, reason });
		}
	}

	#failureText(reason: string): string {
		const command = `${this.#tool?.words.join(' ')}`;
		const cure =
			CURES.find(([sign]) => sign.test(reason))?.[1] ??
			`run "${command} ${this.#options.directory}" to see the same error`;
		return `${command}: ${reason}; ${cure}`;
	}

	/** Keeps the last valid version of objects that are now invalid. */
	#parse(output: Buffer): ManifestState {
		const { defaultNamespace, fieldValidation = 'warn' } = this.#options;
		const parsed = parseManifest(output, {
			file: this.#location,
			defaultNamespace,
			needs: this.#needs,
			fieldValidation,
		});
		this.#state = nextState(this.#state, parsed);
		return this.#state;
	}
}

function sameTexts(a: KustomizationInputs, b: KustomizationInputs): boolean {
	const texts = ({ files, trees, remotes }: KustomizationInputs) => JSON.stringify([files, trees, remotes]);
	return texts(a) === texts(b);
}
