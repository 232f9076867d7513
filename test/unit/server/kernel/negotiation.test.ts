import { describe, expect, test } from 'vitest';
import { negotiate } from '../../../../src/server/kernel/negotiation.js';
import { INIT_FLAG } from '../../../../src/wire/constants.js';

const OFFER = { major: 7, minor: 45, maxReadahead: 131072, flags: 0x73fffffb };
const ALWAYS_WANTED = [
	'ASYNC_READ',
	'BIG_WRITES',
	'DO_READDIRPLUS',
	'READDIRPLUS_AUTO',
	'PARALLEL_DIROPS',
	'ABORT_ERROR',
	'MAX_PAGES',
	'CACHE_SYMLINKS',
	'EXPLICIT_INVAL_DATA',
] as const;

describe('negotiate', () => {
	test('answers a recent kernel with the limits of a server that never writes', () => {
		expect(negotiate(OFFER)?.out).toEqual({
			major: 7,
			minor: 31,
			maxReadahead: 131072,
			flags: ALWAYS_WANTED.reduce((flags, name) => flags | INIT_FLAG[name], 0),
			maxBackground: 64,
			congestionThreshold: 48,
			maxWrite: 4096,
			timeGran: 1,
			maxPages: 256,
		});
	});

	test.each(ALWAYS_WANTED)('requests %s if it is offered, and only then', (name) => {
		expect(negotiate({ ...OFFER, flags: INIT_FLAG[name] })?.out.flags).toBe(INIT_FLAG[name]);
		expect((negotiate({ ...OFFER, flags: ~INIT_FLAG[name] })?.out.flags ?? 0) & INIT_FLAG[name]).toBe(0);
	});

	test.each([
		['POSIX_LOCKS', 1],
		['ATOMIC_O_TRUNC', 3],
		['EXPORT_SUPPORT', 4],
		['FLOCK_LOCKS', 10],
		['AUTO_INVAL_DATA', 12],
		['WRITEBACK_CACHE', 16],
		['POSIX_ACL', 20],
		['SETXATTR_EXT', 29],
		['INIT_EXT', 30],
	])('never asks for %s', (_, bit) => {
		expect((negotiate({ ...OFFER, flags: -1 })?.out.flags ?? -1) & (1 << bit)).toBe(0);
	});

	test.each([
		[7, 45, 31],
		[7, 31, 31],
		[7, 30, 30],
		[7, 12, 12],
		[8, 0, 31],
		[9, 99, 31],
	])('offered %i.%i it speaks 7.%i', (major, minor, spoken) => {
		const out = negotiate({ ...OFFER, major, minor })?.out;
		expect([out?.major, out?.minor]).toEqual([7, spoken]);
	});

	test.each([
		[7, 11],
		[7, 0],
		[6, 99],
		[0, 0],
	])('cannot speak with %i.%i', (major, minor) => {
		expect(negotiate({ ...OFFER, major, minor })).toBeUndefined();
	});

	test.each([
		[0, false, false],
		[INIT_FLAG.NO_OPEN_SUPPORT, true, false],
		[INIT_FLAG.NO_OPENDIR_SUPPORT, false, true],
	])('flags %i: open may be skipped %s, opendir %s', (flags, noOpen, noOpendir) => {
		expect(negotiate({ ...OFFER, flags })).toMatchObject({ noOpen, noOpendir, out: { flags: 0 } });
	});
});
