/**
 * One `run` from start to end: sources, pod, volumes, placement, application. The only place that knows them all.
 *
 * At each start of the application everything is found out anew, as a container's restart does: environment,
 * arguments, volumes, what a subPath leads to. While it runs its volumes follow their objects; its environment stays.
 */

import { ConfigMapFsError, RUN_FAILED } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { PodCatalog } from '../inputs/pod-catalog.js';
import { PodReader, type SelectedPod } from '../inputs/pod-reader.js';
import { configMapNames, podAsItRuns, sameForProcess, secretNames } from '../inputs/pod-references.js';
import type { PodSources } from '../inputs/pod-sources.js';
import { SyncPace, type SyncRange } from '../model/sync-pace.js';
import type { Environment } from '../pod/environment/environment.js';
import type { PodObjects } from '../pod/pod-objects.js';
import type { StoreProblem } from '../store/layered-store.js';
import type { ConfigMapSource } from '../store/source.js';
import { Application } from './application/application.js';
import { ApplicationProcess } from './application/application-process.js';
import type { EarlySignals } from './application/early-signals.js';
import type { Inheritance } from './application/inheritance.js';
import { SignalRelay } from './application/signal-relay.js';
import type { ProcessSurroundings } from './application/spawn.js';
import {
	ContainerSetup,
	type ContainerSetupOptions,
	type LiveSubPath,
	type MountPlan,
} from './container/container-setup.js';
import { checkVolumeNames } from './container/volume-names.js';
import { applicationEffects } from './on-change/application-effects.js';
import { ChangeReactor } from './on-change/change-reactor.js';
import { checkOnChangeVolumes, type OnChangePolicy } from './on-change/on-change.js';
import type { PlacedApplication } from './placement/placement.js';
import { Waiting } from './waiting.js';

export interface RunSessionOptions extends Pick<PodSources, 'sources' | 'cluster' | 'defaultNamespace'> {
	/** `KIND/NAME`; undefined: there is one workload. */
	readonly workload: string | undefined;
	readonly container: string | undefined;
	/** `-n`. */
	readonly namespace: string | undefined;
	readonly waitTimeoutMs: number | undefined;
	/** `--kubelet-delay`. */
	readonly syncRange: SyncRange | undefined;
	readonly stdin: 'inherit' | 'ignore';
	readonly inheritance: Inheritance;
	readonly earlySignals: EarlySignals;
	readonly setup: Omit<ContainerSetupOptions, 'onFlip'>;
	readonly onChange: OnChangePolicy;
	readonly log: Logger;
}

const NO_PLAN: MountPlan = { mounts: [], liveSubPaths: [], missing: [] };

/** How long a pod's processes have to end. Source: kubernetes v1.32 core/v1, terminationGracePeriodSeconds. */
const GRACE_MS = 30_000;

/** What the running process was made of. */
interface RunningContainer {
	readonly selected: SelectedPod;
	readonly environment: Environment;
	readonly surroundings: ProcessSurroundings;
	readonly liveSubPaths: readonly LiveSubPath[];
}

export class RunSession {
	readonly #options: RunSessionOptions;
	readonly #log: Logger;
	readonly #catalog: PodCatalog;
	readonly #reader: PodReader;
	readonly #setup: ContainerSetup;
	readonly #waiting: Waiting;
	readonly #pace: SyncPace;
	readonly #application: Application;
	readonly #sources: ConfigMapSource[] = [];
	/** The source of the cluster's ConfigMaps, and what it follows. */
	#followed: { readonly source: ConfigMapSource; readonly names: string } | undefined;
	/** Undefined: none runs. */
	#running: RunningContainer | undefined;
	#placed: PlacedApplication | undefined;
	readonly #listener: ChangeReactor;
	/** A look at the volumes is due: changes of several objects at once are looked at together. */
	#isDue = false;
	/** Changes wait: the mount that would show them is being made. */
	#isHeld = false;
	#hasHeldChange = false;
	#isDriverWatched = false;
	#saidProblems: ReadonlySet<string> = new Set();

