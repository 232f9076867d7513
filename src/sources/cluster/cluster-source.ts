/**
 * ConfigMaps of a live cluster: one loop for each namespace and name that was asked for, joined into one state. What is
 * shown changes only by a complete list or an event; an error, however long it lasts, takes nothing away. Nothing is
 * ever written to the cluster.
 */

import { Debouncer } from '../../base/debouncer.js';
import type { Logger } from '../../base/log.js';
import { SYSTEM_TIMERS, type Timers } from '../../base/timers.js';
import type { ConfigMap } from '../../model/config-map.js';
import type { ObjectKey } from '../../model/object-key.js';
import type { ConfigMapSource, Problem, SourceSink } from '../../store/source.js';
import type { ApiClient, ClusterTarget } from './api-client.js';
import type { ApiError } from './api-error.js';
import { KubeconfigAuthentication } from './authentication.js';
import { makeFeed } from './change-detection.js';
import { ClusterContact } from './cluster-contact.js';
import type { ClusterSourceOptions, ClusterStatus } from './cluster-options.js';
import { clusterProblems, sameProblems } from './cluster-problems.js';
import { clusterTargets } from './cluster-targets.js';
import { toFailure } from './failure-text.js';
import type { Feed, FeedListener } from './feed.js';
import { FirstState } from './first-state.js';
import { HttpsClient } from './https-client.js';
import type { ObjectUpdate } from './known-objects.js';
import type { Kubeconfig } from './kubeconfig.js';
import { RequestGate } from './request-gate.js';
import { type SavedState, StateFile } from './state-file.js';

/** The state is written this long after a change, and during a burst at least this often. Unit: milliseconds. */
const SAVE_QUIET_MS = 1_000;
const SAVE_MAX_DELAY_MS = 30_000;
/** A cluster that answers within this long is preferred to the state file. Unit: milliseconds. */
const PREFER_CLUSTER_MS = 2_000;

export class ClusterSource implements ConfigMapSource, FeedListener {
	readonly description: string;
	readonly #options: ClusterSourceOptions;
	readonly #log: Logger;
	readonly #timers: Timers;
	readonly #client: ApiClient;
	readonly #feeds: readonly Feed[];
	readonly #contact: ClusterContact;
	readonly #firstState: FirstState;
	readonly #stateFile: StateFile | undefined;
	readonly #saving: Debouncer;
	readonly #abort = new AbortController();
	readonly #complete = new Set<Feed>();
	readonly #missingNamespaces = new Set<string>();
	readonly #askedNamespaces = new Set<string>();
	#saved: SavedState | undefined;
	#sink: SourceSink | undefined;
	/** The sink has a state: from now on changes are passed on one by one. */
	#isShown = false;
	#problems: readonly Problem[] = [];

