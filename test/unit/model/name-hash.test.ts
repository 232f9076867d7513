import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendNameHash, computeNameHash } from '../../../src/model/name-hash.js';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

function map(values: Readonly<Record<string, string>>): Map<string, Buffer> {
	return new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
}

type Values = Readonly<Record<string, string>>;
const VECTORS: readonly (readonly [name: string, data: Values | null, binaryData: Values | undefined, hash: string])[] =
	[
		['', {}, {}, '42745tchd9'],
		['', { one: '' }, undefined, '9g67k2htb6'],
		['', { two: '2', one: '', three: '3' }, undefined, 'f5h7t85m9b'],
		['', null, {}, 'dk855m5d49'],
		['', null, { one: '' }, 'mk79584b8c'],
		['', null, { two: '2', one: '', three: '3' }, 't458mc6db2'],
		['', { one: '' }, { two: '' }, '698h7c7t9m'],
		['foo', {}, undefined, '867km9574f'],
		['foo', { key1: 'value1', key2: 'value2' }, undefined, 'gcb75dd9gb'],
		['foo', { key1: '=value1' }, undefined, 'bdgk9ttt7m'],
		['valid_env', { key1: 'value1', key2: 'value2' }, undefined, '2cgh8552ch'],
		['getenv', { g_key1: '1', g_key2: '' }, undefined, 'b4hh92hgdk'],
		['with_spaces', { key1: '  value1' }, undefined, 'bfc558b4ct'],
	];

describe('computeNameHash', () => {
	it.each(VECTORS)('hashes %j %j %j as kubectl does', (name, data, binaryData, hash) => {
		const content = { name, data: data === null ? null : map(data) };
		expect(computeNameHash(binaryData ? { ...content, binaryData: map(binaryData) } : content)).toBe(hash);
	});

	it('hashes immutable only if it is present', () => {
		const hashes = [undefined, false, true].map((immutable) =>
			computeNameHash({ name: 'x', data: map({}), ...(immutable === undefined ? {} : { immutable }) }),
		);
		expect(new Set(hashes).size).toBe(3);
	});

	it('does not depend on the order of keys', () => {
		const forth = computeNameHash({ name: 'x', data: map({ a: '1', B: '2', 'a.b': '3' }) });
		expect(computeNameHash({ name: 'x', data: map({ 'a.b': '3', B: '2', a: '1' }) })).toBe(forth);
	});
});

describe('against the real kubectl', () => {
	const samples: readonly Values[] = [
		{},
		{ a: 'b' },
		{ a: '', b: ' ' },
		{ a: '<html>&amp;</html>' },
		{ 'a.b': 'x\ny\n', a_b: '\t', 'a-b': '\r\n', A: '"q"', z: '\\' },
		{ e: '\u00e9\u4e2d\u{1F600}' },
		{ s: 'a\u2028b\u2029c' },
		{ c: '\x01\x02\b\f\x0b\x1b\x1f\x7f' },
		{ n: 'a\0b' },
		{ b: '\ufeffx' },
		{ x: '\u0085\u00a0' },
		{ a10: '1', a9: '2', a1: '3', A1: '4', '1': '5', _: '6' },
	];
	it('returns the same suffix', (ctx) => {
		if (!hasKubectl) ctx.skip('kubectl is not on PATH: only the fixed vectors were checked');
		for (const sample of samples) {
			const folder = mkdtempSync(join(tmpdir(), 'cmfs-hash-'));
			try {
				for (const [key, value] of Object.entries(sample)) writeFileSync(join(folder, key), value);
				writeFileSync(join(folder, 'bin'), Buffer.from([0xff, 0xfe, sample.a?.length ?? 0]));
				const args = ['create', 'cm', 'n', `--from-file=${folder}`, '--append-hash', '--dry-run=client', '-o', 'name'];
				const printed = execFileSync('kubectl', args, { encoding: 'utf8' }).trim();
				const binaryData = new Map([['bin', Buffer.from([0xff, 0xfe, sample.a?.length ?? 0])]]);
				expect(`configmap/${appendNameHash({ name: 'n', data: map(sample), binaryData })}`).toBe(printed);
			} finally {
				rmSync(folder, { recursive: true });
			}
		}
	});
});
