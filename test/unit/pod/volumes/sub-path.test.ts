import { describe, expect, test } from 'vitest';
import { buildEnvironment } from '../../../../src/pod/environment/builder.js';
import { resolveSubPath } from '../../../../src/pod/volumes/sub-path.js';
import { makeContainer, makeEnv, makeObjects, makePod, SURROUNDINGS } from '../environment/environment-pod.js';

type Variables = Readonly<Record<string, string>>;

function environment(variables: Variables, annotations: Variables = {}) {
	const annotation = { kind: 'fieldRef', fieldPath: "metadata.annotations['mysubpath']" } as const;
	const container = makeContainer({ env: makeEnv(...Object.entries(variables), ['ANNOTATION', annotation]) });
	const pod = makePod(container, { annotations: new Map(Object.entries(annotations)) });
	return buildEnvironment(pod, container, makeObjects(), SURROUNDINGS, { strictNames: false });
}

function resolve(subPathExpr: string, variables: Variables = {}, annotations: Variables = {}) {
	return resolveSubPath({ subPath: undefined, subPathExpr }, environment(variables, annotations));
}

function waiting(message: string) {
	return { path: undefined, missing: { reason: 'CreateContainerConfigError', message } };
}

describe('resolveSubPath', () => {
	test.each([
		[undefined, undefined],
		['', undefined],
		['.', undefined],
		['././/', undefined],
		['key', 'key'],
		['downward/podname', 'downward/podname'],
		['a//b/./c/', 'a/b/c'],
		['..data/a', '..data/a'],
		['a..b/..c', 'a..b/..c'],
		['$(POD_NAME)', '$(POD_NAME)'],
		['$$', '$$'],
	])('resolves subPath %j to %j, without expansion', (subPath, path) => {
		const resolved = resolveSubPath({ subPath, subPathExpr: undefined }, environment({ POD_NAME: 'foo' }));
		expect(resolved).toEqual({ path, missing: undefined });
	});

	test.each([
		['/abs', 'error SubPath `/abs` must not be an absolute path'],
		['..', "unable to provision SubPath `..`: must not contain '..'"],
		['a/../b', "unable to provision SubPath `a/../b`: must not contain '..'"],
	])('reports subPath %j as missing', (subPath, message) => {
		expect(resolveSubPath({ subPath, subPathExpr: undefined }, environment({}))).toEqual(waiting(message));
	});

	test('C4 expands the name of the pod in subPathExpr', () => {
		const path = 'var-expansion-1';
		expect(resolve('$(POD_NAME)', { POD_NAME: path })).toEqual({ path, missing: undefined });
	});

	test('C5 reports a variable of two dots as missing', () => {
		const message = "unable to provision SubPath `..`: must not contain '..'";
		expect(resolve('$(POD_NAME)', { POD_NAME: '..' })).toEqual(waiting(message));
		expect(resolve('a/$(POD_NAME)/b', { POD_NAME: 'x/..' }).missing?.message).toContain('`a/x/../b`');
	});

	test('C6 reports a variable with an absolute path as missing', () => {
		const message = 'error SubPath `/tmp` must not be an absolute path';
		expect(resolve('$(POD_NAME)', { POD_NAME: '/tmp' })).toEqual(waiting(message));
		expect(resolve('a$(POD_NAME)', { POD_NAME: '/tmp' }).path).toBe('a/tmp');
	});

	test('C7 reports an absent annotation as missing until it is set', () => {
		const expr = '$(ANNOTATION)/$(POD_NAME)';
		expect(resolve(expr, { POD_NAME: 'foo' })).toEqual(waiting('missing value for ANNOTATION'));
		expect(resolve(expr, { POD_NAME: 'foo' }, { mysubpath: 'mypath' }).path).toBe('mypath/foo');
	});

	test('C8 composes the path from the annotation and the name of the pod', () => {
		const resolved = resolve('$(ANNOTATION)/$(POD_NAME)', { POD_NAME: 'foo' }, { mysubpath: 'mypath' });
		expect(resolved).toEqual({ path: 'mypath/foo', missing: undefined });
	});

	test('names undefined and empty variables, each once and sorted', () => {
		const message = 'missing value for ANNOTATION, B, EMPTY';
		expect(resolve('$(B)$(EMPTY)$(A)$(ANNOTATION)$(B)', { A: 'a', EMPTY: '' })).toEqual(waiting(message));
	});

	test('reads a doubled dollar as a dollar, and does not expand values again', () => {
		expect(resolve('$$(A)/$(A)', { A: '$$(B)' }).path).toBe('$(A)/$(B)');
	});
});
