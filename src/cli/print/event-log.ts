/** Events as log records: a level, a sentence for people, and the event's own fields for programs. */

import type { Logger } from '../../base/log.js';
import type { ControlEvent, EventListener, VolumeSubject } from '../../control/events.js';
import { counted, listed } from './wording.js';

type EventType = ControlEvent['type'];
type EventOf<T extends EventType> = Extract<ControlEvent, { readonly type: T }>;
type Level = 'error' | 'warn' | 'info' | 'debug';

interface Rendering<Event> {
	/** Recovery has the level of the trouble, so a log that shows one shows the other. */
	readonly level: Level | ((event: Event) => Level);
	readonly sentence: (event: Event) => string;
}

const RENDERINGS: { readonly [T in EventType]: Rendering<EventOf<T>> } = {
	published: {
		level: ({ isInitial }) => (isInitial ? 'debug' : 'info'),
		sentence: (event) => {
			const changes = (['added', 'changed', 'removed'] as const)
				.filter((what) => event[what].length > 0)
				.map((what) => `${what} ${event[what].join(', ')}`);
			const size = `${counted(event.keyCount, 'key')}, ${counted(event.sizeBytes, 'byte')}`;
			return `${subjectOf(event)}: ${changes.length === 0 ? 'published' : changes.join('; ')} (${size})`;
		},
	},
	removed: { level: 'info', sentence: (event) => `${subjectOf(event)}: removed` },
	problem: {
		level: ({ warning }) => (warning === undefined ? 'error' : 'warn'),
		sentence: ({ location, reason }) => `${location}: ${reason}`,
	},
	resolved: { level: 'error', sentence: () => 'all sources are valid again' },
	'contact-lost': {
		level: 'warn',
		sentence: ({ server, reason, hasContent }) =>
			hasContent
				? `lost contact with the API server ${server}: ${reason}; the last content stays`
				: `cannot reach the API server ${server}: ${reason}; retrying`,
	},
	'contact-back': {
		level: 'warn',
		sentence: ({ server, awaySeconds }) => `reconnected to ${server} after ${awaySeconds} s`,
	},
	staleness: {
		level: 'warn',
		sentence: ({ server, ageSeconds, reason }) =>
			`no contact with the API server ${server} yet${reason === undefined ? '' : `: ${reason}`}; ` +
			`starting from the last state, which is ${ageSeconds} s old`,
	},
	waiting: {
		level: 'warn',
		sentence: ({ message, cure }) => `waiting: ${message}${cure === undefined ? '' : `; ${cure}`}`,
	},
	complete: { level: 'warn', sentence: () => 'nothing is missing any more' },
	kept: { level: 'warn', sentence: ({ message }) => `${message}; the last content stays` },
	found: { level: 'warn', sentence: (event) => `${subjectOf(event)}: nothing is missing any more` },
	frozen: {
		level: 'warn',
		sentence: ({ volume, target, paths }) =>
			`${shortened(paths)} changed in volume ${volume}, but the subPath mount at ${target} keeps the old content, ` +
			'as in a pod; restart it, or use --subpath=live',
	},
	reaction: {
		// `run` logs from `warn` on unless the user chooses otherwise, and a reaction must be visible.
		level: ({ outcome }) => (({ done: 'warn', failed: 'warn', skipped: 'debug' }) as const)[outcome],
		sentence: (event) => `${causesOf(event)}: ${reactionSentence(event)}`,
	},
	'environment-changed': {
		level: 'warn',
		sentence: ({ names }) => {
			const subject = names.length === 0 ? 'the workload' : listed(names);
			const values =
				names.length === 0 ? 'what it started with' : names.length === 1 ? 'the old value' : 'the old values';
			return `${subject} changed; the running process keeps ${values}, as in a pod; restart it, or use --on-change restart`;
		},
	},
	mounted: {
		level: 'info',
		sentence: ({ mountPoint, volumes, driver }) =>
			`mounted ${counted(volumes, 'ConfigMap')} on ${mountPoint} (${driver} driver)`,
	},
	unmounted: {
		level: 'info',
		sentence: ({ signal }) => (signal === undefined ? 'unmounted from outside' : `unmounted after ${signal}`),
	},
	'application-started': { level: 'debug', sentence: ({ pid }) => `started the application (pid ${pid})` },
	'application-ended': {
		level: 'debug',
		sentence: ({ pid, status, signal }) =>
			`the application (pid ${pid}) ended ${signal === undefined ? `with status ${status}` : `by ${signal}`}`,
	},
	'server-fault': {
		level: 'error',
		sentence: ({ where, stack }) => {
			const [message, ...frames] = stack.split('\n').map((line) => line.trim());
			return `internal error in ${where}: ${[message, ...frames].join(' ')}; please report this`;
		},
	},
};

