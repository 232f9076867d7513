/**
 * One `run` from start to end. It joins the parts: sources, pod, volumes, placement and application.
 *
 * Each start of the application determines everything again, as a container restart does: environment, arguments,
 * volumes, and the files that subPaths lead to. While it runs, its volumes follow their objects; its environment
 * cannot.
 */

import { ConfigMapFsError, RUN_FAILED } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { EventListener } from '../control/events.js';
import { ProblemReporter } from '../control/problem-reporter.js';
import type { FlagPodRequest } from '../inputs/flag-pod.js';
import { PodReader, type SelectedPod } from '../inputs/pod-reader.js';
import { podAsItRuns } from '../inputs/pod-references.js';
import type { PodSources } from '../inputs/pod-sources.js';
import { SyncPace, type SyncRange } from '../model/sync-pace.js';
import type { Environment } from '../pod/environment/environment.js';
import type { PodObjects } from '../pod/pod-objects.js';
import { Application } from './application/application.js';
import type { ApplicationProcess } from './application/application-process.js';
import type { EarlySignals } from './application/early-signals.js';
import type { Inheritance } from './application/inheritance.js';
import { SignalRelay } from './application/signal-relay.js';
import type { ProcessSurroundings } from './application/spawn.js';
import { ChangeGate } from './change-gate.js';
import { checkVolumeNames } from './container/backing-paths.js';
import { ContainerSetup, type ContainerSetupOptions } from './container/container-setup.js';
import { EMPTY_PLAN } from './container/mount-plan.js';
import { ContainerStarter } from './container-starter.js';
import { environmentChange } from './environment-change.js';
import { ObjectSources } from './object-sources.js';
import { applicationEffects } from './on-change/application-effects.js';
import { ChangeReactor } from './on-change/change-reactor.js';
import type { OnChangePolicy } from './on-change/on-change.js';
import type { Placement } from './placement/placement.js';
import { unlessAborted, Waiting } from './waiting.js';

export interface RunSessionOptions extends Pick<PodSources, 'sources' | 'cluster' | 'defaultNamespace'> {
	/** `KIND/NAME`; undefined: the only workload. */
	readonly workload: string | undefined;
	/** `--volume` and `--env-from`: the pod to use instead of a workload. */
	readonly flagPod?: FlagPodRequest | undefined;
	/** `-c`. */
	readonly container: string | undefined;
	/** `-n`. */
	readonly namespace: string | undefined;
	readonly waitTimeoutMs: number | undefined;
	/** `--kubelet-delay`. */
	readonly syncRange: SyncRange | undefined;
	readonly stdin: 'inherit' | 'ignore';
	readonly inheritance: Inheritance;
	readonly earlySignals: EarlySignals;
	readonly placement: Placement;
	readonly setup: Omit<ContainerSetupOptions, 'stage' | 'onEvent' | 'onFlip' | 'onDriverDeath'>;
	readonly onChange: OnChangePolicy;
	readonly log: Logger;
	readonly onEvent: EventListener;
}

/** The inputs of the running process. */
interface RunningContainer {
	readonly selected: SelectedPod;
	readonly environment: Environment;
	readonly surroundings: ProcessSurroundings;
}

export class RunSession {
	readonly #options: RunSessionOptions;
	readonly #sources: ObjectSources;
	readonly #reader: PodReader;
	readonly #setup: ContainerSetup;
	readonly #application: Application;
	readonly #reactor: ChangeReactor;
	readonly #waiting: Waiting;
	readonly #pace: SyncPace;
	readonly #gate = new ChangeGate(() => this.#changed());
	readonly #starter: ContainerStarter;
	/** Undefined while no process runs. */
	#running: RunningContainer | undefined;

