import { describe, expect, it } from 'vitest';
import { unknownFields } from '../../../../src/model/fields/unknown-fields.js';
import { decodePod } from '../../../../src/pod/decode/pod.js';
import { parseManifest } from '../../../../src/sources/manifests/manifest-parser.js';
import { containerFaults, decode, decodeContainer, volumeFaults } from './decoding.js';

describe('a hostile manifest', () => {
	it('may be big', () => {
		const count = 100_000;
		const env = Array.from({ length: count }, (_none, index) => ({ name: `V${index}`, value: 'x' }));
		const volumes = Array.from({ length: count }, (_none, index) => ({ name: `v${index}` }));
		const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
		const items = volumes.map(({ name }) => ({ key: 'k', path: name }));
		const projected = { name: 'p', projected: { sources: [{ configMap: { name: 'c', items } }] } };
		const container = decodeContainer({ env, volumeMounts }, { volumes: [...volumes, projected] });
		expect([container.env.length, container.volumeMounts.length]).toEqual([count, count]);
	});

	it('may be wrong everywhere, and the report is limited', () => {
		const env = Array.from({ length: 100_000 }, () => ({ value: 1 }));
		const texts = containerFaults({ env });
		expect(texts).toHaveLength(1001);
		expect(texts.at(-1)).toBe('| and 199000 more faults');
	});

	it('may share one long name among many fields', () => {
		const name = 'ä'.repeat(1_000_000);
		const texts = containerFaults({ env: Array.from({ length: 50_000 }, () => ({ name })) });
		expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(1000);
		const path = 'a/'.repeat(1_000_000);
		const mounts = Array.from({ length: 50_000 }, (_none, index) => ({
			name: 'v',
			mountPath: `/${index}`,
			subPath: path,
		}));
		const container = decodeContainer({ volumeMounts: mounts }, { volumes: [{ name: 'v' }] });
		expect(container.volumeMounts).toHaveLength(50_000);
	});

	it.each(['1'.repeat(300_000), `${'1'.repeat(300_000)}!`, `${'.'.repeat(300_000)}!`, `1${'e'.repeat(300_000)}!`])(
		'may have a long quantity',
		(quantity) => {
			const resourceFieldRef = { resource: 'limits.cpu', divisor: quantity };
			expect(containerFaults({ env: [{ name: 'A', valueFrom: { resourceFieldRef } }] }).length).toBeGreaterThan(0);
			containerFaults({ resources: { limits: { cpu: quantity } } });
		},
	);

	it('may use names of Object.prototype', () => {
		const value = JSON.parse(
			'{"metadata":{"name":"web","labels":{"constructor":"b"}},"__proto__":{"spec":{}},' +
				'"spec":{"containers":[{"name":"constructor","env":[{"name":"__proto__"}],' +
				'"resources":{"limits":{"__proto__":"1"}},"__proto__":{"args":["x"]},' +
				'"volumeMounts":[{"name":"constructor","mountPath":"__proto__"}]}],' +
				'"volumes":[{"name":"constructor","configMap":{"name":"constructor"}}]}}',
		);
		const pod = decode(value);
		expect(pod.metadata.labels.get('constructor')).toBe('b');
		expect(pod.spec.containers[0]?.env[0]?.name).toBe('__proto__');
		expect(pod.spec.containers[0]?.args).toBeUndefined();
		expect(pod.spec.containers[0]?.resources.limits.get('__proto__')).toBe('1');
		expect(volumeFaults(JSON.parse('{"toString":1}'))).toEqual([]);
		expect(unknownFields(JSON.parse('{"spec":{"toString":1,"__proto__":2}}'), 'Pod')).toEqual([
			{ path: ['spec', 'toString'], meant: undefined },
			{ path: ['spec', '__proto__'], meant: undefined },
		]);
		expect(
			containerFaults({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'constructor' } } }] }),
		).toHaveLength(1);
	});

	it('may share values by aliases', () => {
		const entries = Array.from({ length: 100 }, (_none, index) => `{name: V${index}, value: x}`).join(', ');
		const containers = Array.from({ length: 500 }, (_none, index) => `  - {name: c${index}, env: *env}`).join('\n');
		const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  x: &env [${entries}]\n  containers:\n${containers}\n`;
		const { objects, problems } = parseManifest(text, { file: 'f.yaml', defaultNamespace: 'default' });
		expect(problems.map(({ reason }) => reason)).toEqual(['unknown field "spec.x", which has no effect']);
		const [object] = objects;
		const pod = object && decodePod(object, { defaultNamespace: 'default' }).pod;
		expect(pod?.spec.containers).toHaveLength(500);
		expect(pod?.spec.containers.at(-1)?.env).toHaveLength(100);
	});
});
