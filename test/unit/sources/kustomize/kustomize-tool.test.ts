import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	buildKustomization,
	findKustomizeTool,
	readErrorOutput,
} from '../../../../src/sources/kustomize/kustomize-tool.js';
import { until } from '../../../support/until.js';

let directory: string;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'cfs-tool-'));
});

afterEach(() => {
	rmSync(directory, { recursive: true, force: true });
});

function program(path: string, script = '', mode = 0o755): string {
	mkdirSync(join(directory, path, '..'), { recursive: true });
	writeFileSync(join(directory, path), `#!/bin/sh\n${script}\n`);
	chmodSync(join(directory, path), mode);
	return join(directory, path);
}

function path(...names: string[]): { readonly PATH: string } {
	return { PATH: names.map((name) => join(directory, name)).join(':') };
}

describe('findKustomizeTool', () => {
	it('prefers kubectl, wherever it is', () => {
		program('a/kustomize');
		const kubectl = program('b/kubectl');
		expect(findKustomizeTool(path('a', 'b'))).toEqual({ file: kubectl, words: ['kubectl', 'kustomize'] });
	});

	it('uses kustomize if no kubectl in PATH is executable', () => {
		mkdirSync(join(directory, 'dir/kubectl'), { recursive: true });
		program('a/kubectl', '', 0o644);
		const kustomize = program('b/kustomize');
		expect(findKustomizeTool(path('dir', 'a', 'missing', 'b'))).toEqual({
			file: kustomize,
			words: ['kustomize', 'build'],
		});
	});

	it('returns undefined if PATH has neither', () => {
		expect(findKustomizeTool(path('a'))).toBeUndefined();
		expect(findKustomizeTool({})).toBeUndefined();
	});
});

describe('buildKustomization', () => {
	const build = (script: string, more: object = {}) => {
		const words = ['kubectl', 'kustomize'] as const;
		const request = {
			directory: 'app',
			args: ['--flag', 'a b'],
			cwd: directory,
			env: { PATH: process.env.PATH, A: 'a' },
		};
		const tool = { file: program('kubectl', script), words };
		return buildKustomization(tool, { ...request, signal: new AbortController().signal, ...more });
	};

	it('passes arguments, directory and environment unchanged, without a shell', async () => {
		const outcome = await build('printf "%s|" "$@" "$A" "$PWD"');
		expect(outcome).toMatchObject({ kind: 'built', warnings: '' });
		expect(outcome.kind === 'built' && outcome.output.toString()).toBe(`kustomize|app|--flag|a b|a|${directory}|`);
		const odd = await build('printf "%s|" "$@"', { directory: '-x; echo $A', args: [] });
		expect(odd.kind === 'built' && odd.output.toString()).toBe('kustomize|./-x; echo $A|');
	});

	it('returns the reason of a failure', async () => {
		expect(await build('echo >&2 "# Warning: old"; echo >&2 "Error: two"; echo >&2 "lines"; exit 3')).toEqual({
			kind: 'failed',
			reason: 'two lines',
		});
		expect(await build('exit 3')).toEqual({ kind: 'failed', reason: 'ended with exit code 3' });
		expect(await build('kill -9 $$')).toEqual({ kind: 'failed', reason: 'was ended by SIGKILL' });
		const request = { directory: 'x', args: [], cwd: directory, env: {}, signal: new AbortController().signal };
		const missing = await buildKustomization({ file: join(directory, 'no'), words: ['kubectl', 'kustomize'] }, request);
		expect(missing).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/^cannot be started: .*ENOENT/) });
	});

	it('does not wait for standard input', async () => {
		expect(await build('cat')).toMatchObject({ kind: 'built' });
	});

	it('kills the complete process group when it is aborted', async () => {
		const abort = new AbortController();
		const pids = join(directory, 'pids');
		const building = build(`sleep 1000 & echo $! $$ > ${pids}.new; mv ${pids}.new ${pids}; wait`, {
			signal: abort.signal,
		});
		const text = await until(() => {
			try {
				return readFileSync(pids, 'utf8');
			} catch {
				return undefined;
			}
		}, 'the build');
		abort.abort();
		expect(await building).toMatchObject({ kind: 'failed' });
		for (const pid of text.trim().split(' ')) {
			// The grandchild may still be a zombie.
			await until(() => /^State:\s+Z|^$/m.test(statusOf(pid)) || undefined, `the end of ${pid}`);
		}
		expect(await build('echo x', { signal: abort.signal })).toMatchObject({ kind: 'failed' });
	});
});

function statusOf(pid: string): string {
	try {
		return readFileSync(`/proc/${pid}/status`, 'utf8').replace(/\n+$/, '');
	} catch {
		return '';
	}
}

describe('readErrorOutput', () => {
	it.each([
		['plain', 'something is wrong\n', 'something is wrong'],
		['kustomize', 'Error: accumulating resources: no\n', 'accumulating resources: no'],
		['kubectl', 'error: no\n', 'no'],
		[
			"kubectl's log",
			'E1121 12:26:53.072038    7393 run.go:72] "command failed" err="invalid \\"x\\": json: no"\n',
			'invalid "x": json: no',
		],
		[
			"kubectl's log with another time",
			'E0101 01:00:00.000001 17 run.go:72] "command failed" err="line [255] : \\xff=1"\n',
			'line [255] : \\xff=1',
		],
		[
			"kubectl's multi-line log",
			'E1121 12:26:53.290818    7417 run.go:72] "command failed" err=<\n\ttrouble: `\n\tname: x\n\t`: must\n >\n',
			'trouble: ` name: x `: must',
		],
		['nothing', '', ''],
	])('%s', (_program, text, reason) => {
		expect(readErrorOutput(text)).toEqual({ reason, warnings: '' });
	});

	it('separates warnings from the reason', () => {
		const text = "# Warning: 'bases' is deprecated.\nError: no\n# Warning: second\n";
		expect(readErrorOutput(text)).toEqual({ reason: 'no', warnings: "'bases' is deprecated.; second" });
	});
});
