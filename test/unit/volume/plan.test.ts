import { describe, expect, test } from 'vitest';
import { snapshotContent } from '../../../src/volume/content.js';
import type { Payload } from '../../../src/volume/payload.js';
import {
	NEW_VOLUME,
	planRemoval,
	planRetirement,
	planWrite,
	type Step,
	type VolumeState,
} from '../../../src/volume/plan.js';

function payload(files: Readonly<Record<string, string>>, mode = 0o644): Payload {
	return new Map(Object.entries(files).map(([path, text]) => [path, { bytes: Buffer.from(text), mode }]));
}

/** Steps as the system calls that they are. */
function calls(steps: readonly Step[]): readonly string[] {
	return steps.map((step) => {
		switch (step.op) {
			case 'mkdir':
			case 'chmod':
				return `${step.op} ${step.path} ${step.mode.toString(8)}`;
			case 'symlink':
				return `symlink ${step.path} -> ${step.target}`;
			case 'rename':
				return `rename ${step.path} ${step.newPath}${step.replaces === undefined ? '' : ` (was ${step.replaces})`}`;
			default:
				return `${step.op} ${step.path}`;
		}
	});
}

/** Steps (1) to (5). */
function flip(name: string, was?: string): readonly string[] {
	return [
		`mkdir ${name} 700`,
		`chmod ${name} 755`,
		`fill ${name}`,
		`symlink ..data_tmp -> ${name}`,
		`rename ..data_tmp ..data${was === undefined ? '' : ` (was ${was})`}`,
	];
}

const LINK = (name: string) => `symlink ${name} -> ..data/${name}`;

/** Ten writes one after the other on one volume, each with all of its steps. */
const WRITES: readonly {
	readonly name: string;
	readonly payload: Payload;
	readonly calls: readonly string[];
	readonly links: readonly string[];
}[] = [
	{
		name: 'first write',
		payload: payload({ a: '1', b: '1', 'dir/x': '1' }),
		calls: [...flip('..1'), LINK('a'), LINK('b'), LINK('dir')],
		links: ['a', 'b', 'dir'],
	},
	{
		name: 'no change',
		payload: payload({ a: '1', b: '1', 'dir/x': '1' }),
		calls: [],
		links: ['a', 'b', 'dir'],
	},
	{
		name: 'value changed',
		payload: payload({ a: '2', b: '1', 'dir/x': '1' }),
		calls: flip('..3', '..1'),
		links: ['a', 'b', 'dir'],
	},
	{
		name: 'key added: its link after the flip',
		payload: payload({ a: '2', b: '1', c: '1', 'dir/x': '1' }),
		calls: [...flip('..4', '..3'), LINK('c')],
		links: ['a', 'b', 'c', 'dir'],
	},
	{
		name: 'key removed: its link after the flip',
		payload: payload({ a: '2', c: '1', 'dir/x': '1' }),
		calls: [...flip('..5', '..4'), 'unlink b'],
		links: ['a', 'c', 'dir'],
	},
	{
		name: 'only modes changed: nothing',
		payload: payload({ a: '2', c: '1', 'dir/x': '1' }, 0o400),
		calls: [],
		links: ['a', 'c', 'dir'],
	},
	{
		name: 'nested file replaced and a file turned into a directory: no link changes',
		payload: payload({ a: '2', 'c/inner': '1', 'dir/y': '1' }),
		calls: flip('..7', '..5'),
		links: ['a', 'c', 'dir'],
	},
	{
		name: 'all keys removed: an empty generation stays',
		payload: payload({}),
		calls: [...flip('..8', '..7'), 'unlink a', 'unlink c', 'unlink dir'],
		links: [],
	},
	{ name: 'still empty: nothing', payload: payload({}), calls: [], links: [] },
	{
		name: 'key created again',
		payload: payload({ a: '3' }),
		calls: [...flip('..10', '..8'), LINK('a')],
		links: ['a'],
	},
];

describe('planWrite', () => {
	/** The state before each write. */
	const states: VolumeState[] = [NEW_VOLUME];
	for (const [index, write] of WRITES.entries())
		states.push(planWrite(states[index] ?? NEW_VOLUME, write.payload, `..${index + 1}`).next);

	test.each(WRITES.map((write, index) => ({ ...write, index })))('$name', ({ index, ...write }) => {
		const before = states[index] ?? NEW_VOLUME;
		const plan = planWrite(before, write.payload, `..${index + 1}`);
		expect(calls(plan.steps)).toEqual(write.calls);
		expect(plan.flips).toBe(write.calls.length > 0);
		expect([...plan.next.links]).toEqual(write.links);
		expect(plan.next.snapshot).toBe(plan.flips ? `..${index + 1}` : before.snapshot);
		expect(plan.next.payload).toBe(plan.flips ? write.payload : before.payload);
		for (const step of plan.steps)
			if (step.op === 'mkdir' || step.op === 'fill') expect(step.content).toEqual(snapshotContent(write.payload));
	});

	test('an empty first write makes an empty generation and ..data', () => {
		const plan = planWrite(NEW_VOLUME, payload({}), '..1');
		expect(calls(plan.steps)).toEqual(flip('..1'));
	});

	test('without a change of bytes missing links are made, and foreign ones go, in order and without a flip', () => {
		const state = { snapshot: '..1', payload: payload({ a: '1', b: '1', c: '1' }), links: new Set(['z', 'b', 'y']) };
		const plan = planWrite(state, payload({ a: '1', b: '1', c: '1' }), '..2');
		expect(calls(plan.steps)).toEqual([LINK('a'), LINK('c'), 'unlink y', 'unlink z']);
		expect(plan.flips).toBe(false);
		expect(plan.next).toEqual({ ...state, links: new Set(['a', 'b', 'c']) });
	});
});