	constructor(options: RunSessionOptions) {
		this.#options = options;
		this.#log = options.log;
		const { cluster } = options;
		this.#catalog = new PodCatalog({
			layers: [
				...(cluster === undefined ? [] : [cluster.description]),
				...options.sources.map((one) => one.description),
			],
			defaultNamespace: options.defaultNamespace,
			onChange: () => this.#changed(),
			onProblems: (problems) => this.#logProblems(problems),
		});
		this.#reader = new PodReader({
			catalog: this.#catalog,
			wanted: options.workload,
			container: options.container,
			namespace: options.namespace,
			defaultNamespace: options.defaultNamespace,
			strictEnvNames: options.setup.strictEnvNames,
			readFromCluster: cluster === undefined ? undefined : (wanted) => cluster.readWorkload(wanted),
			log: options.log,
		});
		this.#setup = new ContainerSetup({
			...options.setup,
			onFlip: (volume, flip) => {
				this.#followSubPaths(volume);
				this.#listener.volumeChanged(volume, flip);
			},
		});
		this.#waiting = new Waiting({ log: options.log, timeoutMs: options.waitTimeoutMs });
		this.#pace = new SyncPace(options.syncRange);
		this.#application = new Application({
			start: (abort) => this.#start(abort),
			members: () => this.#placed?.members() ?? [],
			graceMs: GRACE_MS,
			log: options.log,
		});
		this.#listener = new ChangeReactor({
			policy: options.onChange,
			effects: applicationEffects({
				application: this.#application,
				surroundings: () => this.#running?.surroundings,
				log: options.log,
			}),
			log: options.log,
		});
	}

	/** Runs the application to its end; returns the exit status. Errors: ConfigMapFsError, when it was never started. */
	async run(): Promise<number> {
		const relay = new SignalRelay(this.#application);
		for (const signal of this.#options.earlySignals.take()) this.#application.receive(signal, false);
		try {
			return await this.#application.run();
		} finally {
			await this.#close();
			relay.close();
		}
	}

	async #start(abort: AbortSignal): Promise<ApplicationProcess> {
		this.#running = undefined;
		await unlessAborted(
			abort,
			this.#holding(async () => {
				if (this.#sources.length === 0) await this.#startSources();
				const selected = await this.#reader.read();
				const volumes = selected.pod.spec.volumes.map(({ name }) => name);
				checkOnChangeVolumes(this.#options.onChange, volumes);
				checkVolumeNames('--local-volume', this.#options.setup.localVolumes.keys(), volumes);
			}),
		);
		const started = await this.#waiting.until(() => unlessAborted(abort, this.#look()), abort);
		const readyMs = performance.now();
		const { selected, environment, plan } = started;
		this.#placed?.close();
		const { placement, said, cwd, callerEnvironment } = this.#options.setup;
		const placed = placement.build(plan.mounts);
		this.#placed = placed;
		said.warn(copyWarnings(placed, [cwd, ...home(callerEnvironment)]));
		this.#log.debug({ copyOnWrite: placed.copyOnWrite }, 'directories whose own files are copies');
		const made = this.#setup.process(selected, environment, placed.variables ?? {});
		const { stdin, inheritance } = this.#options;
		this.#guard(placed);
		const { command, ...of } = made;
		const surroundings = { ...of, stdin, inheritance, within: <T>(act: () => T): T => placed.within(act) };
		const process = await ApplicationProcess.start({ ...surroundings, command });
		this.#running = { selected, environment, surroundings, liveSubPaths: plan.liveSubPaths };
		this.#pace.started();
		// What came while it was started is news to it.
		this.#changed();
		const startedMs = performance.now();
		// Of this process's own life, and from the moment that the volumes were there.
		this.#log.debug({ pid: process.pid, startedMs, afterReadyMs: startedMs - readyMs }, 'the application runs');
		this.#listener.started();
		return process;
	}

	/** One look at whether the container can start, and what it would be. */
	async #look() {
		const selected = this.#reader.current();
		await this.#holding(() => this.#followCluster(selected));
		const objects = this.#catalog.objects(selected.pod.metadata.namespace);
		const { environment, missing } = this.#setup.prepare(selected, objects);
		if (missing.length > 0) return { selected, environment, missing, plan: NO_PLAN };
		await this.#holding(() => this.#setup.open());
		this.#watchDriver();
		const plan = this.#setup.plan(selected, environment);
		return { selected, environment, missing: plan.missing, plan };
	}

	/** `--subpath=live`: the new generation's file takes the old one's place. Where it is gone the old one stays. */
	#followSubPaths(volume: string): void {
		for (const one of this.#running?.liveSubPaths ?? []) {
			if (one.volume !== volume) continue;
			try {
				const source = one.source();
				if (source !== undefined) this.#placed?.replace(source, one.target);
				else this.#log.warn({ volume, path: one.target }, 'what the subPath names is gone; its last content stays');
			} catch (error) {
				this.#log.warn({ volume, path: one.target, err: error }, 'the subPath cannot follow; its last content stays');
			}
		}
	}

	/** When this process is killed its application goes too, with whatever that has started. */
	#guard({ mountNamespace }: PlacedApplication): void {
		const { machineDirectory } = this.#options.setup.placement;
		if (mountNamespace === undefined) return;
		this.#setup.driver?.guard({ mountNamespace, removeDirectory: machineDirectory });
	}

	/** Without the process that answers for its files an application cannot go on. */
	#watchDriver(): void {
		const { driver } = this.#setup;
		if (driver === undefined || this.#isDriverWatched) return;
		this.#isDriverWatched = true;
		void driver.ended.then((end) => {
			if (end.reason !== 'died') return;
			this.#log.error({ detail: end.detail }, 'the process that shows the volumes ended, so the application is ended');
			this.#application.end(RUN_FAILED);
		});
	}

	async #startSources(): Promise<void> {
		const { sources, cluster } = this.#options;
		const first = cluster === undefined ? 0 : 1;
		this.#catalog.hold();
		await Promise.all(
			sources.map(async ({ make }, index) => {
				const source = make((others) => this.#catalog.setOthers(first + index, others));
				this.#sources.push(source);
				const sink = this.#catalog.sinks[first + index];
				if (sink !== undefined) await source.start(sink);
			}),
		);
		this.#catalog.release();
	}

	/** Only what the container refers to is asked for, so that little need be allowed. */
	async #followCluster({ pod, container }: SelectedPod): Promise<void> {
		const { cluster } = this.#options;
		const [sink] = this.#catalog.sinks;
		if (cluster === undefined || sink === undefined) return;
		const { localVolumes, said } = this.#options.setup;
		const volumes = pod.spec.volumes.filter(({ name }) => !localVolumes.has(name));
		const asked = { ...pod, spec: { ...pod.spec, volumes } };
		const objects = this.#catalog.objects(pod.metadata.namespace);
		const missed = secretNames(asked, container).filter((name) => objects.secret(name) === undefined);
		const text = 'a cluster is not asked for Secrets; give its manifest with -f';
		said.warn(missed.map((name) => ({ place: `secret "${name}"`, text })));
		const names = configMapNames(asked, container);
		const wanted = names.join();
		if (names.length === 0 || this.#followed?.names === wanted) return;
		const before = this.#followed?.source;
		const source = cluster.follow(names, pod.metadata.namespace);
		this.#followed = { source, names: wanted };
		await before?.close();
		await source.start(sink);
	}

	#changed(): void {
		if (this.#isDue) return;
		this.#isDue = true;
		setImmediate(() => {
			this.#isDue = false;
			this.#lookAtChange();
		});
	}

	#lookAtChange(): void {
		if (this.#isHeld) {
			this.#hasHeldChange = true;
			return;
		}
		this.#waiting.poke();
		if (this.#running !== undefined) this.#pace.changed(() => this.#sync());
	}

	#sync(): void {
		const running = this.#running;
		if (running === undefined || this.#isHeld) return;
		try {
			const selected = this.#reader.current();
			const objects = this.#catalog.objects(selected.pod.metadata.namespace);
			const { container } = running.selected;
			const pod = podAsItRuns(running.selected.pod, selected.pod);
			this.#setup.show({ pod, container }, objects);
			if (!sameForProcess(running.selected.pod, selected.pod)) this.#listener.environmentChanged('the workload');
			else if (this.#isStale({ pod, container }, running.environment, objects)) {
				this.#listener.environmentChanged('the environment');
			}
		} catch (error) {
			if (!(error instanceof ConfigMapFsError) || error.code === 'INTERNAL') throw error;
			this.#log.error(`${error.message}; everything stays as it is`);
		}
	}

	/** Changes are looked at when `act` is over. */
	async #holding<T>(act: () => Promise<T>): Promise<T> {
		this.#isHeld = true;
		try {
			return await act();
		} finally {
			this.#isHeld = false;
			if (this.#hasHeldChange) this.#changed();
			this.#hasHeldChange = false;
		}
	}

	/** Whether a process started now would have another environment. What is missing would keep it from starting. */
	#isStale(selected: SelectedPod, environment: Environment, objects: PodObjects): boolean {
		const { variables, missing } = this.#setup.environment(selected, objects);
		if (missing.length > 0) return false;
		const before = environment.variables;
		if (variables.size !== before.size) return true;
		return [...variables].some(([name, { value }]) => before.get(name)?.value !== value);
	}

	#logProblems(problems: readonly StoreProblem[]): void {
		const texts = problems
			.filter(({ isLogged }) => isLogged !== true)
			.map(({ place, reason }) => `${place}: ${reason}`);
		for (const text of texts) if (!this.#saidProblems.has(text)) this.#log.error(text);
		this.#saidProblems = new Set(texts);
	}

	async #close(): Promise<void> {
		this.#isHeld = true;
		this.#running = undefined;
		this.#pace.close();
		this.#listener.close();
		await Promise.all(
			[...this.#sources, ...(this.#followed === undefined ? [] : [this.#followed.source])].map((one) => one.close()),
		);
		this.#placed?.close();
		await this.#setup.close();
		this.#options.setup.placement.close();
	}
}

