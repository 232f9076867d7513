/** Random changes of real files: the source ends at the state that a new source reads. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { SILENT } from '../../../../src/base/log.js';
import { SYSTEM_TIMERS, type Timers } from '../../../../src/base/timers.js';
import type { ConfigMap } from '../../../../src/model/config-map.js';
import { ManifestSource } from '../../../../src/sources/manifests/manifest-source.js';
import { WAIT_MS } from '../../../support/until.js';
import { StateSink } from '../../store/source-objects.js';

const FAST: Timers = {
	now: () => SYSTEM_TIMERS.now() * 4,
	after: (delayMs, call) => SYSTEM_TIMERS.after(delayMs / 4, call),
};
const FOLDERS = ['', 'p', 'p/q', 'r', 'p/q/s'];

/** Random numbers below `limit`, which depend only on the seed. */
function seededRandom(seed: number): (limit: number) => number {
	let state = seed;
	return (limit) => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
		return (state >> 8) % limit;
	};
}

async function open(path: string, timers: Timers, onState: (state: string) => void): Promise<ManifestSource> {
	const source = new ManifestSource({ path, recursive: true, defaultNamespace: 'default', log: SILENT, timers });
	const show = ({ key, data }: ConfigMap) => `${key.name}=${data.get('k')}`;
	const sink = new StateSink();
	sink.onChange = () => onState(sink.configMaps.map(show).sort().join(' '));
	await source.start(sink);
	return source;
}

async function freshState(path: string): Promise<string> {
	let state = '';
	const source = await open(path, SYSTEM_TIMERS, (now) => {
		state = now;
	});
	await source.close();
	return state;
}

/** One random change; a change that is not possible does nothing. */
function change(base: string, random: (limit: number) => number, serial: number): void {
	const root = join(base, 'in');
	const folder = FOLDERS[random(FOLDERS.length)] ?? '';
	const file = join(root, folder, `${random(3)}.yaml`);
	const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n${random(6)}}\ndata: {k: v${serial}}\n`;
	const actions: readonly (() => void)[] = [
		() => mkdirSync(join(root, folder), { recursive: true }),
		() => writeFileSync(file, text),
		() => writeFileSync(file, text),
		() => {
			writeFileSync(`${file}.tmp`, text);
			renameSync(`${file}.tmp`, file);
		},
		() => unlinkSync(file),
		() => folder !== '' && rmSync(join(root, folder), { recursive: true }),
		() => renameSync(join(root, 'p'), join(root, 'r', `p${serial}`)),
		() => renameSync(join(root, 'p'), join(base, `out${serial}`)),
		() => renameSync(join(root, 'r'), join(root, 'p', 'q', 's')),
		() => symlinkSync(join(root, FOLDERS[random(FOLDERS.length)] ?? '', '1.yaml'), file),
		() => {
			renameSync(root, join(base, 'away'));
			renameSync(join(base, 'away'), root);
		},
	];
	try {
		actions[random(actions.length)]?.();
	} catch {
		// Not possible in this state of the tree.
	}
}

it('ManifestSource ends at the present state of the files after any changes', async () => {
	const base = mkdtempSync(join(tmpdir(), 'cfs-walk-'));
	const root = join(base, 'in');
	mkdirSync(root);
	const random = seededRandom(7);
	let state = '';
	const source = await open(root, FAST, (now) => {
		state = now;
	});
	try {
		const seen = new Set<string>();
		let serial = 0;
		for (let round = 0; round < 25; round += 1) {
			for (let count = random(25); count >= 0; count -= 1) {
				serial += 1;
				change(base, random, serial);
				if (random(4) === 0) await new Promise((resolve) => setTimeout(resolve, random(6)));
			}
			const expected = await freshState(root);
			await vi.waitFor(() => expect(state).toBe(expected), { timeout: WAIT_MS, interval: 5 });
			seen.add(expected);
		}
		expect(seen.size).toBeGreaterThan(15);
	} finally {
		await source.close();
		rmSync(base, { recursive: true, force: true });
	}
});
