import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	isRemote,
	type KustomizationInputs,
	kustomizationInputs,
} from '../../../../src/sources/kustomize/kustomization-inputs.js';

let directory: string;

beforeEach(() => {
	directory = mkdtempSync(join(realpathSync(tmpdir()), 'cfs-kustomize-'));
});

afterEach(() => {
	rmSync(directory, { recursive: true, force: true });
});

function write(name: string, text = ''): void {
	mkdirSync(dirname(join(directory, name)), { recursive: true });
	writeFileSync(join(directory, name), text);
}

/** The inputs relative to the directory, without the alternative names of a kustomization file. */
function inputs(root = 'app'): KustomizationInputs {
	const { files, trees, remotes } = kustomizationInputs(join(directory, root));
	const short = (path: string) => relative(directory, path);
	const others = /(^|\/)(kustomization\.yml|Kustomization)$/;
	return { files: files.map(short).filter((file) => !others.test(file)), trees: trees.map(short), remotes };
}

describe('kustomizationInputs', () => {
	it.each<[string, string, readonly string[]]>([
		['resources', 'resources: [a.yaml, sub/b.yaml, ../c.yaml]', ['app/a.yaml', 'app/sub/b.yaml', 'c.yaml']],
		['crds and configurations', 'crds: [a]\nconfigurations: [b]', ['app/a', 'app/b']],
		['the schema', 'openapi: {path: a.json, version: v1}', ['app/a.json']],
		[
			'patches',
			'patches: [{path: a}, {patch: "- op: remove\\n  path: /x"}]\npatchesJson6902: [{path: b, target: {}}]\npatchesStrategicMerge: [c, "a: 1\\nb: 2"]',
			['app/a', 'app/b', 'app/c'],
		],
		['replacements', 'replacements: [{path: a}, {source: {}, targets: []}]', ['app/a']],
		[
			'generators of ConfigMaps and Secrets',
			'configMapGenerator: [{name: x, files: [a, k=b], envs: [c], literals: [d=e]}, {env: f}]\nsecretGenerator: [{files: [g], envs: [h]}]',
			['app/a', 'app/b', 'app/g', 'app/c', 'app/h', 'app/f'],
		],
		['values of charts', 'helmCharts: [{name: x, valuesFile: a, additionalValuesFiles: [b]}]', ['app/a', 'app/b']],
		['fields in any case, as Go reads them', 'Resources: [a]\nCONFIGMAPGENERATOR: [{Files: [b]}]', ['app/a', 'app/b']],
		['nothing of other shapes', 'resources: a\npatches: {path: a}\ncrds: [1, null, {}, ""]\nopenapi: [path]', []],
		['nothing of no YAML', 'resources: [', []],
		['nothing of no mapping', '- a', []],
	])('finds %s', (_what, text, expected) => {
		write('app/kustomization.yaml', text);
		expect(inputs().files).toEqual(['app/kustomization.yaml', ...expected]);
	});

	it('enters bases, components and resources that are directories, each once', () => {
		write('app/kustomization.yaml', 'resources: [../base, ../base/../base, deploy.yaml]\ncomponents: [../part]');
		write('base/kustomization.yml', 'bases: [../deep]\nconfigMapGenerator: [{files: [b.txt]}]');
		write('part/Kustomization', 'kind: Component\nresources: [../app]\npatches: [{path: p.yaml}]');
		write('deep/kustomization.yaml', 'resources: [d.yaml]');
		const { files } = kustomizationInputs(join(directory, 'app'));
		const short = files.map((file) => relative(directory, file));
		expect(new Set(short).size).toBe(short.length);
		for (const root of ['app', 'base', 'part', 'deep']) {
			for (const name of ['kustomization.yaml', 'kustomization.yml', 'Kustomization']) {
				expect(short).toContain(`${root}/${name}`);
			}
		}
		expect(short).toEqual(expect.arrayContaining(['app/deploy.yaml', 'base/b.txt', 'part/p.yaml', 'deep/d.yaml']));
		expect(short).toHaveLength(12 + 4);
	});

	it('finds the inputs of plugins in files, in directories and inline', () => {
		const inline = 'kind: PatchTransformer\npath: in-place.yaml\n';
		write(
			'app/kustomization.yaml',
			JSON.stringify({ generators: ['gen.yaml', 'gen'], transformers: [inline], validators: ['missing.yaml'] }),
		);
		write('app/gen.yaml', 'kind: ConfigMapGenerator\nfiles: [k=a.txt]\n---\nkind: Unknown\nfiles: [no.txt]\n');
		write('app/gen/kustomization.yaml', 'resources: [secret.yaml]');
		expect(inputs().files).toEqual([
			'app/kustomization.yaml',
			'app/gen.yaml',
			'app/a.txt',
			'app/gen/kustomization.yaml',
			'app/gen/secret.yaml',
			'app/in-place.yaml',
			'app/missing.yaml',
		]);
	});

	it('returns complete directories for charts', () => {
		write('app/kustomization.yaml', 'helmCharts: [{name: x}]');
		expect(inputs().trees).toEqual(['app/charts']);
		write('app/kustomization.yaml', 'helmGlobals: {chartHome: ../mine}\nhelmCharts: [{name: x}]');
		expect(inputs().trees).toEqual(['mine']);
		write('app/kustomization.yaml', 'helmChartInflationGenerator: [{chartName: x, chartHome: old, values: v.yaml}]');
		expect(inputs()).toMatchObject({ trees: ['app/old'], files: ['app/kustomization.yaml', 'app/v.yaml'] });
		write('app/kustomization.yaml', 'generators: [g.yaml]\nhelmGlobals: {chartHome: mine}');
		write('app/g.yaml', 'kind: HelmChartInflationGenerator\nvaluesFile: w.yaml\n');
		expect(inputs().trees).toEqual(['app/charts']);
	});

	it('distinguishes remote from local inputs', () => {
		const remotes = ['https://example.com/a.yaml', 'github.com/o/r/base?ref=v1', 'git@github.com:o/r.git'];
		write('app/github.com/o/here/kustomization.yaml', 'resources: [x.yaml]');
		const here = 'github.com/o/here';
		write(
			'app/kustomization.yaml',
			JSON.stringify({
				resources: [...remotes, here, 'not-yet.yaml'],
				configMapGenerator: [{ files: ['k=https://e/x'] }],
			}),
		);
		expect(inputs()).toEqual({
			files: [
				'app/kustomization.yaml',
				'app/github.com/o/here/kustomization.yaml',
				'app/github.com/o/here/x.yaml',
				'app/not-yet.yaml',
			],
			trees: [],
			remotes: [...remotes, 'https://e/x'],
		});
	});

	it('resolves the inputs of a linked kustomization next to its target, and watches the link', () => {
		write('real/deep/kustomization.yaml', 'resources: [../a.yaml]');
		symlinkSync('real/deep', join(directory, 'link'));
		expect(inputs('link').files).toEqual(['link/kustomization.yaml', 'real/a.yaml']);
	});

	it('accepts a missing directory', () => {
		expect(inputs('absent').files).toEqual(['absent/kustomization.yaml']);
	});
});

describe('isRemote', () => {
	it.each(
		'https://example.com/x.yaml ssh://git@host/r git@host:o/r git::https://x/y file:///srv/repo github.com/o/r gitlab.com/o/r org/repo.git//base?ref=main ../base?ref=v1 repo.git'.split(
			' ',
		),
	)('%s is elsewhere', (text) => {
		expect(isRemote(text)).toBe(true);
	});

	it.each(['base', '../base', './a.b/c', '/abs/x.yaml', 'a@b', 'my.github.com.yaml', 'x.gitignore', '.github/x.yaml'])(
		'%s is here',
		(text) => {
			expect(isRemote(text)).toBe(false);
		},
	);
});
