/** Helpers for the tests of sources and of the store. */

import type { ConfigMap } from '../../../src/model/config-map.js';
import { LayeredStore } from '../../../src/store/layered-store.js';
import type { ObjectIdentity, Problem, SourceNeeds, SourceObject, SourceSink } from '../../../src/store/source.js';
import { configMapObject, formatIdentity } from '../../../src/store/source-object.js';

/** A ConfigMap as a source without manifests reports it. */
export function reported(object: ConfigMap): SourceObject {
	return configMapObject(object, 'nowhere');
}

/** The valid ConfigMaps among objects, decoded. */
export function configMaps(objects: readonly SourceObject[]): readonly ConfigMap[] {
	return objects.flatMap(({ type, content }) => (type === 'ConfigMap' && content !== undefined ? [content] : []) as []);
}

/** The objects that are not ConfigMaps. */
export function otherKinds(objects: readonly SourceObject[]): readonly SourceObject[] {
	return objects.filter(({ type }) => type !== 'ConfigMap');
}

/** A store of one layer. */
export function storeOf(objects: readonly SourceObject[]): LayeredStore {
	const store = new LayeredStore({
		layers: ['-f'],
		needs: { explains: true },
		listener: { changed: () => {}, problems: () => {} },
	});
	store.sinks[0]?.replace(objects);
	return store;
}

/** Records the state of a source, and every call. */
export class StateSink implements SourceSink {
	readonly needs: SourceNeeds;
	readonly objects = new Map<string, SourceObject>();
	/** `replace`, `put`, `remove`, in order. */
	readonly calls: string[] = [];
	readonly problemLists: (readonly Problem[])[] = [];

	constructor(needs: SourceNeeds = { types: new Set(['ConfigMap']), explains: false }) {
		this.needs = needs;
	}

	replace(objects: readonly SourceObject[]): void {
		this.objects.clear();
		for (const object of objects) this.objects.set(formatIdentity(object), object);
		this.#changed('replace');
	}

	put(object: SourceObject): void {
		this.objects.set(formatIdentity(object), object);
		this.#changed('put');
	}

	remove(object: ObjectIdentity): void {
		this.objects.delete(formatIdentity(object));
		this.#changed('remove');
	}

	problems(problems: readonly Problem[]): void {
		this.problemLists.push(problems);
	}

	/** The ConfigMaps that the source has now. */
	get configMaps(): readonly ConfigMap[] {
		return configMaps([...this.objects.values()]);
	}

	/** Called after each change. */
	onChange: () => void = () => {};

	#changed(call: string): void {
		this.calls.push(call);
		this.onChange();
	}
}