describe('planWrite with names that something else has', () => {
	const before = planWrite(
		NEW_VOLUME,
		payload({ k: '1', late: 'L', old: 'o' }),
		'..1',
		new Map([['late', 'directory']]),
	);

	test('makes a link only where nothing is', () => {
		expect(calls(before.steps)).toEqual([...flip('..1'), LINK('k'), LINK('old')]);
		expect([...before.next.links]).toEqual(['k', 'old']);
	});

	test.each([
		['empty-directory', ['rmdir late', 'unlink old']],
		['file', ['unlink late', 'unlink old']],
		['link', ['unlink late', 'unlink old']],
		['directory', ['unlink old']],
	] as const)('removes the name of a dropped key as remove(3) does: %s', (occupant, removed) => {
		const plan = planWrite(before.next, payload({ k: '2' }), '..2', new Map([['late', occupant]]));
		expect(calls(plan.steps)).toEqual([...flip('..2', '..1'), ...removed]);
		expect([...plan.next.links]).toEqual(['k']);
	});

	test('leaves it while the key is there, whatever else changes', () => {
		const occupied = new Map([['late', 'empty-directory']] as const);
		const plan = planWrite(before.next, payload({ k: '2', late: 'M' }), '..2', occupied);
		expect(calls(plan.steps)).toEqual([...flip('..2', '..1'), 'unlink old']);
		const same = planWrite(before.next, payload({ k: '1', late: 'L', old: 'o' }), '..2', occupied);
		expect(same.steps).toEqual([]);
	});

	test('a directory that never had the name of a key stays', () => {
		const state = planWrite(NEW_VOLUME, payload({ k: '1' }), '..1').next;
		const plan = planWrite(state, payload({ k: '2' }), '..2', new Map([['late', 'empty-directory']]));
		expect(calls(plan.steps)).toEqual(flip('..2', '..1'));
	});

	test('a mount point inside the volume stays when a key of its name is dropped', () => {
		const reserved = new Set(['late']);
		const plan = planWrite(
			{ ...before.next, reserved },
			payload({ k: '2' }),
			'..2',
			new Map([['late', 'empty-directory']]),
		);
		expect(calls(plan.steps)).toEqual([...flip('..2', '..1'), 'unlink old']);
	});

	test('a link that was there before a mount point of its name stays', () => {
		const state = planWrite(NEW_VOLUME, payload({ k: '1' }), '..1').next;
		const plan = planWrite({ ...state, reserved: new Set(['k']) }, payload({ k: '2' }), '..2');
		expect(calls(plan.steps)).toEqual(flip('..2', '..1'));
	});
});

describe('planRetirement', () => {
	test('removes contents before their directory', () => {
		expect(calls(planRetirement('..1', payload({ b: '', 'd/e/f': '', 'd/g': '', a: '' })))).toEqual([
			'unlink ..1/a',
			'unlink ..1/b',
			'unlink ..1/d/e/f',
			'rmdir ..1/d/e',
			'unlink ..1/d/g',
			'rmdir ..1/d',
			'rmdir ..1',
		]);
	});
});

describe('planRemoval', () => {
	test('removes links, ..data, the generation, and old ones last', () => {
		const state = { snapshot: '..2', payload: payload({ a: '' }), links: new Set(['b', 'a']) };
		expect(calls(planRemoval(state, [{ name: '..1', payload: payload({ z: '' }) }]))).toEqual([
			'unlink a',
			'unlink b',
			'unlink ..data',
			'unlink ..2/a',
			'rmdir ..2',
			'unlink ..1/z',
			'rmdir ..1',
		]);
	});

	test('of a volume that was never written is nothing', () => {
		expect(planRemoval(NEW_VOLUME, [])).toEqual([]);
	});
});

describe('reserved names', () => {
	const bytes = Buffer.from('x');
	const payload = new Map([
		['tls', { bytes, mode: 0o644 }],
		['other', { bytes, mode: 0o644 }],
	]);

	test('a name that a mount inside the volume has gets no link, now or later, and is never unlinked', () => {
		const first = planWrite({ ...NEW_VOLUME, reserved: new Set(['tls']) }, payload, '..1');
		const paths = first.steps.map(({ op, path }) => `${op} ${path}`);
		expect(paths).toContain('symlink other');
		expect(paths).not.toContain('symlink tls');
		const again = planWrite(first.next, payload, '..2');
		expect(again.steps).toEqual([]);
		const gone = planWrite(first.next, new Map(), '..3');
		const after = gone.steps.map(({ op, path }) => `${op} ${path}`);
		expect(after).toContain('unlink other');
		expect(after).not.toContain('unlink tls');
	});
});