	constructor(options: ClusterSourceOptions) {
		const { kubeconfig, timers = SYSTEM_TIMERS, random = Math.random, wallClock = Date.now } = options;
		this.#options = options;
		this.description = options.description ?? describe(kubeconfig);
		this.#timers = timers;
		this.#log = options.log.child({ component: 'cluster-source', source: this.description });
		const { server } = kubeconfig.cluster;
		const authentication = new KubeconfigAuthentication({ kubeconfig, timers, wallClock, log: this.#log });
		this.#client = options.client ?? new HttpsClient({ server, authentication, timers });
		const { userName } = kubeconfig;
		this.#contact = new ClusterContact({ server, userName, wallClock, log: this.#log });
		const namespaces = options.namespaces ?? [kubeconfig.namespace];
		const { names = [], labelSelector, fieldSelector, changeDetection = { strategy: 'watch' } } = options;
		const targets = clusterTargets({ namespaces, names, labelSelector, fieldSelector });
		const gate = new RequestGate({ timers, loops: targets.length, watchList: options.watchList ?? true });
		const common = { client: this.#client, gate, listener: this, timers, random, log: this.#log };
		this.#feeds = targets.map((target) => makeFeed({ ...common, target }, changeDetection));
		this.#firstState = new FirstState(targets.length);
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
			isStale: this.#contact.isStale,
			requestCount: this.#client.requestCount,
			objectCount: this.#feeds.reduce((count, feed) => count + feed.objects.size, 0),
		};
	}

	/**
	 * Resolves when the sink has the first state: of the cluster, or of the state file when the cluster does not answer
	 * within 2 s.
	 * Errors: see `failStart`: CLUSTER_UNREACHABLE, CLUSTER_FORBIDDEN, CONFIG_INVALID for a certificate, USAGE for a
	 * selector that the server does not take.
	 */
	async start(sink: SourceSink): Promise<void> {
		this.#sink = sink;
		this.#saved = await this.#stateFile?.load();
		if (this.#abort.signal.aborted) return;
		if (this.#saved !== undefined) this.#contact.mayStartFromFile();
		for (const feed of this.#feeds) feed.start();
		const deadline =
			this.#saved === undefined ? undefined : this.#timers.after(PREFER_CLUSTER_MS, () => this.#firstState.giveUp());
		try {
			await this.#firstState.reached;
		} catch (error) {
			await this.close();
			throw error;
		} finally {
			deadline?.cancel();
		}
		if (this.#abort.signal.aborted) return;
		const isWhole = this.#complete.size === this.#feeds.length;
		if (!isWhole && this.#saved !== undefined) this.#contact.startFromFile(this.#saved.lastContact);
		this.#isShown = true;
		this.#showAll();
		this.#reportProblems();
	}

	async close(): Promise<void> {
		if (this.#abort.signal.aborted) return;
		this.#abort.abort();
		this.#firstState.giveUp();
		for (const feed of this.#feeds) feed.close();
		this.#client.close();
		const hasUnsaved = this.#saving.pending;
		this.#saving.cancel();
		if (hasUnsaved) await this.#save();
		await this.#stateFile?.settled();
	}

	replaced(feed: Feed): void {
		if (this.#abort.signal.aborted) return;
		this.#complete.add(feed);
		this.#firstState.settled(feed);
		this.#lookAfterNamespace(feed);
		if (this.#isShown) this.#showAll();
		this.#reportProblems();
		this.#saving.poke();
	}

	updated(feed: Feed, update: NonNullable<ObjectUpdate>): void {
		if (this.#abort.signal.aborted || !this.#complete.has(feed)) return;
		if (update.kind === 'put') this.#forgetMissingNamespace(update.object.key);
		this.#saving.poke();
		if (!this.#isShown) return;
		if (update.kind === 'put') this.#sink?.put(update.object);
		else this.#sink?.remove(update.key);
	}

	faults(): void {
		this.#reportProblems();
	}

	contact(): void {
		this.#contact.heard();
	}

	failed(feed: Feed, error: ApiError): void {
		if (this.#abort.signal.aborted) return;
		if (this.#endsStart(feed, error)) {
			const { userName } = this.#options.kubeconfig;
			this.#firstState.fail(toFailure(error, { server: this.#client.server, userName }));
			return;
		}
		const isNews = this.#contact.failed(feed, error);
		if (!this.#complete.has(feed)) this.#failedBeforeState(feed, error);
		// A start that goes on with the state file says so, with the reason, before anything else does.
		if (isNews && (this.#isShown || this.#saved === undefined)) this.#reportProblems();
	}

	recovered(feed: Feed): void {
		if (this.#contact.recovered(feed)) this.#reportProblems();
	}

	/** Whether the failure is told by the one who started, and needs no other word. */
	#endsStart(feed: Feed, error: ApiError): boolean {
		const { failStart = 'refused' } = this.#options;
		if (this.#isShown || this.#saved !== undefined || this.#complete.has(feed)) return false;
		return failStart === 'any' || (failStart === 'refused' && error.isPermanent);
	}

	/** With a state to start from nothing is waited for. */
	#failedBeforeState(feed: Feed, error: ApiError): void {
		if (this.#isShown) return;
		if (this.#saved !== undefined) {
			this.#firstState.giveUp();
			return;
		}
		if (error.isPermanent) {
			// The others are not kept waiting for what only a person can change.
			this.#firstState.refused(feed);
		}
		this.#reportProblems();
	}

	/** The whole state. What a loop has not seen yet is as it was saved. */
	#showAll(): void {
		const objects: ConfigMap[] = [];
		for (const feed of this.#feeds) {
			const isComplete = this.#complete.has(feed);
			const saved = isComplete ? [] : (this.#saved?.objects ?? []).filter(({ key }) => isInTarget(key, feed.target));
			for (const object of isComplete ? feed.objects.list() : saved) objects.push(object);
		}
		if (this.#complete.size === this.#feeds.length) {
			this.#saved = undefined;
			this.#contact.startFromCluster();
		}
		this.#sink?.replace(objects);
	}

	/** An empty namespace may be one that does not exist; a list does not tell. */
	#lookAfterNamespace(feed: Feed): void {
		const { namespace } = feed.target;
		if (namespace === undefined) return;
		if (feed.objects.size > 0) {
			this.#missingNamespaces.delete(namespace);
			return;
		}
		if (this.#askedNamespaces.has(namespace) && !this.#missingNamespaces.has(namespace)) return;
		this.#askedNamespaces.add(namespace);
		void this.#askForNamespace(namespace);
	}

	async #askForNamespace(namespace: string): Promise<void> {
		try {
			const exists = await this.#client.hasNamespace(namespace, this.#abort.signal);
			if (exists === false) this.#missingNamespaces.add(namespace);
			else this.#missingNamespaces.delete(namespace);
		} catch (error) {
			this.#log.debug({ err: error, namespace }, 'cannot tell whether the namespace exists');
			this.#askedNamespaces.delete(namespace);
		}
		this.#reportProblems();
	}

	#forgetMissingNamespace({ namespace }: ObjectKey): void {
		if (this.#missingNamespaces.delete(namespace)) this.#reportProblems();
	}

	#reportProblems(): void {
		if (this.#abort.signal.aborted) return;
		const problems = clusterProblems({
			place: this.description,
			server: this.#client.server,
			userName: this.#options.kubeconfig.userName,
			failing: this.#contact.failing,
			loggedReason: this.#contact.loggedReason,
			missingNamespaces: this.#missingNamespaces,
			feeds: this.#feeds,
		});
		if (sameProblems(this.#problems, problems)) return;
		this.#problems = problems;
		this.#sink?.problems(problems);
	}

	async #save(): Promise<void> {
		// A state of which parts are missing must not replace a whole one.
		if (this.#complete.size < this.#feeds.length) return;
		const objects = this.#feeds.flatMap((feed) => feed.objects.list());
		await this.#stateFile?.save({ objects, lastContact: this.#contact.lastContact ?? 0 });
	}
}

function isInTarget(key: ObjectKey, target: ClusterTarget): boolean {
	if (target.namespace !== undefined && target.namespace !== key.namespace) return false;
	return target.name === undefined || target.name === key.name;
}

function describe({ contextName, files }: Kubeconfig): string {
	if (contextName !== undefined) return `--context ${contextName}`;
	return files[0] === undefined ? 'cluster' : `--kubeconfig ${files[0]}`;
}