	constructor(options: RunSessionOptions) {
		const { cluster, log, onEvent, setup } = options;
		const reporter = new ProblemReporter(onEvent);
		this.#options = options;
		this.#sources = new ObjectSources({
			...options,
			localVolumes: setup.localVolumes,
			warnings: setup.warnings,
			onChange: () => this.#gate.changed(),
			onProblems: (problems) => reporter.update(problems),
		});
		this.#reader = new PodReader({
			catalog: this.#sources.catalog,
			wanted: options.workload,
			flagPod: options.flagPod,
			container: options.container,
			namespace: options.namespace,
			defaultNamespace: options.defaultNamespace,
			strictEnvNames: setup.strictEnvNames,
			readFromCluster: cluster === undefined ? undefined : (wanted) => cluster.readWorkload(wanted),
			log,
			...(setup.command === undefined ? { commandHint: 'to run a command, put -- before it' } : {}),
		});
		this.#setup = new ContainerSetup({
			...setup,
			stage: options.placement.stage,
			onEvent,
			onFlip: (volume, flip) => {
				if (this.#running !== undefined) this.#starter.flipped(volume);
				this.#reactor.volumeChanged(volume, flip, this.#starter.views);
			},
			onDriverDeath: (detail) => {
				log.error({ detail }, `the process that serves the volumes ended (${detail}), so the application is ended`);
				this.#application.end(RUN_FAILED);
			},
		});
		this.#starter = new ContainerStarter({ ...setup, ...options, setup: this.#setup });
		this.#waiting = new Waiting({ onEvent, timeoutMs: options.waitTimeoutMs });
		this.#pace = new SyncPace(options.syncRange);
		this.#application = new Application({
			start: (abort) => this.#start(abort),
			members: () => this.#starter.members(),
			log,
			onEvent,
		});
		this.#reactor = new ChangeReactor({
			policy: options.onChange,
			effects: applicationEffects({
				application: this.#application,
				surroundings: () => this.#running?.surroundings,
				log,
			}),
			onEvent,
		});
	}

	/** Runs the application to its end; returns the exit status. Errors: ConfigMapFsError if it never started. */
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

	/** One start, from the sources to the running process. */
	async #start(abort: AbortSignal): Promise<ApplicationProcess> {
		this.#running = undefined;
		await unlessAborted(
			abort,
			this.#gate.hold(() => this.#readPod()),
		);
		const ready = await this.#waiting.until(() => unlessAborted(abort, this.#prepare()), abort);
		const readyMs = performance.now();
		const { process, surroundings } = await this.#starter.start(ready);
		this.#running = { ...ready, surroundings };
		this.#pace.started();
		// The process may have read the state before changes that arrived during its start.
		this.#gate.changed();
		const startedMs = performance.now();
		// Times count from the start of this program; `afterReadyMs` from the moment when nothing was missing.
		this.#options.log.debug({ pid: process.pid, startedMs, afterReadyMs: startedMs - readyMs }, 'the application runs');
		this.#reactor.started();
		return process;
	}

	/** Starts the sources, the first time, and reads the workload. */
	async #readPod(): Promise<void> {
		await this.#sources.start();
		const { pod } = await this.#reader.read();
		const { onChange, setup } = this.#options;
		const volumes = pod.spec.volumes.map(({ name }) => name);
		checkVolumeNames('--on-change', onChange.volumes.keys(), volumes);
		checkVolumeNames('--local-volume', setup.localVolumes.keys(), volumes);
	}

	/** The container as its objects are now, with everything that it still misses. */
	async #prepare() {
		const selected = this.#reader.current();
		await this.#gate.hold(() => this.#sources.follow(selected));
		const { environment, missing } = this.#setup.prepare(selected, this.#objects(selected));
		if (missing.length > 0) return { selected, environment, missing, plan: EMPTY_PLAN };
		await this.#gate.hold(() => this.#setup.open());
		const plan = this.#setup.plan(selected, environment);
		return { selected, environment, missing: plan.missing, plan };
	}

	#changed(): void {
		this.#waiting.poke();
		if (this.#running !== undefined) this.#pace.changed(() => this.#sync());
	}

	/** Brings the volumes of the running process up to date, and reports what only a restart can change. */
	#sync(): void {
		const running = this.#running;
		if (running === undefined) return;
		try {
			const selected = this.#reader.current();
			const objects = this.#objects(selected);
			const { pod, container } = running.selected;
			this.#setup.update({ pod: podAsItRuns(pod, selected.pod), container }, objects);
			const now = { pod: selected.pod, environment: this.#setup.environment(selected, objects) };
			const change = environmentChange({ pod, environment: running.environment }, now);
			if (change !== undefined) this.#reactor.environmentChanged(change);
		} catch (error) {
			if (!(error instanceof ConfigMapFsError) || error.code === 'INTERNAL') throw error;
			this.#options.log.error(`${error.message}; the volumes and the environment stay unchanged`);
		}
	}

	#objects({ pod }: SelectedPod): PodObjects {
		return this.#sources.catalog.objects(pod.metadata.namespace);
	}

	async #close(): Promise<void> {
		this.#running = undefined;
		this.#gate.close();
		this.#pace.close();
		this.#reactor.close();
		await this.#sources.close();
		this.#starter.close();
		await this.#setup.close();
		this.#options.placement.close();
	}
}
