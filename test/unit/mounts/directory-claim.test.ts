import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { claimDirectory, isClaimed } from '../../../src/mounts/directory-claim.js';
import { Scratch } from '../../support/fixtures/scratch.js';

const scratch = new Scratch();

afterEach(() => scratch.clear());

describe('claimDirectory', () => {
	test('one claim at a time, and a released one can be taken again', () => {
		const directory = scratch.directory();
		expect(isClaimed(directory)).toBe(false);
		const first = claimDirectory(directory);
		expect([claimDirectory(directory), isClaimed(directory)]).toEqual([undefined, true]);
		first?.release();
		expect(isClaimed(directory)).toBe(false);
		const second = claimDirectory(directory);
		expect(second).toBeDefined();
		second?.release();
	});

	test('claims of two directories are independent', () => {
		const [one, other] = [scratch.directory(), scratch.directory()];
		const claim = claimDirectory(one);
		expect(isClaimed(other)).toBe(false);
		claim?.release();
	});

	test('the claim of a killed process ends', async () => {
		const directory = scratch.directory();
		const args = ['-F', directory, 'sh', '-c', 'echo locked; exec sleep 60'];
		const holder = spawn('flock', args, { stdio: ['ignore', 'pipe', 'ignore'] });
		await once(holder.stdout, 'data');
		expect([claimDirectory(directory), isClaimed(directory)]).toEqual([undefined, true]);
		process.kill(holder.pid ?? 0, 'SIGKILL');
		await once(holder, 'exit');
		expect(isClaimed(directory)).toBe(false);
	});

	test('a path that is not a directory, or does not exist', () => {
		const file = join(scratch.directory(), 'file');
		writeFileSync(file, '');
		expect(() => claimDirectory(file)).toThrow(/ENOTDIR/);
		expect(() => claimDirectory(`${file}x`)).toThrow(/ENOENT/);
		expect([isClaimed(file), isClaimed(`${file}x`)]).toEqual([false, false]);
	});
});
