/**
 * ConfigMaps of a live cluster: one loop for each selected namespace and name, joined into one state. The content changes
 * only by a complete list or an event; an error never removes an object, however long it lasts. The cluster is never
 * written.
 */

import { Debouncer } from '../../base/debouncer.js';
import type { Logger } from '../../base/log.js';
import { SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import type { ConfigMap } from '../../model/config-map.js';
import type { ObjectKey } from '../../model/object-key.js';
import type { Problem, Source, SourceObject, SourceSink } from '../../store/source.js';
import { configMapIdentity, configMapObject } from '../../store/source-object.js';
import type { ApiClient, ClusterTarget } from './api-client.js';
import { KubeconfigAuthentication } from './authentication.js';
import { makeFeed } from './change-detection.js';
import { ClusterContact } from './cluster-contact.js';
import type { ClusterSourceOptions, ClusterStatus } from './cluster-options.js';
import { clusterProblems, sameProblems } from './cluster-problems.js';
import { toFailure } from './failure-text.js';
import type { Feed, FeedListener } from './feed.js';
import { HttpsClient } from './https-client.js';
import type { ObjectUpdate } from './known-objects.js';
import type { Kubeconfig } from './kubeconfig.js';
import { startProgress } from './loop-state.js';
import { MissingNamespaces } from './missing-namespaces.js';
import { RequestGate } from './request-gate.js';
import { type SavedState, StateFile } from './state-file.js';

/** The state is saved this long after a change, and at least this often during a burst. Unit: milliseconds. */
const SAVE_QUIET_MS = 1_000;
const SAVE_MAX_DELAY_MS = 30_000;
/** A start waits this long for the cluster before it takes the state file. Unit: milliseconds. */
const PREFER_CLUSTER_MS = 2_000;

export class ClusterSource implements Source, FeedListener {
	readonly description: string;
	readonly #options: ClusterSourceOptions;
	readonly #log: Logger;
	readonly #timers: Timers;
	readonly #client: ApiClient;
	readonly #feeds: readonly Feed[];
	readonly #contact: ClusterContact;
	readonly #stateFile: StateFile | undefined;
	readonly #saving: Debouncer;
	readonly #abort = new AbortController();
	readonly #missingNamespaces: MissingNamespaces;
	/** Of an earlier run; undefined once every loop has objects. */
	#saved: SavedState | undefined;
	#sink: SourceSink | undefined;
	/** Ends the wait for the first state. */
	#endStart: (error?: Error) => void = () => {};
	/** The sink has a state: changes are passed on one by one. */
	#isShown = false;
	#problems: readonly Problem[] = [];

	constructor(options: ClusterSourceOptions) {
		const { kubeconfig, timers = SYSTEM_TIMERS, random = Math.random, wallClock = Date.now } = options;
		const { onEvent = () => {} } = options;
		this.#options = options;
		this.description = options.description ?? describe(kubeconfig);
		this.#timers = timers;
		this.#log = options.log.child({ component: 'cluster-source', source: this.description });
		const { server } = kubeconfig.cluster;
		const authentication = new KubeconfigAuthentication({ kubeconfig, timers, wallClock, log: this.#log });
		this.#client = options.client ?? new HttpsClient({ server, authentication, timers });
		const { userName } = kubeconfig;
		this.#contact = new ClusterContact({ server, userName, wallClock, onEvent });
		const namespaces = options.namespaces ?? [kubeconfig.namespace];
		const { names = [], labelSelector, fieldSelector, changeDetection = { strategy: 'watch' } } = options;
		const targets = clusterTargets({ namespaces, names, labelSelector, fieldSelector });
		const gate = new RequestGate({ timers, loops: targets.length, watchList: options.watchList ?? true });
		const common = { client: this.#client, gate, listener: this, timers, random, log: this.#log };
		this.#feeds = targets.map((target) => makeFeed({ ...common, target }, changeDetection));
		this.#missingNamespaces = new MissingNamespaces({
			client: this.#client,
			signal: this.#abort.signal,
			log: this.#log,
			onChange: () => this.#reportProblems(),
		});
		const { stateDirectory: directory } = options;
		if (directory !== undefined) {
			const identity = {
				server,
				namespaces,
				names,
				labelSelector: labelSelector ?? '',
				fieldSelector: fieldSelector ?? '',
			};
			this.#stateFile = new StateFile({ directory, identity, log: this.#log });
		}
		const save = { quietMs: SAVE_QUIET_MS, maxDelayMs: SAVE_MAX_DELAY_MS, timers };
		this.#saving = new Debouncer({ ...save, call: () => void this.#save() });
	}

	get status(): ClusterStatus {
		return {
			server: this.#client.server,
			lastContact: this.#contact.lastContact,
			isStale: this.#feeds.some(({ state }) => state.phase !== 'complete'),
			requestCount: this.#client.requestCount,
			objectCount: this.#feeds.reduce((count, feed) => count + feed.objects.size, 0),
		};
	}

	/**
	 * Resolves when the sink has the first state: that of the cluster, or that of the state file if the cluster does not
	 * answer within 2 s.
	 * Errors, depending on `failStart`: CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN, CONFIG_INVALID for a certificate, USAGE for
	 * a selector that the server rejects.
	 */
	async start(sink: SourceSink): Promise<void> {
		this.#sink = sink;
		this.#saved = await this.#stateFile?.load();
		if (this.#abort.signal.aborted) return;
		const started = new Promise<void>((resolve, reject) => {
			this.#endStart = (error) => (error === undefined ? resolve() : reject(error));
		});
		const deadline = this.#saved && this.#timers.after(PREFER_CLUSTER_MS, () => this.#endStart());
		for (const feed of this.#feeds) feed.start();
		try {
			await started;
		} catch (error) {
			await this.close();
			throw error;
		} finally {
			deadline?.cancel();
		}
		if (this.#abort.signal.aborted) return;
		this.#isShown = true;
		this.#showAll();
		this.#report();
	}

	async close(): Promise<void> {
		if (this.#abort.signal.aborted) return;
		this.#abort.abort();
		this.#endStart();
		for (const feed of this.#feeds) feed.close();
		this.#client.close();
		const hasUnsaved = this.#saving.pending;
		this.#saving.cancel();
		if (hasUnsaved) await this.#save();
		await this.#stateFile?.settled();
	}

	replaced(feed: Feed): void {
		if (this.#abort.signal.aborted) return;
		const { namespace } = feed.target;
		if (namespace !== undefined) this.#missingNamespaces.listed(namespace, feed.objects.size === 0);
		if (this.#isShown) this.#showAll();
		this.#report();
		this.#saving.poke();
	}

	updated(feed: Feed, update: NonNullable<ObjectUpdate>): void {
		if (this.#abort.signal.aborted || !feed.state.hasObjects) return;
		if (update.kind === 'put') this.#missingNamespaces.found(update.object.key.namespace);
		this.#saving.poke();
		if (!this.#isShown) return;
		if (update.kind === 'remove') this.#sink?.remove(configMapIdentity(update.key));
		else this.#sink?.put(sourceObject(update.object, feed.objects.get(update.object.key)?.uid));
	}

	faults(): void {
		this.#reportProblems();
	}

	contact(): void {
		this.#contact.received();
	}

	stateChanged(): void {
		if (this.#abort.signal.aborted) return;
		if (!this.#isShown) {
			const { failStart = 'refused', kubeconfig } = this.#options;
			const states = this.#feeds.map(({ state }) => state);
			const progress = startProgress(states, { hasSavedState: this.#saved !== undefined, failStart });
			if (typeof progress === 'object') {
				// The caller of `start` reports the error.
				const { server } = this.#client;
				this.#endStart(toFailure(progress.error, { server, userName: kubeconfig.userName }));
				return;
			}
			if (progress === 'over') this.#endStart();
		}
		this.#report();
	}

	get #isComplete(): boolean {
		return this.#feeds.every(({ state }) => state.hasObjects);
	}

	/** The complete content. The part of a loop without objects is as it was saved. */
	#showAll(): void {
		const objects: SourceObject[] = [];
		for (const feed of this.#feeds) {
			if (feed.state.hasObjects) {
				for (const { object, uid } of feed.objects.entries()) objects.push(sourceObject(object, uid));
			} else {
				const saved = (this.#saved?.objects ?? []).filter(({ key }) => includes(feed.target, key));
				for (const object of saved) objects.push(sourceObject(object, undefined));
			}
		}
		if (this.#isComplete) this.#saved = undefined;
		this.#sink?.replace(objects);
	}

	/** Reports problems and events. A start from the saved state reports them once it is over, with its reason. */
	#report(): void {
		if (!this.#isShown && this.#saved !== undefined) return;
		this.#contact.update({
			shown: !this.#isShown ? 'nothing' : this.#saved === undefined ? 'cluster' : 'saved',
			errors: this.#feeds.flatMap(({ state: { error } }) => (error === undefined ? [] : [error])),
			savedContact: this.#saved?.lastContact,
		});
		this.#reportProblems();
	}

	#reportProblems(): void {
		if (this.#abort.signal.aborted) return;
		const problems = clusterProblems({
			location: this.description,
			server: this.#client.server,
			userName: this.#options.kubeconfig.userName,
			reportedFailure: this.#contact.reportedFailure,
			missingNamespaces: this.#missingNamespaces.names,
			feeds: this.#feeds,
		});
		if (sameProblems(this.#problems, problems)) return;
		this.#problems = problems;
		this.#sink?.problems(problems);
	}

	async #save(): Promise<void> {
		// An incomplete state must not replace a complete one.
		if (!this.#isComplete) return;
		const objects = this.#feeds.flatMap((feed) => feed.objects.list());
		await this.#stateFile?.save({ objects, lastContact: this.#contact.lastContact ?? 0 });
	}
}

export interface ClusterSelection {
	readonly namespaces: readonly string[] | 'all';
	/** Empty: all. */
	readonly names: readonly string[];
	readonly labelSelector: string | undefined;
	readonly fieldSelector: string | undefined;
}

/** One target for each namespace and name, each once. */
export function clusterTargets(selection: ClusterSelection): readonly ClusterTarget[] {
	const { labelSelector, fieldSelector } = selection;
	const namespaces = selection.namespaces === 'all' ? [undefined] : [...new Set(selection.namespaces)];
	const names = selection.names.length === 0 ? [undefined] : [...new Set(selection.names)];
	return namespaces.flatMap((namespace) => names.map((name) => ({ namespace, name, labelSelector, fieldSelector })));
}

/** The uid tells an object from a later one of the same name; a saved state has none. */
function sourceObject(object: ConfigMap, uid: string | undefined): SourceObject {
	return configMapObject(object, `cluster ${object.key.namespace} configmap/${object.key.name}`, uid);
}

function includes(target: ClusterTarget, key: ObjectKey): boolean {
	if (target.namespace !== undefined && target.namespace !== key.namespace) return false;
	return target.name === undefined || target.name === key.name;
}

function describe({ contextName, files }: Kubeconfig): string {
	if (contextName !== undefined) return `--context ${contextName}`;
	return files[0] === undefined ? 'cluster' : `--kubeconfig ${files[0]}`;
}
