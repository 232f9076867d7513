/** KustomizeSource with a script as kubectl: a test controls its output, its duration and its failures. */

import { execFileSync } from 'node:child_process';
import {
	appendFileSync,
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Logger, type LogMethod, SILENT } from '../../../../src/base/log.js';
import { SYSTEM_TIMERS, type Timers } from '../../../../src/base/timers.js';
import { KustomizeSource, type KustomizeSourceOptions } from '../../../../src/sources/kustomize/kustomize-source.js';
import type { Problem } from '../../../../src/store/source.js';
import { WAIT_MS } from '../../../support/until.js';
import { otherKinds, StateSink } from '../../store/source-objects.js';

class RecordingSink extends StateSink {
	/** Each state of the ConfigMaps, as `name=value`. */
	readonly states: string[] = [];
	/** Each state of the other objects. */
	readonly others: string[] = [];
	readonly problemTexts: string[][] = [];

	override onChange = (): void => {
		const state = this.configMaps.map(({ key, data }) => `${key.name}=${data.get('k')}`).join(' ');
		if (this.needs.types !== undefined || this.states.at(-1) !== state) this.states.push(state);
		const others = otherKinds([...this.objects.values()]).map(({ value }) => JSON.stringify(value));
		if (this.needs.types === undefined && this.others.at(-1) !== others.join()) this.others.push(others.join());
	};

	override problems(problems: readonly Problem[]): void {
		this.problemTexts.push(problems.map(({ location, reason }) => `${location}: ${reason}`));
	}
}

/**
 * Prints one ConfigMap `app-VALUE` with the content of value.txt, and the content of more.yaml. While the file `hold`
 * exists, the build waits after it has read its inputs. If `fail` exists, the build prints it and fails. Each build logs
 * its begin and end in `builds`.
 */
const KUBECTL = `#!/bin/sh
cd "$2" || exit 9
echo "begin $*" >> ../builds
value=$(cat value.txt)
echo $$ > ../pid
while [ -e ../hold ]; do sleep 0.01; done
echo end >> ../builds
[ -e ../warn ] && cat ../warn >&2
if [ -e ../fail ]; then cat ../fail >&2; exit 1; fi
[ -e value.txt ] || { echo "Error: no value.txt" >&2; exit 1; }
printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: app-%s}\\ndata: {k: "%s"}\\n---\\n' "$value" "$value"
[ -e more.yaml ] && cat more.yaml
exit 0
`;

let directory: string;
let source: KustomizeSource | undefined;
let sink: RecordingSink;
let logged: string[];

const at = (...names: string[]) => join(directory, ...names);

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'cfs-kustomize-'));
	sink = new RecordingSink();
	logged = [];
	mkdirSync(at('bin'));
	writeFileSync(at('bin/kubectl'), KUBECTL);
	chmodSync(at('bin/kubectl'), 0o755);
	mkdirSync(at('app'));
	writeFileSync(
		at('app/kustomization.yaml'),
		'configMapGenerator: [{name: app, files: [value.txt]}]\nresources: [more.yaml]\n',
	);
	writeFileSync(at('app/value.txt'), '1');
});

afterEach(async () => {
	await source?.close();
	source = undefined;
	rmSync(directory, { recursive: true, force: true });
});

/** Each reported change starts a timer, and so does each wait. */
let timersStarted = 0;
let timersFired = 0;

/** A clock that runs twice as fast. */
const FAST: Timers = {
	now: () => SYSTEM_TIMERS.now() * 2,
	after: (delayMs, call) => {
		timersStarted += 1;
		return SYSTEM_TIMERS.after(delayMs / 2, () => {
			call();
			timersFired += 1;
		});
	},
};

function logger(): Logger {
	const note =
		(level: string): LogMethod =>
		(...args: readonly unknown[]) => {
			const [fields, text] = args.length === 1 ? ['', args[0]] : [JSON.stringify(args[0]), args[1]];
			logged.push(`${level} ${text} ${fields}`.trim());
		};
	const log: Logger = {
		error: note('error'),
		warn: note('warn'),
		info: note('info'),
		debug: note('debug'),
		trace: note('trace'),
		child: () => log,
	};
	return log;
}

async function start(options: Partial<KustomizeSourceOptions> = {}): Promise<void> {
	source = new KustomizeSource({
		directory: 'app',
		defaultNamespace: 'default',
		cwd: directory,
		env: { PATH: `${at('bin')}:${process.env.PATH}` },
		log: SILENT,
		timers: FAST,
		...options,
	});
	await source.start(sink);
}

