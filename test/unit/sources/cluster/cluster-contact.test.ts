import { describe, expect, it } from 'vitest';
import type { ControlEvent } from '../../../../src/control/events.js';
import { ApiError } from '../../../../src/sources/cluster/api-error.js';
import { ClusterContact, type ContactState } from '../../../../src/sources/cluster/cluster-contact.js';
import { failures } from './fake-client.js';

const SERVER = 'https://fake:6443';
const HEALTHY: ContactState = { shown: 'cluster', errors: [], savedContact: undefined };

function setUp() {
	const events: ControlEvent[] = [];
	const clock = { now: 1_000_000 };
	const contact = new ClusterContact({
		server: SERVER,
		userName: 'me',
		wallClock: () => clock.now,
		onEvent: (event) => events.push(event),
	});
	return { contact, clock, events };
}

describe('ClusterContact', () => {
	it('emits one event when contact is lost and one when it is back', () => {
		const { contact, clock, events } = setUp();
		contact.received();
		contact.update(HEALTHY);
		clock.now += 5_000;
		contact.update({ ...HEALTHY, errors: [failures.refused()] });
		contact.update({ ...HEALTHY, errors: [failures.forbidden(), failures.refused()] });
		expect(contact.reportedFailure).toMatch(/^The connection to the server fake:6443 was refused/);
		clock.now += 6_400;
		contact.update(HEALTHY);
		contact.update(HEALTHY);
		expect(contact.reportedFailure).toBeUndefined();
		expect(events).toEqual([
			{
				type: 'contact-lost',
				server: SERVER,
				reason: 'connection refused',
				lastContact: '1970-01-01T00:16:40.000Z',
				hasContent: true,
			},
			{ type: 'contact-back', server: SERVER, awaySeconds: 6 },
		]);
	});

	it('reports that a start waits for the server', () => {
		const { contact, events } = setUp();
		contact.update({ shown: 'nothing', errors: [failures.refused()], savedContact: undefined });
		expect(events).toEqual([{ type: 'contact-lost', server: SERVER, reason: 'connection refused', hasContent: false }]);
	});

	it('reports saved content once, with its age, until all content is of the cluster', () => {
		const { contact, clock, events } = setUp();
		const saved = { shown: 'saved', savedContact: clock.now - 90_000 } as const;
		contact.update({ ...saved, errors: [] });
		contact.update({ ...saved, errors: [failures.refused()] });
		contact.update({ ...saved, errors: [] });
		expect(events).toEqual([{ type: 'staleness', server: SERVER, ageSeconds: 90 }]);
		expect(contact.lastContact).toBe(saved.savedContact);
		expect(contact.reportedFailure).toBeUndefined();
		clock.now += 2_000;
		contact.update(HEALTHY);
		expect(events.slice(1)).toEqual([{ type: 'contact-back', server: SERVER, awaySeconds: 2 }]);
	});

	it.each([
		[failures.refused(), 'connection refused'],
		[new ApiError('network', 'x', { systemCode: 'ENOTFOUND' }), 'lookup fake: no such host'],
		[new ApiError('network', 'read ECONNRESET', { systemCode: 'ECONNRESET' }), 'read ECONNRESET'],
		[new ApiError('timeout', 'no answer from the server within 15 s'), 'no answer from the server within 15 s'],
		[new ApiError('credentials', 'getting credentials: exec: x'), 'getting credentials: exec: x'],
		[new ApiError('protocol', 'x'), 'it does not answer as a Kubernetes API does: x'],
		[failures.forbidden(), expect.stringMatching(/^Error from server \(Forbidden\): .*; a Role has to allow/)],
	])('gives a short reason for %s', (error, reason) => {
		const { contact, events } = setUp();
		contact.update({ ...HEALTHY, errors: [error] });
		expect(events).toMatchObject([{ type: 'contact-lost', reason }]);
	});
});
