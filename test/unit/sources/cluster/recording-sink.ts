/**
 * A sink that records every call, so that a test can find losses in between: an object that vanished without having been
 * deleted, or a state that was replaced by an empty one.
 */

import type { ConfigMap } from '../../../../src/model/config-map.js';
import { formatObjectKey } from '../../../../src/model/object-key.js';
import type { ObjectIdentity, Problem, SourceNeeds, SourceObject, SourceSink } from '../../../../src/store/source.js';
import { configMaps } from '../../store/source-objects.js';

export class RecordingSink implements SourceSink {
	readonly needs: SourceNeeds = { types: new Set(['ConfigMap']), explains: false };
	readonly objects = new Map<string, ConfigMap>();
	/** `=2`, `+ns/name`, `-ns/name`, `!reason`, in order. */
	readonly calls: string[] = [];
	/** Time of each call. Unit: milliseconds of performance.now(). */
	readonly times: number[] = [];
	present: readonly Problem[] = [];
	/** Smallest number of objects after the first state. */
	fewest = Number.POSITIVE_INFINITY;
	onCall: () => void = () => {};

	replace(objects: readonly SourceObject[]): void {
		this.objects.clear();
		for (const object of configMaps(objects)) this.objects.set(formatObjectKey(object.key), object);
		this.#note(`=${objects.length}`);
	}

	put(object: SourceObject): void {
		for (const content of configMaps([object])) this.objects.set(formatObjectKey(object.key), content);
		this.#note(`+${formatObjectKey(object.key)}`);
	}

	remove({ key }: ObjectIdentity): void {
		this.objects.delete(formatObjectKey(key));
		this.#note(`-${formatObjectKey(key)}`);
	}

	problems(problems: readonly Problem[]): void {
		this.present = problems;
		this.#note(`!${problems.map(({ reason }) => reason).join(' | ')}`);
	}

	/** The value of a key as text; undefined if the object or key does not exist. */
	value(key: string, field: string): string | undefined {
		return this.objects.get(key)?.data.get(field)?.toString('utf8');
	}

	get names(): readonly string[] {
		return [...this.objects.keys()].sort();
	}

	/** Clears the recorded calls, not the objects. */
	forget(): void {
		this.calls.length = 0;
		this.times.length = 0;
		this.fewest = this.objects.size;
	}

	#note(call: string): void {
		this.calls.push(call);
		this.times.push(performance.now());
		if (!call.startsWith('!')) this.fewest = Math.min(this.fewest, this.objects.size);
		this.onCall();
	}
}
