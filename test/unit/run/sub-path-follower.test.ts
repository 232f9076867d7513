import { expect, test } from 'vitest';
import { SubPathFollower } from '../../../src/run/sub-path-follower.js';
import { RecordingLog } from './recording-log.js';

function setUp() {
	const log = new RecordingLog();
	const replaced: string[] = [];
	const sources: Record<string, string | Error | undefined> = { '/etc/a': '/v/..2/a', '/etc/b': '/w/..2/b' };
	const follower = new SubPathFollower(log.log);
	const subPath = (volume: string, target: string) => ({
		volume,
		target,
		source: () => {
			const source = sources[target];
			if (source instanceof Error) throw source;
			return source;
		},
	});
	const placed = { replace: (source: string, target: string) => void replaced.push(`${target} = ${source}`) };
	const follow = () =>
		follower.follow([subPath('v', '/etc/a'), subPath('v', '/etc/a2'), subPath('w', '/etc/b')], placed);
	return { log, replaced, sources, follower, follow };
}

test('a flip replaces the subPaths of its volume', () => {
	const { replaced, sources, follower, follow } = setUp();
	sources['/etc/a2'] = '/v/..2/dir';
	follower.flipped('v');
	expect(replaced).toEqual([]);
	follow();
	follower.flipped('v');
	expect(replaced).toEqual(['/etc/a = /v/..2/a', '/etc/a2 = /v/..2/dir']);
	follower.flipped('w');
	expect(replaced).toHaveLength(3);
});

test('one that is gone, or cannot be replaced, keeps its content; the others follow', () => {
	const { log, replaced, sources, follower, follow } = setUp();
	follow();
	sources['/etc/a'] = undefined;
	sources['/etc/a2'] = '/v/..2/a2';
	follower.flipped('v');
	expect(replaced).toEqual(['/etc/a2 = /v/..2/a2']);
	expect(log.take()).toEqual(['warn: the subPath at /etc/a no longer exists; the mount keeps its last content']);
	sources['/etc/a'] = new Error('leads out of the volume');
	follower.flipped('v');
	expect(replaced).toHaveLength(2);
	expect(log.take()).toEqual(['warn: cannot update the subPath at /etc/a; the mount keeps its last content']);
});

test('after stop nothing follows, until the next start', () => {
	const { replaced, follower, follow } = setUp();
	follow();
	follower.stop();
	follower.flipped('w');
	expect(replaced).toEqual([]);
	follow();
	follower.flipped('w');
	expect(replaced).toEqual(['/etc/b = /w/..2/b']);
});
