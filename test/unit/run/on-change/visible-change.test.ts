import { describe, expect, test } from 'vitest';
import { type VolumeView, visibleChange } from '../../../../src/run/on-change/visible-change.js';

const CHANGE = { added: ['d/new'], removed: ['old'], changed: ['app.yaml', 'd/x'] };
const NOTHING = { added: [], removed: [], changed: [] };

function view(subPath: string | undefined, isFrozen = subPath !== undefined): VolumeView {
	return { volume: 'v', target: `/at/${subPath ?? ''}`, subPath, isFrozen };
}

describe('visibleChange', () => {
	test('a mount of the complete volume shows everything', () => {
		expect(visibleChange(CHANGE, [])).toEqual({ seen: CHANGE, frozen: [] });
		expect(visibleChange(CHANGE, [view(undefined)])).toEqual({ seen: CHANGE, frozen: [] });
	});

	test('a frozen subPath shows nothing, and names what it hides', () => {
		const frozen = [
			{ target: '/at/app.yaml', paths: ['app.yaml'] },
			{ target: '/at/d', paths: ['d/new', 'd/x'] },
			{ target: '/at/..data/old', paths: ['old'] },
		];
		const views = [view('app.yaml'), view('d'), view('..data/old'), view('other'), view('app')];
		expect(visibleChange(CHANGE, views)).toEqual({ seen: NOTHING, frozen });
		expect(visibleChange(CHANGE, [...views, view(undefined)])).toEqual({ seen: CHANGE, frozen });
	});

	test('a live subPath shows its own files only', () => {
		expect(visibleChange(CHANGE, [view('d', false)])).toEqual({
			seen: { added: ['d/new'], removed: [], changed: ['d/x'] },
			frozen: [],
		});
	});
});
