import { describe, expect, test } from 'vitest';
import type { ObjectKey } from '../../../src/model/object-key.js';
import { Layout } from '../../../src/mount/layout.js';
import type { Projection } from '../../../src/volume/projection.js';

const projection: Projection = { defaultMode: 0o644, optional: false };
const key = (text: string): ObjectKey => {
	const [namespace = '', name = ''] = text.split('/');
	return { namespace, name };
};
const flat = () => new Layout({ kind: 'tree', byNamespace: false, projection });
const byNamespace = () => new Layout({ kind: 'tree', byNamespace: true, projection });
const volume = (namespace?: string) => new Layout({ kind: 'volume', name: 'app', namespace, projection });

describe('paths', () => {
	test.each([
		[flat(), 'default/app', 'app', true],
		[byNamespace(), 'default/app', 'default/app', true],
		[volume(), 'default/app', '', true],
		[volume(), 'other/app', '', true],
		[volume(), 'default/other', '', false],
		[volume('default'), 'default/app', '', true],
		[volume('default'), 'other/app', '', false],
	])('%# of %s', (layout, text, path, isAccepted) => {
		expect(layout.pathOf(key(text))).toBe(path);
		expect(layout.accepts(key(text))).toBe(isAccepted);
	});
});

describe('claims', () => {
	test('the first object of a name has the path, also when it changes; the second is refused', () => {
		const layout = flat();
		layout.claim(key('one/app'));
		layout.claim(key('one/app'));
		expect(() => layout.claim(key('two/app'))).toThrow(
			'two ConfigMaps are named "app": "one/app" is shown and "two/app" is not; choose one with -n, or show both with -A',
		);
		layout.claim(key('two/other'));
	});

	test('only the owner frees a path', () => {
		const layout = volume();
		layout.claim(key('one/app'));
		expect(layout.release(key('two/app'))).toBe(false);
		expect(() => layout.claim(key('two/app'))).toThrow('is shown');
		expect(layout.release(key('one/app'))).toBe(true);
		expect(layout.release(key('one/app'))).toBe(false);
		layout.claim(key('two/app'));
	});

	test('by namespace, objects of one name do not collide', () => {
		const layout = byNamespace();
		layout.claim(key('one/app'));
		layout.claim(key('two/app'));
	});
});

describe('heirs', () => {
	const objects = ['one/other', 'two/app', 'three/app'].map((text) => ({ key: key(text) }));

	test('the first object of the same path inherits', () => {
		expect(flat().heirOf(key('one/app'), objects)?.key).toEqual(key('two/app'));
		expect(volume().heirOf(key('one/app'), objects)?.key).toEqual(key('two/app'));
	});

	test('no object of another path or namespace does', () => {
		expect(byNamespace().heirOf(key('one/app'), objects)).toBeUndefined();
		expect(volume('one').heirOf(key('one/app'), objects)).toBeUndefined();
		expect(flat().heirOf(key('one/app'), [])).toBeUndefined();
	});
});

describe('directories of namespaces', () => {
	test('come with the first volume of a namespace and go with the last', () => {
		const layout = byNamespace();
		expect(layout.missingDirectory(key('one/a'))).toBe('one');
		// Not made yet: making it may fail.
		expect(layout.missingDirectory(key('one/a'))).toBe('one');
		layout.volumeMade(key('one/a'));
		expect(layout.missingDirectory(key('one/b'))).toBeUndefined();
		layout.volumeMade(key('one/b'));
		expect(layout.missingDirectory(key('two/a'))).toBe('two');
		layout.volumeMade(key('two/a'));
		expect(layout.directories).toEqual(['one', 'two']);
		expect(layout.volumeRemoved(key('one/a'))).toBeUndefined();
		expect(layout.volumeRemoved(key('one/b'))).toBe('one');
		expect(layout.directories).toEqual(['two']);
		expect(layout.missingDirectory(key('one/a'))).toBe('one');
	});

	test.each([
		['flat', flat()],
		['volume', volume()],
	])('a %s layout has none', (_, layout) => {
		expect(layout.missingDirectory(key('one/app'))).toBeUndefined();
		layout.volumeMade(key('one/app'));
		expect(layout.directories).toEqual([]);
		expect(layout.volumeRemoved(key('one/app'))).toBeUndefined();
	});
});
