/**
 * `-k DIR` with the real program: what a kustomization makes is mounted, and follows every file that it is made of. A
 * changed value gives a generated ConfigMap another name, so that its directory goes when the new one has come.
 */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { controlPlanePrograms } from '../../support/control-plane.js';
import { type MountProcess, runProgram, startMount, stopAll } from '../../support/mount-process.js';
import { mountsBelow, removeTemporaries, temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';

let tree: string;
let env: Readonly<Record<string, string>>;

beforeEach(() => {
	const { kubectl } = controlPlanePrograms();
	if (kubectl === undefined) throw new Error('kubectl is missing; run: node scripts/control-plane/ensure.mjs');
	env = { PATH: `${dirname(kubectl)}:${process.env.PATH}` };
	tree = temporaryDirectory('kustomize');
	write(
		'base/kustomization.yaml',
		'resources: [deploy.yaml, plain.yaml]\nconfigMapGenerator:\n- {name: app, files: [app.conf], envs: [app.env]}\n',
	);
	write('base/deploy.yaml', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n');
	write('base/plain.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata: {key: plain}\n');
	write('base/app.conf', 'port=80\n');
	write('base/app.env', 'HOST=base\n');
	write('dev/kustomization.yaml', 'namePrefix: dev-\nresources: [../base]\npatches: [{path: patch.yaml}]\n');
	write('dev/patch.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata: {key: patched}\n');
});

afterEach(async () => {
	await stopAll();
	removeTemporaries();
});

function write(name: string, text: string): void {
	mkdirSync(dirname(join(tree, name)), { recursive: true });
	writeFileSync(join(tree, name), text);
}

function save(name: string, text: string): void {
	write(`${name}.new`, text);
	renameSync(join(tree, `${name}.new`), join(tree, name));
}

async function mountTree(...args: readonly string[]): Promise<MountProcess> {
	return await startMount(temporaryDirectory('mount'), args, { cwd: tree, env });
}

function volumes(mount: MountProcess): readonly string[] {
	return readdirSync(mount.dir).sort();
}

function content(mount: MountProcess, path: string): string | undefined {
	try {
		return readFileSync(join(mount.dir, path), 'utf8');
	} catch {
		return undefined;
	}
}

/** The directory of the generated ConfigMap that has this in its app.conf, when it is there. */
async function generated(mount: MountProcess, conf: string): Promise<string> {
	return await until(
		() => volumes(mount).find((name) => name.startsWith('dev-app-') && content(mount, `${name}/app.conf`) === conf),
		() => `a directory with ${JSON.stringify(conf)} among ${volumes(mount).join()}; the log:\n${mount.stderr}`,
	);
}

describe('a kustomization', () => {
	test('shows its ConfigMaps under the names that it generates', async () => {
		const mount = await mountTree('-k', 'dev');
		const name = await generated(mount, 'port=80\n');
		expect(name).toMatch(/^dev-app-[a-z0-9]{10}$/);
		expect(volumes(mount)).toEqual([name, 'dev-plain']);
		expect(content(mount, `${name}/HOST`)).toBe('base');
		expect(content(mount, 'dev-plain/key')).toBe('patched');
		expect(mount.logLines().filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
	});

	test('follows the files of a generator: the new directory comes, then the old one goes', async () => {
		const mount = await mountTree('-k', 'dev');
		const first = await generated(mount, 'port=80\n');
		let last = first;
		for (const port of ['81', '82', '83']) {
			// Each read sees at least one of the two, and never a partial file.
			let looks = 0;
			save('base/app.conf', `port=${port}\n`);
			await until(() => {
				const contents = volumes(mount)
					.filter((name) => name.startsWith('dev-app-'))
					.map((name) => content(mount, `${name}/app.conf`));
				looks += 1;
				expect(contents.length, `look ${looks}`).toBeGreaterThan(0);
				return contents.includes(`port=${port}\n`) && contents.length === 1;
			}, `port ${port}`);
			const next = await generated(mount, `port=${port}\n`);
			expect(next).not.toBe(last);
			last = next;
		}
		save('base/app.conf', 'port=80\n');
		expect(await generated(mount, 'port=80\n')).toBe(first);
		await until(() => volumes(mount).length === 2, 'the end of the old directory');
		write('base/app.env', 'HOST=edited\n');
		await until(
			() => volumes(mount).some((name) => content(mount, `${name}/HOST`) === 'edited'),
			'the new value of the env file',
		);
	});

	test('follows patches, resources, and kustomizations, and new files in them', async () => {
		const mount = await mountTree('-k', 'dev');
		save('dev/patch.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata: {key: again}\n');
		await until(() => content(mount, 'dev-plain/key') === 'again', 'the patch');
		write('base/more.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {key: "1"}\n');
		save('base/kustomization.yaml', 'resources: [plain.yaml, more.yaml]\n');
		await until(
			() => volumes(mount).join() === 'dev-more,dev-plain',
			() => volumes(mount).join(),
		);
		save('base/more.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {key: "2"}\n');
		await until(() => content(mount, 'dev-more/key') === '2', 'the new resource');
		save('dev/kustomization.yaml', 'nameSuffix: -x\nresources: [../base]\n');
		await until(
			() => volumes(mount).join() === 'more-x,plain-x',
			() => volumes(mount).join(),
		);
	});

	test('with a stable name is one directory that flips', async () => {
		save(
			'base/kustomization.yaml',
			'generatorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator: [{name: app, files: [app.conf]}]\n',
		);
		const mount = await mountTree('-k', 'base', '--volume', 'app');
		expect(content(mount, 'app.conf')).toBe('port=80\n');
		save('base/app.conf', 'port=81\n');
		await until(() => content(mount, 'app.conf') === 'port=81\n', 'the new value');
		await mount.stop();
		expect(mount.flips('default/app')).toBe(1);
	});

	test('is a layer among others', async () => {
		write(
			'local.yaml',
			'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dev-plain}\ndata: {key: local, more: local}\n',
		);
		const [above, below] = [
			await mountTree('-k', 'dev', '-f', 'local.yaml'),
			await mountTree('-f', 'local.yaml', '-k', 'dev'),
		];
		expect(content(above, 'dev-plain/key')).toBe('local');
		expect(content(below, 'dev-plain/key')).toBe('patched');
		expect(content(below, 'dev-plain/more')).toBe('local');
	});

	test('that is broken keeps its last result, and logs the error of the program', async () => {
		const mount = await mountTree('-k', 'dev');
		save('base/kustomization.yaml', 'resources: [plain.yaml, absent.yaml]\n');
		const line = await mount.waitForLog(({ level }) => level === 'error');
		expect(line.msg).toMatch(
			/^kustomize dev: kubectl kustomize: .*absent\.yaml.*; run "kubectl kustomize dev" to see the same error$/,
		);
		expect(line.msg).not.toContain('command failed');
		expect(volumes(mount)).toHaveLength(2);
		write('base/absent.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n');
		await mount.waitForLog(({ event }) => event === 'resolved');
		await until(
			() => volumes(mount).join() === 'dev-late,dev-plain',
			() => volumes(mount).join(),
		);
		expect(mount.logLines().filter(({ event }) => event === 'problem')).toHaveLength(1);
	});

	test('that reaches outside of itself needs to be allowed', async () => {
		write('dev/kustomization.yaml', 'configMapGenerator: [{name: app, files: [../base/app.conf]}]\n');
		const args = ['-k', 'dev'];
		const refused = await runProgram(['mount', temporaryDirectory('mount'), ...args], { cwd: tree, env });
		expect(refused.code).toBe(65);
		expect(refused.stderr).toMatch(
			/^error: kustomize dev: .*; pass --kustomize-arg=--load-restrictor=LoadRestrictionsNone\n$/,
		);
		const allowed = ['--kustomize-arg', '--load-restrictor=LoadRestrictionsNone', ...args];
		const mount = await mountTree(...allowed);
		expect(volumes(mount).join()).toMatch(/^app-/);
		save('base/app.conf', 'port=81\n');
		await until(() => volumes(mount).some((name) => content(mount, `${name}/app.conf`) === 'port=81\n'), 'the edit');
	});
});

describe('no mount is made', () => {
	const refused = async (args: readonly string[], more: Readonly<Record<string, string>> = env) => {
		const dir = temporaryDirectory('mount');
		const { code, stderr } = await runProgram(['mount', dir, ...args], { cwd: tree, env: more });
		expect(mountsBelow(dir)).toEqual([]);
		return { code, stderr };
	};

	test('of a directory without a kustomization', async () => {
		rmSync(join(tree, 'dev/kustomization.yaml'));
		const { code, stderr } = await refused(['-k', 'dev']);
		expect(code).toBe(65);
		expect(stderr).toMatch(
			/^error: kustomize dev: .*unable to find one of .*; a directory of plain manifests is read with -f\n$/,
		);
		expect(await refused(['-k', 'absent'])).toEqual({ code: 66, stderr: 'error: the path "absent" does not exist\n' });
	});

	test('without a program that builds it', async () => {
		const { code, stderr } = await refused(['-k', 'dev'], { PATH: tree });
		expect(code).toBe(66);
		expect(stderr).toMatch(/^error: cannot build "dev": neither kubectl nor kustomize is in PATH; install /);
	});
});
