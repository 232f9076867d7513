/**
 * Does what `--on-change` asks for when volumes of the application change, once for a burst of changes: several volumes
 * that change together are one restart, one signal of a kind, one run of a command.
 *
 * It is told after the new generation is visible, so whoever is told by it finds that.
 */

import { Debouncer } from '../../base/debouncer.js';
import type { Logger } from '../../base/log.js';
import { OneAtATime } from '../../base/one-at-a-time.js';
import type { Timers } from '../../base/timers.js';
import type { Flip } from '../../mount/volume-session.js';
import type { EnvironmentChange } from '../environment-change.js';
import type { OnChange, OnChangePolicy } from './on-change.js';
import { type VolumeChange, withChange } from './volume-change.js';

/** What can be done. Promises resolve when it is over and never fail. */
export interface ChangeEffects {
	/** False when no process runs. */
	signal(signal: NodeJS.Signals): boolean;
	restart(): void;
	exec(command: string, changes: readonly VolumeChange[]): Promise<void>;
	http(method: string, url: string): Promise<void>;
	/** Ends what is under way. */
	close(): void;
}

export interface ChangeReactorOptions {
	readonly policy: OnChangePolicy;
	readonly effects: ChangeEffects;
	readonly log: Logger;
	readonly timers?: Timers;
}

/** A burst is over when nothing changed for this long. Unit: milliseconds. */
const QUIET_MS = 100;
/** However long a burst is, the first of it is not kept back for longer. Unit: milliseconds. */
const LONGEST_BURST_MS = 1000;

type Changes = ReadonlyMap<string, VolumeChange>;
type Act = (changes: readonly VolumeChange[]) => Promise<void>;

const NO_CHANGES: Changes = new Map();

export class ChangeReactor {
	readonly #policy: OnChangePolicy;
	readonly #effects: ChangeEffects;
	readonly #log: Logger;
	readonly #debouncer: Debouncer;
	/** Commands and URLs, each with what it is to be told next. */
	readonly #works = new Map<string, OneAtATime<Changes>>();
	#changes = NO_CHANGES;
	/** Volumes that changed after the process that runs was started: it may not have seen that. */
	readonly #unseen = new Set<string>();
	#isEnvironmentStale = false;
	/** People were told that this process has an old environment. */
	#saidStale = false;
	#hasStarted = false;

	constructor(options: ChangeReactorOptions) {
		this.#policy = options.policy;
		this.#effects = options.effects;
		this.#log = options.log;
		this.#debouncer = new Debouncer({
			quietMs: QUIET_MS,
			maxDelayMs: LONGEST_BURST_MS,
			call: () => this.#react(),
			...(options.timers === undefined ? {} : { timers: options.timers }),
		});
	}

	/** What is shown before the first process runs is no change for anybody. */
	volumeChanged(volume: string, flip: Flip): void {
		if (!this.#hasStarted || this.#actionOf(volume).kind === 'none') return;
		this.#changes = withChange(this.#changes, { volume, ...flip });
		this.#unseen.add(volume);
		this.#debouncer.poke();
	}

	/** An environment cannot be changed from outside; only a new process has another one. */
	environmentChanged({ isWorkload }: EnvironmentChange): void {
		if (!this.#hasStarted) return;
		if (this.#policy.otherwise.kind === 'restart') {
			this.#isEnvironmentStale = true;
			this.#debouncer.poke();
		} else if (!this.#saidStale) {
			this.#saidStale = true;
			this.#log.warn(
				{ changed: isWorkload ? 'the workload' : 'the environment' },
				'the application keeps what it was started with; restart it, or use --on-change restart',
			);
		}
	}

	/** A process that starts now sees every generation that is visible; what its environment lacks is said later. */
	started(): void {
		this.#hasStarted = true;
		this.#saidStale = false;
		this.#unseen.clear();
	}

	/** Ends what is under way, and forgets what is due. Idempotent. */
	close(): void {
		this.#hasStarted = false;
		this.#debouncer.cancel();
		for (const work of this.#works.values()) work.forget();
		this.#effects.close();
	}

	#actionOf(volume: string): OnChange {
		return this.#policy.volumes.get(volume) ?? this.#policy.otherwise;
	}

	#react(): void {
		const changes = this.#changes.values();
		const unseen = [...this.#unseen].map((volume) => this.#actionOf(volume));
		const restarts = this.#isEnvironmentStale || unseen.some(({ kind }) => kind === 'restart');
		this.#changes = NO_CHANGES;
		this.#unseen.clear();
		this.#isEnvironmentStale = false;
		// Who is started anew needs no signal.
		if (!restarts) for (const signal of signalsOf(unseen)) this.#signal(signal);
		this.#call(changes);
		if (restarts) this.#effects.restart();
	}

	#signal(signal: NodeJS.Signals): void {
		if (this.#effects.signal(signal)) this.#log.info({ signal }, 'told the application of the change');
		else this.#log.debug({ signal }, 'no process to tell of the change');
	}

	/** Volumes with the same command or URL are one call of it. */
	#call(changes: Iterable<VolumeChange>): void {
		const calls = new Map<string, { readonly act: Act; readonly changes: Changes }>();
		for (const change of changes) {
			const call = this.#callOf(this.#actionOf(change.volume));
			if (call === undefined) continue;
			const together = calls.get(call.key)?.changes ?? NO_CHANGES;
			calls.set(call.key, { act: call.act, changes: withChange(together, change) });
		}
		for (const [key, call] of calls) this.#work(key, call.act).ask(call.changes);
	}

	#callOf(action: OnChange): { readonly key: string; readonly act: Act } | undefined {
		if (action.kind === 'exec') {
			const { command } = action;
			return { key: `exec ${command}`, act: (changes) => this.#effects.exec(command, changes) };
		}
		if (action.kind === 'http') {
			const { method, url } = action;
			return { key: `http ${method} ${url}`, act: () => this.#effects.http(method, url) };
		}
		return undefined;
	}

	#work(key: string, act: Act): OneAtATime<Changes> {
		const known = this.#works.get(key);
		if (known !== undefined) return known;
		const made = new OneAtATime<Changes>({
			act: (changes) => act([...changes.values()]),
			merge: (first, second) => [...second.values()].reduce(withChange, first),
		});
		this.#works.set(key, made);
		return made;
	}
}

function signalsOf(actions: readonly OnChange[]): ReadonlySet<NodeJS.Signals> {
	return new Set(actions.flatMap((action) => (action.kind === 'signal' ? [action.signal] : [])));
}