async function eventually(check: () => void): Promise<void> {
	await vi.waitFor(check, { timeout: WAIT_MS, interval: 5 });
}

/** Saves atomically, as careful editors do. */
function save(name: string, text: string): void {
	writeFileSync(at(`${name}.new`), text);
	renameSync(at(`${name}.new`), at(name));
}

function builds(): readonly string[] {
	return existsSync(at('builds')) ? readFileSync(at('builds'), 'utf8').trim().split('\n') : [];
}

/** Resolves once a build waits that began after this call. */
async function held(): Promise<void> {
	const before = builds().length;
	await eventually(() => expect(builds().slice(before).at(-1)).toMatch(/^begin/));
}

/** Makes a change, and resolves after the source has decided `times` times to wait because of it. */
async function afterDecision(change: () => void, times = 1): Promise<void> {
	const before = timersStarted;
	change();
	await eventually(() => expect(timersStarted).toBeGreaterThanOrEqual(before + times));
}

function release(): void {
	rmSync(at('hold'));
}

describe('KustomizeSource', () => {
	it('publishes the output of a build with the given arguments', async () => {
		await start({ args: ['--enable-helm', 'a b'] });
		expect(source?.description).toBe('-k app');
		expect(sink.states).toEqual(['app-1=1']);
		expect(sink.problemTexts).toEqual([]);
		expect(builds()).toEqual(['begin kustomize app --enable-helm a b', 'end']);
	});

	it('builds again after a change of an input, and replaces the old object in the same state', async () => {
		await start();
		save('app/value.txt', '2');
		await eventually(() => expect(sink.states).toEqual(['app-1=1', 'app-2=2']));
		writeFileSync(at('app/value.txt'), '3');
		await eventually(() => expect(sink.states.at(-1)).toBe('app-3=3'));
		expect(sink.states).toHaveLength(3);
		save('app/more.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: x}\n');
		await eventually(() => expect(sink.states.at(-1)).toBe('app-3=3 b=x'));
	});

	it('watches the new inputs of a changed kustomization', async () => {
		await start();
		mkdirSync(at('base'));
		writeFileSync(at('base/kustomization.yaml'), 'resources: [late.yaml]\n');
		save('app/kustomization.yaml', 'resources: [../base]\nconfigMapGenerator: [{files: [value.txt]}]');
		const before = builds().length;
		await eventually(() => expect(builds().length).toBeGreaterThan(before));
		await eventually(() => expect(builds().at(-1)).toBe('end'));
		const between = builds().length;
		writeFileSync(at('base/late.yaml'), '');
		await eventually(() => expect(builds().length).toBeGreaterThan(between));
	});

	it('runs one build at a time, and publishes a second build after a change during the first', async () => {
		await start();
		writeFileSync(at('hold'), '');
		const holding = held();
		save('app/value.txt', '2');
		await holding;
		const before = timersFired;
		await afterDecision(() => writeFileSync(at('app/value.txt'), '4'));
		await eventually(() => expect(timersFired).toBeGreaterThan(before));
		// Takes about as long as the start of a build.
		execFileSync('sh', ['-c', 'cat /dev/null; exit 0']);
		release();
		await eventually(() => expect(sink.states.at(-1)).toBe('app-4=4'));
		expect(sink.states).toEqual(['app-1=1', 'app-4=4']);
		for (const [index, line] of builds().entries()) expect(line.startsWith('begin')).toBe(index % 2 === 0);
	});

	it('publishes a state even if the inputs never stop changing', async () => {
		await start();
		let value = 2;
		const writer = setInterval(() => save('app/value.txt', String(value++)), 10);
		try {
			await eventually(() => expect(sink.states.length).toBeGreaterThan(1));
		} finally {
			clearInterval(writer);
		}
		await eventually(() => expect(sink.states.at(-1)).toBe(`app-${value - 1}=${value - 1}`));
	});

	it('never shows an input that is emptied before it is written', async () => {
		await start();
		for (const value of ['22', '333']) {
			// The source notices the change, checks the file, and waits.
			await afterDecision(() => writeFileSync(at('app/value.txt'), ''), 2);
			appendFileSync(at('app/value.txt'), value);
			await eventually(() => expect(sink.states.at(-1)).toBe(`app-${value}=${value}`));
		}
		expect(sink.states).toHaveLength(3);
		expect(sink.problemTexts).toEqual([]);
	});

	it('waits for a process that has an input open', async () => {
		let open = true;
		let checks = 0;
		await start({
			openForWriting: (path) => {
				checks += 1;
				return open && path.endsWith('value.txt');
			},
		});
		writeFileSync(at('app/value.txt'), '12');
		await eventually(() => expect(checks).toBeGreaterThan(3));
		expect(sink.states).toEqual(['app-1=1']);
		writeFileSync(at('app/value.txt'), '123');
		open = false;
		await eventually(() => expect(sink.states).toEqual(['app-1=1', 'app-123=123']));
	});
});