/** A listener that writes each event to the log. Lists without entries are left out of the record. */
export function eventLog(log: Logger): EventListener {
	return (event) => {
		const { type, ...fields } = event;
		const filled = Object.entries(fields).filter(([, value]) => !Array.isArray(value) || value.length > 0);
		log[levelOf(event)]({ event: type, ...Object.fromEntries(filled) }, eventSentence(event));
	};
}

/** One line, which may contain control characters of names. */
export function eventSentence(event: ControlEvent): string {
	return renderingOf(event).sentence(event);
}

function levelOf(event: ControlEvent): Level {
	const { level } = renderingOf(event);
	return typeof level === 'function' ? level(event) : level;
}

function renderingOf<Event extends ControlEvent>(event: Event): Rendering<Event> {
	return RENDERINGS[event.type] as unknown as Rendering<Event>;
}

function subjectOf(subject: VolumeSubject): string {
	return 'configMap' in subject ? subject.configMap : `volume "${subject.volume}"`;
}

/** A list of names is cut after so many. */
const SHOWN_NAMES = 3;

function shortened(names: readonly string[]): string {
	const more = names.length - SHOWN_NAMES;
	return listed(more > 0 ? [...names.slice(0, SHOWN_NAMES), `${more} more`] : names);
}

/** `app.yaml changed in volume config`. */
function causesOf({ causes, variables = [] }: EventOf<'reaction'>): string {
	const ofVolumes = causes.flatMap(({ volume, added, changed, removed }) => [
		...(added.length === 0 ? [] : [`${shortened(added)} added to volume ${volume}`]),
		...(changed.length === 0 ? [] : [`${shortened(changed)} changed in volume ${volume}`]),
		...(removed.length === 0 ? [] : [`${shortened(removed)} removed from volume ${volume}`]),
	]);
	const all = [...ofVolumes, ...(variables.length === 0 ? [] : [`${shortened(variables)} changed`])];
	return all.length === 0 ? 'the workload changed' : all.join(', ');
}

function reactionSentence(event: EventOf<'reaction'>): string {
	const { outcome, reason } = event;
	const because = reason === undefined ? '' : `: ${reason}`;
	switch (event.action) {
		case 'signal':
			return outcome === 'done'
				? `sent ${event.signal} to the application`
				: `did not send ${event.signal} to the application${because}`;
		case 'restart':
			return outcome === 'done' ? 'restarting the application' : `did not restart the application${because}`;
		case 'exec': {
			const command = `the --on-change command "${event.command}"`;
			if (outcome === 'done') return `ran ${command}`;
			if (outcome === 'skipped') return `did not run ${command}${because}`;
			return event.status === undefined
				? `cannot run ${command}${because}`
				: `${command} failed with status ${event.status}`;
		}
		case 'http': {
			const request = `${event.method} ${event.url}`;
			if (outcome === 'done') return `called the --on-change URL: ${request} (status ${event.status})`;
			if (outcome === 'skipped') return `did not call the --on-change URL: ${request}${because}`;
			const failure = event.status === undefined ? (reason ?? 'no response') : `status ${event.status}`;
			return `the --on-change call ${request} failed after ${counted(event.tries, 'try', 'tries')}: ${failure}`;
		}
	}
}
