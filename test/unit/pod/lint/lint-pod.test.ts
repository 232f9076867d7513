import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatGoYamlScalar } from '../../../../src/go/yaml/writer.js';
import type { Severity } from '../../../../src/pod/lint/finding.js';
import { lintPod, MANIFEST_RULES, RULES } from '../../../../src/pod/lint/lint-pod.js';
import { RULE_LIST } from '../../../../src/pod/lint/rule-list.js';
import { ENVIRONMENT_CASES } from './environment-cases.js';
import {
	configMap,
	configMapVolume,
	emptyDir,
	envFrom,
	type LintCase,
	type LintCases,
	mount,
	objectsOf,
	podOf,
	projectedVolume,
	secret,
	source,
} from './lint-pods.js';
import { MOUNT_CASES } from './mount-cases.js';
import { OBJECT_CASES } from './object-cases.js';
import { SUB_PATH_CASES } from './sub-path-cases.js';
import { VOLUME_CASES } from './volume-cases.js';

const CASES: LintCases = { ...SUB_PATH_CASES, ...VOLUME_CASES, ...MOUNT_CASES, ...OBJECT_CASES, ...ENVIRONMENT_CASES };

function findings({ pod, objects = [], walk = false, absence = 'missing', ...more }: Omit<LintCase, 'it' | 'finds'>) {
	return lintPod({
		pod: podOf(pod),
		objects: objectsOf(objects),
		violations: [],
		walk,
		absenceOf: () => absence,
		appliedBytesOf: () => more.appliedBytes,
	});
}

test('every rule has a case with a finding and a case without one', () => {
	expect(Object.keys(CASES).sort()).toEqual(Object.keys(RULES).sort());
	for (const [rule, cases] of Object.entries(CASES)) {
		expect(
			cases.map(({ finds }) => finds.length > 0),
			rule,
		).toEqual(expect.arrayContaining([true, false]));
	}
});

test('RULE_LIST has every rule in the order of RULES, with the severities of the cases', () => {
	expect(RULE_LIST.map(({ rule }) => rule)).toEqual([...MANIFEST_RULES, ...Object.keys(RULES)]);
	const shown = Object.entries(CASES).map(([rule, cases]) => {
		const severities = new Set(cases.flatMap(({ finds }) => finds.map(([severity]) => severity)));
		return [rule, ['error', 'warning', 'info'].filter((one) => severities.has(one as Severity))];
	});
	const listed = RULE_LIST.filter(({ rule }) => !MANIFEST_RULES.includes(rule)).map(({ rule, severities }) => [
		rule,
		severities,
	]);
	expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(shown));
});

describe.each(Object.entries(CASES))('%s', (rule, cases) => {
	test.each(cases.map((one) => [one.finds.length === 0 ? 'accepts' : 'reports', one.it, one] as const))(
		'%s %s',
		(_verb, _it, one) => {
			const own = findings(one).filter((finding) => finding.rule === rule);
			expect(own.map(({ severity, field, text }) => [severity, field, text])).toEqual(
				one.finds.map(([severity, field, text]) => [severity, field, expect.stringContaining(text)]),
			);
			for (const { location, cure } of own) {
				expect(location).toBe('pod.yaml:1:1');
				expect(cure).not.toBe('');
			}
		},
	);
});

