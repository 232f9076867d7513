import { expect, test } from 'vitest';
import { buildEnvironment } from '../../../src/pod/environment/builder.js';
import { environmentChange, type ProcessInputs } from '../../../src/run/environment-change.js';
import {
	makeConfigMap,
	makeContainer,
	makeEnv,
	makeObjects,
	makePod,
	SURROUNDINGS,
} from '../pod/environment/environment-pod.js';

/** A pod with the keys of a ConfigMap as variables, and more. */
function inputs(data: Readonly<Record<string, string>> | undefined, literal = '1', team = 'a'): ProcessInputs {
	const container = makeContainer({
		env: makeEnv(['LITERAL', literal]),
		envFrom: [{ kind: 'configMapRef', name: 'app', optional: false, prefix: '' }],
	});
	const pod = makePod(container, { annotations: new Map([['team', team]]) });
	const objects = makeObjects(data === undefined ? [] : [makeConfigMap('app', data)]);
	return { pod, environment: buildEnvironment(pod, container, objects, SURROUNDINGS, { strictNames: false }) };
}

test('equal inputs, and annotations that no variable shows, are no change', () => {
	expect(environmentChange(inputs({ A: '1' }), inputs({ A: '1' }))).toBeUndefined();
	expect(environmentChange(inputs({ A: '1' }), inputs({ A: '1' }, '1', 'b'))).toBeUndefined();
});

test('added, removed and changed variables are named, sorted', () => {
	const change = environmentChange(inputs({ SAME: '1', OLD: '1', Z: '1' }), inputs({ SAME: '1', Z: '2', B_NEW: '1' }));
	expect(change).toEqual({ names: ['B_NEW', 'OLD', 'Z'], isWorkload: false });
});

test('another definition is a change of the workload, with the variables that differ', () => {
	expect(environmentChange(inputs({ A: '1' }), inputs({ A: '1' }, '2'))).toEqual({
		names: ['LITERAL'],
		isWorkload: true,
	});
	const before = inputs({ A: '1' });
	const container = { ...before.pod.spec.containers[0], args: ['--new'] } as ReturnType<typeof makeContainer>;
	const now = { ...before, pod: makePod(container, before.pod.metadata) };
	expect(environmentChange(before, now)).toEqual({ names: [], isWorkload: true });
});

test('while a reference is missing there is no other environment', () => {
	expect(environmentChange(inputs({ A: '1' }), inputs(undefined))).toBeUndefined();
});