describe('KustomizeSource with a failing build', () => {
	it('keeps the last state and reports each problem once, until a build succeeds', async () => {
		await start();
		writeFileSync(at('fail'), 'E1121 12:00:00.000001 77 run.go:72] "command failed" err="first"\n');
		save('app/value.txt', '2');
		const first = 'kustomize app: kubectl kustomize: first; run "kubectl kustomize app" to see the same error';
		await eventually(() => expect(sink.problemTexts).toEqual([[first]]));
		writeFileSync(at('fail'), 'E1121 12:00:01.000009 88 run.go:72] "command failed" err="first"\n');
		const before = builds().length;
		save('app/value.txt', '3');
		await eventually(() => expect(builds().length).toBeGreaterThan(before + 1));
		writeFileSync(at('fail'), 'Error: second\n');
		save('app/value.txt', '4');
		await eventually(() => expect(sink.problemTexts.at(-1)?.join()).toContain('kubectl kustomize: second;'));
		expect(sink.problemTexts).toHaveLength(2);
		expect(sink.states).toEqual(['app-1=1']);
		rmSync(at('fail'));
		save('app/value.txt', '5');
		await eventually(() => expect(sink.problemTexts.at(-1)).toEqual([]));
		expect(sink.states).toEqual(['app-1=1', 'app-5=5']);
	});

	it('does not report a failure that the next build resolves without another change', async () => {
		await start();
		writeFileSync(at('fail'), 'Error: no\n');
		const before = builds().length;
		save('app/value.txt', '2');
		await eventually(() => expect(builds().length).toBeGreaterThan(before + 1));
		rmSync(at('fail'));
		await eventually(() => expect(sink.states.at(-1)).toBe('app-2=2'));
		expect(sink.problemTexts).toEqual([]);
	});

	it('does not build endlessly if each failure has another text', async () => {
		writeFileSync(
			at('bin/kubectl'),
			KUBECTL.replace('cat ../fail', () => 'echo "in temporary directory $$"'),
		);
		await start();
		writeFileSync(at('fail'), '');
		save('app/value.txt', '2');
		await eventually(() => expect(sink.problemTexts).toHaveLength(1));
		save('app/value.txt', '3');
		await eventually(() => expect(sink.problemTexts).toHaveLength(2));
		// The first build, two for each change, and those that the watcher requests after a rename.
		expect(builds().filter((line) => line === 'end').length).toBeLessThan(10);
	});

	it.each([
		['Error: nothing there', 'kubectl kustomize: nothing there; run "kubectl kustomize app" to see the same error'],
		['Error: x: must specify --enable-helm', 'must specify --enable-helm; pass --kustomize-arg=--enable-helm'],
		[
			"Error: security; file '/x' is not in or below '/y'",
			"is not in or below '/y'; pass --kustomize-arg=--load-restrictor=LoadRestrictionsNone",
		],
		[
			"Error: unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/y'",
			"in directory '/y'; a directory of plain manifests is read with -f",
		],
	])('does not start: %s', async (output, text) => {
		writeFileSync(at('fail'), `${output}\n`);
		await expect(start()).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(text) });
		expect(sink.states).toEqual([]);
	});

	it('does not start without a valid object', async () => {
		writeFileSync(
			at('bin/kubectl'),
			'#!/bin/sh\necho "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: 1}"\n',
		);
		await expect(start()).rejects.toMatchObject({
			code: 'INPUT_INVALID',
			message: expect.stringMatching(/^kustomize app:4:11: json: cannot unmarshal number/),
		});
	});

	it('keeps the last valid version of an invalid object', async () => {
		await start();
		save('app/more.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: x}\n');
		await eventually(() => expect(sink.states.at(-1)).toBe('app-1=1 b=x'));
		save('app/more.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: 1}\n');
		save('app/value.txt', '2');
		await eventually(() => expect(sink.states.at(-1)).toBe('app-2=2 b=x'));
		expect(sink.problemTexts.at(-1)?.join()).toMatch(/^kustomize app:\d+:\d+: json: cannot unmarshal number/);
	});
});