describe('lintPod', () => {
	test('has no findings for a valid pod', () => {
		const pod = {
			kind: 'Deployment',
			volumes: [configMapVolume(), { ...projectedVolume([source('secret', 'key')]), name: 'p' }, emptyDir('tmp')],
			app: { volumeMounts: [mount('/etc/app'), mount('/etc/keys', 'p'), mount('/tmp', 'tmp')] },
		};
		expect(findings({ pod, objects: [configMap('cm', { a: '1' }), secret('key', { b: '2' })] })).toEqual([]);
	});

	test.each([
		['Pod', 'spec.volumes[0]'],
		['Deployment', 'spec.template.spec.volumes[0]'],
		['StatefulSet', 'spec.template.spec.volumes[0]'],
		['PodTemplate', 'template.spec.volumes[0]'],
		['Job', 'spec.template.spec.volumes[0]'],
		['CronJob', 'spec.jobTemplate.spec.template.spec.volumes[0]'],
	])('reports fields of a %s by their path in the manifest: %s', (kind, field) => {
		expect(findings({ pod: { kind, volumes: [emptyDir('x')] } }).map((one) => one.field)).toEqual([field]);
	});

	test('sorts errors first, then by field with numbers by value, always in the same order', () => {
		const pod = {
			volumes: Array.from({ length: 11 }, (_, index) => emptyDir(`v${index}`)),
			app: { volumeMounts: [mount('/', 'v1'), mount('/etc', 'v10')] },
		};
		const found = findings({ pod }).map(({ severity, rule, field }) => `${severity} ${rule} ${field}`);
		expect(found).toEqual([
			'error forbidden-mount-path spec.containers[0].volumeMounts[0].mountPath',
			'warning hides-system-directory spec.containers[0].volumeMounts[1].mountPath',
			...[0, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => `warning unused-volume spec.volumes[${index}]`),
		]);
		expect(findings({ pod })).toEqual(findings({ pod }));
	});

	test('reports violations of manifests as errors at their own locations', () => {
		const violations = [
			{ location: 'b.yaml:10:1', text: 'second' },
			{ location: 'b.yaml:9:1', text: 'first' },
		];
		expect(lintPod({ pod: podOf({}), objects: objectsOf([]), violations })).toEqual([
			expect.objectContaining({ severity: 'error', rule: 'invalid-manifest', location: 'b.yaml:9:1', text: 'first' }),
			expect.objectContaining({ severity: 'error', rule: 'invalid-manifest', location: 'b.yaml:10:1', text: 'second' }),
		]);
	});

	test('reports manifests that are valid and probably not meant as warnings', () => {
		const violations = [
			{ location: 'b.yaml:9:1', text: 'twice', warning: 'duplicate-object' },
			{ location: 'b.yaml:2:1', text: 'again', warning: 'duplicate-key' },
		] as const;
		const found = lintPod({ pod: undefined, objects: objectsOf([]), violations });
		expect(found.map(({ severity, rule, location, text }) => `${severity} ${rule} ${location} ${text}`)).toEqual([
			'warning duplicate-key b.yaml:2:1 again',
			'warning duplicate-object b.yaml:9:1 twice',
		]);
	});

	test('checks only one container and its volumes, with their fields in the pod', () => {
		const volumes = [emptyDir('unused'), configMapVolume({}, 'none', 'v'), configMapVolume({}, 'other', 'init-only')];
		const pod = podOf({
			volumes,
			app: { volumeMounts: [mount('/etc/app', 'v')], env: [{ name: 'a b', value: '', valueFrom: undefined }] },
			initContainer: { name: 'init', volumeMounts: [mount('/', 'init-only')] },
		});
		const found = lintPod({ pod, objects: objectsOf([]), violations: [], container: 'app' });
		expect(found.map(({ rule, field }) => `${rule} ${field}`)).toEqual([
			'missing-object spec.volumes[1].configMap.name',
			'env-name-no-shell spec.containers[0].env[0]',
			'env-name-too-new spec.containers[0].env[0]',
		]);
	});

	test('does not report a refused object as missing, and only warns of an unread one', () => {
		const pod = podOf({ volumes: [configMapVolume()], app: { envFrom: [envFrom('secretRef', 'key')] } });
		const input = { pod, objects: objectsOf([]), violations: [] };
		const found = lintPod({ ...input, absenceOf: (kind) => (kind === 'secret' ? 'unread' : 'invalid') });
		expect(found.filter(({ rule }) => rule === 'missing-object')).toEqual([
			expect.objectContaining({ severity: 'warning', field: 'spec.containers[0].envFrom[0].secretRef.name' }),
		]);
	});

	test('reports only violations for a workload without a pod', () => {
		const violations = [{ location: 'b.yaml:9:1', text: 'first' }];
		expect(lintPod({ pod: undefined, objects: objectsOf([]), violations })).toHaveLength(1);
	});

	test.each([
		['dat-1', 'did you mean "data-1"? otherwise add the key'],
		['zzz', 'add the key, or use one of: data-1, other'],
		['bin', 'move it from binaryData to data, because binaryData is never part of the environment'],
	])('suggests a cure for the missing key %s', (key, cure) => {
		const object = configMap('cm', { 'data-1': '', other: '' }, key === 'bin' ? { binaryData: { bin: 'x' } } : {});
		const env = [
			{ name: 'A', value: '', valueFrom: { kind: 'configMapKeyRef', name: 'cm', key, optional: false } },
		] as const;
		expect(findings({ pod: { app: { env } }, objects: [object] })).toEqual([
			expect.objectContaining({ rule: 'missing-key', cure }),
		]);
	});

	test.each([
		[644, '644 is a decimal number, in octal 01204; write 0644 in YAML, or 420 in JSON'],
		[888, 'write an octal number in YAML, such as 0644'],
	])('suggests a cure for the mode %i', (defaultMode, cure) => {
		const found = findings({ pod: { volumes: [configMapVolume({ defaultMode })] } });
		expect(found.find(({ rule }) => rule === 'mode-out-of-range')?.cure).toBe(cure);
	});

	test.each([
		['all keys', source('configMap', 'cm'), source('configMap', 'other')],
		['a listed path', source('configMap', 'cm'), source('configMap', 'other', [{ key: 'a', path: 'a' }])],
		[
			'./a',
			source('configMap', 'cm', [{ key: 'a', path: 'a' }]),
			source('configMap', 'other', [{ key: 'a', path: './a' }]),
		],
	])('does not claim that an API server refuses a collision of %s', (_, ...sources) => {
		const objects = [configMap('cm', { a: '' }), configMap('other', { a: '' })];
		const found = findings({ pod: { volumes: [projectedVolume(sources)] }, objects });
		expect(found.filter(({ rule }) => rule === 'path-collision').map(({ text }) => text)).toEqual([
			'key "a" of configMap "other" hides key "a" of configMap "cm" at "a", because it is listed later',
		]);
	});

	test('never contains the value of a Secret', () => {
		const value = 'hunter2\n\0';
		const pod = {
			volumes: [projectedVolume([source('secret', 'key'), source('secret', 'key')])],
			app: { envFrom: [{ kind: 'secretRef', name: 'key', optional: false, prefix: '' }] as const },
		};
		const found = findings({ pod, objects: [secret('key', { a: value, 'b.c': `${value.repeat(20_000)}` })] });
		expect(found.length).toBeGreaterThan(3);
		expect(JSON.stringify(found)).not.toContain('hunter2');
	});

	test('reports escaped-value exactly for texts of several lines that kubectl quotes', () => {
		const character = fc.constantFrom('a', ' ', '\n', '\t', '\r', '\u0085', 'ü', '\ufeff', '🙂', '\u2028', ':', '#');
		const text = fc.array(character, { minLength: 1, maxLength: 8 }).map((characters) => characters.join(''));
		fc.assert(
			fc.property(
				text.filter((value) => value.includes('\n')),
				(value) => {
					const isQuoted = formatGoYamlScalar(value, { column: 0, indent: 2 }).startsWith('"');
					const found = findings({ pod: { volumes: [configMapVolume()] }, objects: [configMap('cm', { a: value })] });
					expect(found.some(({ rule }) => rule === 'escaped-value')).toBe(isQuoted);
				},
			),
		);
	});
});