/** What of this machine is not as it is outside. That matters where people work, and is for the curious elsewhere. */
function copyWarnings({ copyOnWrite, unreachable }: PlacedApplication, workplaces: readonly string[]) {
	const isWorkplace = (path: string) => workplaces.some((place) => place === path || place.startsWith(`${path}/`));
	const text = 'files made or changed directly in this directory stay in this run and are gone with it';
	const copies = copyOnWrite.filter((path) => path !== '/').filter(isWorkplace);
	return [
		...copies.map((place) => ({ place, text })),
		...unreachable.map((place) => ({ place, text: 'cannot be reached while the application runs' })),
	];
}

function home({ HOME }: Readonly<Record<string, string | undefined>>): readonly string[] {
	return HOME === undefined || HOME === '' ? [] : [HOME];
}

/** The promise's outcome, or the abort as soon as it comes: what reads a standard input may never end by itself. */
async function unlessAborted<T>(abort: AbortSignal, promise: Promise<T>): Promise<T> {
	abort.throwIfAborted();
	let onAbort = () => {};
	const aborted = new Promise<never>((_, reject) => {
		onAbort = () => reject(abort.reason as Error);
		abort.addEventListener('abort', onAbort, { once: true });
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		abort.removeEventListener('abort', onAbort);
	}
}
