import { expect, test } from 'vitest';
import { checkVolumeNames } from '../../../../src/run/container/volume-names.js';

test('names that the pod has', () => {
	expect(() => checkVolumeNames('--local-volume', ['data', 'cache'], ['cache', 'data', 'config'])).not.toThrow();
	expect(() => checkVolumeNames('--local-volume', [], [])).not.toThrow();
});

test.each([
	[['config'], '--local-volume: the pod has no volume "confg", only config; did you mean "config"?'],
	[['x', 'y'], '--local-volume: the pod has no volume "confg", only x, y; name one of those'],
	[[], '--local-volume: the pod has no volume "confg", nor any other; leave the flag out'],
])('one that it has not, of %j', (volumes, message) => {
	expect(() => checkVolumeNames('--local-volume', ['confg'], volumes)).toThrow(
		expect.objectContaining({ code: 'USAGE', message }),
	);
});
