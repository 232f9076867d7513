/**
 * Does what `--on-change` requests when volumes of the application change, once for a burst of changes: volumes that
 * change together cause one restart, one signal of each kind, one run of each command and one request to each URL.
 *
 * It is called after the new generation is visible, so each reaction finds the new content.
 */

import { Debouncer } from '../../base/debouncer.js';
import { OneAtATime } from '../../base/one-at-a-time.js';
import type { Timers } from '../../base/timers.js';
import type { CallOutcome, CommandOutcome, EventListener, Reaction, ReactionCause } from '../../control/events.js';
import type { Flip } from '../../mount/volume-session.js';
import { isUnchanged, type PayloadChange } from '../../volume/payload.js';
import type { EnvironmentChange } from '../environment-change.js';
import { hideCredentials, type OnChange, type OnChangePolicy } from './on-change.js';
import { type VolumeView, visibleChange } from './visible-change.js';
import { type VolumeChange, withChange } from './volume-change.js';

/** The actions. Promises resolve at the end of an action, with undefined if `close` ended it, and never reject. */
export interface ChangeEffects {
	/** Returns false if no process runs. */
	signal(signal: NodeJS.Signals): boolean;
	/** Returns false if the application is about to end for good. */
	restart(): boolean;
	exec(command: string, changes: readonly VolumeChange[]): Promise<CommandOutcome | undefined>;
	http(method: string, url: string): Promise<CallOutcome | undefined>;
	/** Ends the actions in progress. */
	close(): void;
}

export interface ChangeReactorOptions {
	readonly policy: OnChangePolicy;
	readonly effects: ChangeEffects;
	readonly onEvent: EventListener;
	readonly timers?: Timers;
}

/** A burst is over if nothing changes for this long. Unit: milliseconds. */
const QUIET_MS = 100;
/** A reaction follows the first change of a burst after this long at the latest. Unit: milliseconds. */
const LONGEST_BURST_MS = 1000;

type Changes = ReadonlyMap<string, VolumeChange>;
/** Acts on changes and reports the outcome. */
type Act = (changes: readonly VolumeChange[]) => Promise<void>;

const NO_CHANGES: Changes = new Map();

export class ChangeReactor {
	readonly #policy: OnChangePolicy;
	readonly #effects: ChangeEffects;
	readonly #onEvent: EventListener;
	readonly #debouncer: Debouncer;
	/** Commands and URLs with their pending changes. */
	readonly #works = new Map<string, OneAtATime<Changes>>();
	#changes = NO_CHANGES;
	/** Volumes that changed since the running process was started. Earlier changes it has seen. */
	readonly #unseen = new Set<string>();
	/** A difference of the environment that a restart has to bring to the process. */
	#environment: EnvironmentChange | undefined;
	/** Variables, and `isWorkload`, that were reported for the running process. */
	#reported: EnvironmentChange = { names: [], isWorkload: false };
	#hasStarted = false;

