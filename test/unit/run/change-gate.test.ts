import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ChangeGate } from '../../../src/run/change-gate.js';

function setUp() {
	let calls = 0;
	const gate = new ChangeGate(() => calls++);
	return { gate, calls: () => calls };
}

/** An action that ends on request. */
function openAction() {
	let end = () => {};
	let fail: (error: Error) => void = () => {};
	const promise = new Promise<void>((resolve, reject) => {
		end = resolve;
		fail = reject;
	});
	return { act: () => promise, end, fail };
}

test('changes of one turn of the event loop are one call, and never a call from inside', async () => {
	const { gate, calls } = setUp();
	gate.changed();
	gate.changed();
	expect(calls()).toBe(0);
	await turn();
	expect(calls()).toBe(1);
	gate.changed();
	await turn();
	expect(calls()).toBe(2);
});

test('a change during a hold is delivered once after it; without one there is no call', async () => {
	const { gate, calls } = setUp();
	const action = openAction();
	const held = gate.hold(action.act);
	gate.changed();
	await turn();
	gate.changed();
	await turn();
	expect(calls()).toBe(0);
	action.end();
	await held;
	await turn();
	expect(calls()).toBe(1);
	expect(await gate.hold(async () => 'result')).toBe('result');
	await turn();
	expect(calls()).toBe(1);
});

test('a change right before a hold is held too', async () => {
	const { gate, calls } = setUp();
	gate.changed();
	const action = openAction();
	const held = gate.hold(action.act);
	await turn();
	expect(calls()).toBe(0);
	action.end();
	await held;
	await turn();
	expect(calls()).toBe(1);
});

test('an action that fails ends its hold, and the error is its own', async () => {
	const { gate, calls } = setUp();
	const action = openAction();
	const held = gate.hold(action.act);
	gate.changed();
	await turn();
	action.fail(new Error('no mount'));
	await expect(held).rejects.toThrow('no mount');
	await turn();
	expect(calls()).toBe(1);
});

test('of two holds both must end', async () => {
	const { gate, calls } = setUp();
	const [first, second] = [openAction(), openAction()];
	const holds = [gate.hold(first.act), gate.hold(second.act)];
	gate.changed();
	await turn();
	first.end();
	await holds[0];
	await turn();
	expect(calls()).toBe(0);
	second.end();
	await holds[1];
	await turn();
	expect(calls()).toBe(1);
});

test('after close there is no call, not even of a change that is due', async () => {
	const { gate, calls } = setUp();
	gate.changed();
	gate.close();
	gate.changed();
	await turn();
	expect(calls()).toBe(0);
});
