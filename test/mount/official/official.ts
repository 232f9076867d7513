/**
 * Runs the official Kubernetes cases against `configmapfs run`: each with a real mount and a real process, as root and as
 * an ordinary user. `officialCases` defines the tests of a file by case number, with the titles and proven fields of
 * cases.ts. A test fails if a case is missing, if a manifest lacks a field that the case proves, or if the machine
 * changes.
 */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agnhostProgram, Machine, stopMachines } from '../../support/machine.js';
import { linesWithoutOthers } from '../../support/mount-lines.js';
import type { RunResult } from '../../support/mount-process.js';
import { type NamespaceWay, ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { type Manifest, ManifestFile } from '../../support/pod-manifest.js';
import { type RunOptions, type RunProcess, startRun, stopRuns } from '../../support/run-process.js';
import { removeTemporaries } from '../../support/temporary.js';
import { CASES, type CaseId, type OfficialCase, SECTIONS, type Section } from './cases.js';
import { fieldsOf } from './manifest-fields.js';

type Objects = readonly Manifest[] | ManifestFile;

/** Tools of a case. */
export interface CaseContext {
	readonly way: NamespaceWay;
	/** Whether the application can run as another user. */
	readonly isRoot: boolean;
	/** Path of the official test program. */
	readonly agnhost: string;
	readonly machine: Machine;
	/** Starts a run without waiting. */
	start(objects: Objects, options?: RunOptions): RunProcess;
	/** Starts a run and waits for its end. */
	toEnd(objects: Objects, options?: RunOptions): Promise<RunResult>;
	/** As `toEnd`, but expects exit status 0. Returns standard output. */
	succeed(objects: Objects, options?: RunOptions): Promise<string>;
}

export type DefineCase = (id: CaseId, body: (context: CaseContext) => Promise<void>) => void;

/** Call it once, at the top of a test file. The cases of a file run concurrently, because most of them wait. */
export function officialCases(sections: readonly Section[], define: (official: DefineCase) => void): void {
	afterAll(async () => {
		stopRuns();
		await stopMachines();
		removeTemporaries();
	});
	for (const way of [ROOT_WAY, USER_WAY]) {
		const reason = way.missing === undefined ? '' : ` (skipped: ${way.missing})`;
		describe.skipIf(way.missing !== undefined)(`${way.name}${reason}`, () => defineFor(way, sections, define));
	}
}

function defineFor(way: NamespaceWay, sections: readonly Section[], define: (official: DefineCase) => void): void {
	let watched: WatchedMachine;
	beforeAll(async () => {
		watched = new WatchedMachine(await Machine.start());
	});
	const defined = new Set<string>();
	define((id, body) => {
		defined.add(id);
		const { section, title, proves, once }: OfficialCase = CASES[id];
		if (once === true && way === USER_WAY && ROOT_WAY.missing === undefined) return;
		test.concurrent([id, SECTIONS[section].title, title].filter((part) => part !== '').join(' '), async () => {
			const own = new OwnRuns(way, watched);
			try {
				await body(own);
				const fields = new Set(own.files.flatMap(({ history }) => history.flatMap((object) => [...fieldsOf(object)])));
				expect([...proves].filter((field) => !fields.has(field))).toEqual([]);
			} finally {
				await own.stop();
			}
		});
	});

	test('defines every case of its sections', () => {
		const wanted = Object.entries<OfficialCase>(CASES).filter(
			([, { section, elsewhere }]) => sections.includes(section) && elsewhere === undefined,
		);
		expect([...defined].sort()).toEqual(wanted.map(([id]) => id).sort());
	});

	test('leaves the mount table and /etc of the machine unchanged, also while it runs', () => {
		watched.check();
		expect(watched.changes).toEqual([]);
		expect(watched.machine.left()).toEqual([]);
	});
}

/** A machine, with the changes of its state since the start. */
class WatchedMachine {
	readonly machine: Machine;
	readonly changes: string[] = [];
	readonly #before: ReadonlySet<string>;

	constructor(machine: Machine) {
		this.machine = machine;
		this.#before = new Set(this.#lines());
	}

	/** Compares the state with that at the start, and records changes. */
	check(): void {
		const now = new Set(this.#lines());
		for (const line of now) if (!this.#before.has(line)) this.changes.push(`+ ${line}`);
		for (const line of this.#before) if (!now.has(line)) this.changes.push(`- ${line}`);
	}

	/** State of the machine, and mounts of this process, which runs outside of it, without those of other tests. */
	#lines(): readonly string[] {
		return [...this.machine.state().split('\n'), ...linesWithoutOthers(readFileSync('/proc/self/mountinfo', 'utf8'))];
	}
}

/** The runs of a case. Cases destructure it, so its functions are bound. */
class OwnRuns implements CaseContext {
	readonly way: NamespaceWay;
	readonly isRoot: boolean;
	readonly files: ManifestFile[] = [];
	readonly #watched: WatchedMachine;
	readonly #runs: RunProcess[] = [];

	constructor(way: NamespaceWay, watched: WatchedMachine) {
		this.way = way;
		this.isRoot = way === ROOT_WAY;
		this.#watched = watched;
	}

	get agnhost(): string {
		return agnhostProgram();
	}

	get machine(): Machine {
		return this.#watched.machine;
	}

	readonly start = (objects: Objects, options: RunOptions = {}): RunProcess => {
		const file = objects instanceof ManifestFile ? objects : new ManifestFile(...objects);
		this.files.push(file);
		const run = startRun(this.machine, this.way, file, options);
		this.#runs.push(run);
		// At its first output the application has its volumes.
		run.child.stdout?.once('data', () => this.#watched.check());
		return run;
	};

	readonly toEnd = async (objects: Objects, options: RunOptions = {}): Promise<RunResult> =>
		await this.start(objects, options).end();

	readonly succeed = async (objects: Objects, options: RunOptions = {}): Promise<string> => {
		const { code, stdout, stderr } = await this.toEnd(objects, options);
		expect(code, stderr).toBe(0);
		return stdout;
	};

	/** Stops the runs that a failed case left behind, gracefully, so that they restore the machine. */
	async stop(): Promise<void> {
		await Promise.all(
			this.#runs.map(async (run) => {
				try {
					run.signal('SIGTERM');
					await run.end();
				} catch {
					run.kill();
					await run.ended;
				}
			}),
		);
	}
}