describe('KustomizeSource and its environment', () => {
	it('does not start without its directory', async () => {
		await expect(start({ directory: 'absent' })).rejects.toMatchObject({
			code: 'INPUT_MISSING',
			message: 'the path "absent" does not exist',
		});
		await expect(start({ directory: 'app/value.txt' })).rejects.toMatchObject({
			code: 'INPUT_INVALID',
			message: expect.stringContaining('the path "app/value.txt" is not a directory; '),
		});
	});

	it('does not start without a program, and names the cure', async () => {
		await expect(start({ env: { PATH: at('app') } })).rejects.toMatchObject({
			code: 'INPUT_MISSING',
			message: expect.stringMatching(
				/^cannot build "app": neither kubectl nor kustomize is in PATH; install kubectl \(.*\) or kustomize \(.*\), or build it on another machine: kustomize build app \| configmapfs … -f -$/,
			),
		});
	});

	it('passes the URL of a repository unchanged', async () => {
		writeFileSync(
			at('bin/kubectl'),
			'#!/bin/sh\necho "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: $2}"\n',
		);
		await start({ directory: 'github.com/o/r?ref=v1' });
		expect(sink.states).toEqual(['a=github.com/o/r?ref=v1']);
	});

	it("logs unwatched inputs and the program's warnings once", async () => {
		writeFileSync(
			at('app/kustomization.yaml'),
			'resources: ["https://example.com/x"]\nconfigMapGenerator: [{files: [value.txt]}]',
		);
		writeFileSync(at('warn'), "# Warning: 'bases' is deprecated.\n");
		await start({ log: logger() });
		save('app/value.txt', '2');
		await eventually(() => expect(sink.states).toHaveLength(2));
		expect(logged.filter((line) => !line.includes('manifests changed'))).toEqual([
			'debug changes of https://example.com/x are not watched {"remote":"https://example.com/x"}',
			"warn kustomize app: 'bases' is deprecated.",
		]);
	});

	it('reports changed objects of other kinds, and accepts an output with only those', async () => {
		writeFileSync(
			at('app/more.yaml'),
			'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1}\n',
		);
		sink = new RecordingSink({ explains: true });
		const reported = sink.others;
		await start();
		expect(reported).toHaveLength(1);
		save('app/value.txt', '2');
		await eventually(() => expect(sink.states).toHaveLength(2));
		expect(reported).toHaveLength(1);
		save('app/more.yaml', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2}\n');
		await eventually(() => expect(reported).toHaveLength(2));
		expect(reported[1]).toContain('"replicas":2');
		expect(otherKinds([...sink.objects.values()]).map((other) => other.locate(['spec', 'replicas']))).toEqual([
			'kustomize app:9:18',
		]);
		await source?.close();
		writeFileSync(at('bin/kubectl'), `#!/bin/sh\ncat app/more.yaml; echo "---"; echo "foo: ["\n`);
		sink = new RecordingSink({ explains: false });
		await start();
		expect(sink.others.at(-1)).toContain('"name":"d"');
		await source?.close();
		sink = new RecordingSink();
		await expect(start()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
	});

	it('kills a running build on close, and reports nothing afterwards', async () => {
		await start();
		writeFileSync(at('hold'), '');
		const holding = held();
		save('app/value.txt', '2');
		await holding;
		await eventually(() => expect(readFileSync(at('pid'), 'utf8')).toMatch(/^\d+\n$/));
		const pid = Number(readFileSync(at('pid'), 'utf8'));
		await source?.close();
		await source?.close();
		await eventually(() => expect(() => process.kill(pid, 0)).toThrow());
		release();
		expect(builds().at(-1)).toMatch(/^begin/);
		expect(sink.states).toEqual(['app-1=1']);
		expect(sink.problemTexts).toEqual([]);
	});

	it('can be closed while it starts', async () => {
		writeFileSync(at('hold'), '');
		const holding = held();
		const starting = start();
		await holding;
		await source?.close();
		await starting;
		expect(sink.states).toEqual([]);
	});
});