	constructor(options: ChangeReactorOptions) {
		this.#policy = options.policy;
		this.#effects = options.effects;
		this.#onEvent = options.onEvent;
		this.#debouncer = new Debouncer({
			quietMs: QUIET_MS,
			maxDelayMs: LONGEST_BURST_MS,
			call: () => this.#react(),
			...(options.timers === undefined ? {} : { timers: options.timers }),
		});
	}

	/**
	 * A volume shows a new generation. Before the first process runs this is not a change, and neither is a file that all
	 * of the application's mounts keep as it was, unless the application is restarted. `views` are these mounts.
	 */
	volumeChanged(volume: string, flip: Flip, views: readonly VolumeView[] = []): void {
		if (!this.#hasStarted) return;
		const { kind } = this.#actionOf(volume);
		const change = kind === 'restart' ? flip.change : this.#visibleChange(volume, flip, views);
		if (kind === 'none' || isUnchanged(change)) return;
		this.#changes = withChange(this.#changes, { volume, ...flip, change });
		this.#unseen.add(volume);
		this.#debouncer.poke();
	}

	/** The part of the change that the application sees; reports the rest. */
	#visibleChange(volume: string, { change }: Flip, views: readonly VolumeView[]): PayloadChange {
		const { seen, frozen } = visibleChange(
			change,
			views.filter((view) => view.volume === volume),
		);
		for (const { target, paths } of frozen) this.#onEvent({ type: 'frozen', volume, target, paths });
		return seen;
	}

	/** A process started now would get other inputs. Only a restart can bring them; otherwise each is reported once. */
	environmentChanged(change: EnvironmentChange): void {
		if (!this.#hasStarted) return;
		if (this.#policy.otherwise.kind === 'restart') {
			this.#environment = change;
			this.#debouncer.poke();
			return;
		}
		const { names, isWorkload } = this.#reported;
		const isNew = (change.isWorkload && !isWorkload) || change.names.some((name) => !names.includes(name));
		if (!isNew) return;
		this.#reported = change;
		this.#onEvent({ type: 'environment-changed', ...change });
	}

	/** A process was started. It sees every visible generation; a change of its environment is reported again. */
	started(): void {
		this.#hasStarted = true;
		this.#reported = { names: [], isWorkload: false };
		this.#unseen.clear();
	}

	/** Ends the actions in progress and drops those that are due. Idempotent. */
	close(): void {
		this.#hasStarted = false;
		this.#debouncer.cancel();
		for (const work of this.#works.values()) work.cancel();
		this.#effects.close();
	}

	#actionOf(volume: string): OnChange {
		return this.#policy.volumes.get(volume) ?? this.#policy.otherwise;
	}

	#react(): void {
		const changes = [...this.#changes.values()];
		const unseen = changes.filter(({ volume }) => this.#unseen.has(volume));
		const environment = this.#environment;
		this.#changes = NO_CHANGES;
		this.#unseen.clear();
		this.#environment = undefined;
		const restarting = unseen.filter(({ volume }) => this.#actionOf(volume).kind === 'restart');
		const restarts = environment !== undefined || restarting.length > 0;
		// A new process needs no signal.
		if (!restarts) this.#signal(unseen);
		this.#call(changes);
		if (restarts) this.#restart(restarting, environment);
	}

	/** Sends each signal once, for all volumes that request it. */
	#signal(changes: readonly VolumeChange[]): void {
		const bySignal = new Map<NodeJS.Signals, VolumeChange[]>();
		for (const change of changes) {
			const action = this.#actionOf(change.volume);
			if (action.kind !== 'signal') continue;
			bySignal.set(action.signal, [...(bySignal.get(action.signal) ?? []), change]);
		}
		for (const [signal, ofSignal] of bySignal) {
			const result = this.#effects.signal(signal) ? DONE : NO_PROCESS;
			this.#report({ action: 'signal', signal, causes: causesOf(ofSignal), ...result });
		}
	}

	#restart(changes: readonly VolumeChange[], environment: EnvironmentChange | undefined): void {
		const result = this.#effects.restart() ? DONE : ({ outcome: 'skipped', reason: 'it is ending' } as const);
		const variables =
			environment === undefined || environment.names.length === 0 ? {} : { variables: environment.names };
		this.#report({ action: 'restart', causes: causesOf(changes), ...variables, ...result });
	}

	/** Volumes with the same command or URL share one call. */
	#call(changes: readonly VolumeChange[]): void {
		const calls = new Map<string, { readonly act: Act; readonly changes: Changes }>();
		for (const change of changes) {
			const call = this.#callOf(this.#actionOf(change.volume));
			if (call === undefined) continue;
			const together = calls.get(call.key)?.changes ?? NO_CHANGES;
			calls.set(call.key, { act: call.act, changes: withChange(together, change) });
		}
		for (const [key, call] of calls) this.#work(key, call.act).request(call.changes);
	}

	#callOf(action: OnChange): { readonly key: string; readonly act: Act } | undefined {
		if (action.kind === 'exec') {
			const { command } = action;
			const act: Act = async (changes) => {
				const outcome = await this.#effects.exec(command, changes);
				if (outcome !== undefined) this.#report({ action: 'exec', command, causes: causesOf(changes), ...outcome });
			};
			return { key: `exec ${command}`, act };
		}
		if (action.kind === 'http') {
			const { method, url } = action;
			const act: Act = async (changes) => {
				const outcome = await this.#effects.http(method, url);
				if (outcome === undefined) return;
				this.#report({ action: 'http', method, url: hideCredentials(url), causes: causesOf(changes), ...outcome });
			};
			return { key: `http ${method} ${url}`, act };
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

	#report(reaction: DistributiveOmit<Reaction, 'type'>): void {
		this.#onEvent({ type: 'reaction', ...reaction });
	}
}

/** `Omit` for each member of a union. */
type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never;

const DONE = { outcome: 'done' } as const;
const NO_PROCESS = { outcome: 'skipped', reason: 'no process runs' } as const;

function causesOf(changes: readonly VolumeChange[]): readonly ReactionCause[] {
	return changes.map(({ volume, change }) => ({ volume, ...change }));
}
