import { describe, expect, test } from 'vitest';
import { matchGlob } from '../../../src/base/glob.js';

describe('a pattern matches', () => {
	test.each([
		['kustomization.yaml', 'k8s/base/kustomization.yaml'],
		['*.tpl.yaml', 'k8s/a.tpl.yaml'],
		['charts', 'k8s/charts/app/values.yaml'],
		['charts/', 'charts/app/values.yaml'],
		['charts/**', 'k8s/charts/app/values.yaml'],
		['charts/*/values.yaml', 'charts/app/values.yaml'],
		['**/test/*.yaml', 'a/b/test/x.yaml'],
		['**/test/*.yaml', 'test/x.yaml'],
		['./a.yaml', 'a.yaml'],
		['a?.yaml', 'ab.yaml'],
		['[ab].yaml', 'b.yaml'],
		['[!ab].yaml', 'c.yaml'],
		['a.(1).yaml', 'a.(1).yaml'],
		['/srv/k8s/*.yaml', '/srv/k8s/a.yaml'],
	])('%s: %s', (pattern, path) => {
		expect(matchGlob(pattern)(path)).toBe(true);
	});
});

describe('a pattern does not match', () => {
	test.each([
		['*.yaml', 'a.yml'],
		['a*.yaml', 'a/b.yaml'],
		['chart', 'charts/a.yaml'],
		['a.yaml', 'aXyaml'],
		['a?.yaml', 'a/.yaml'],
		['[!ab].yaml', 'a.yaml'],
		['charts/**', 'charts.yaml'],
		['/k8s', 'srv/k8s'],
	])('%s: %s', (pattern, path) => {
		expect(matchGlob(pattern)(path)).toBe(false);
	});
});
