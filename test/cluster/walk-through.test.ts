/**
 * The steps of tutorials about ConfigMaps with real kubectl: each command, and the volume after it. Their inputs are in
 * test/fixtures/walk-through. Steps about environment variables are left out.
 */

import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { controlPlanePrograms, useControlPlane } from '../support/control-plane.js';
import { Inotify, stopWatchers, WITHOUT_PYTHON } from '../support/inotify.js';
import { launchMount, type MountProcess, runCommand, startMount, stopAll } from '../support/mount-process.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';
import { SNAPSHOT_NAME } from '../support/tree-snapshot.js';
import { until } from '../support/until.js';

const INPUTS = fileURLToPath(new URL('../fixtures/walk-through/', import.meta.url));
const cluster = useControlPlane();

afterEach(async () => {
	stopWatchers();
	await stopAll();
	removeTemporaries();
});

interface Walk {
	/** Runs kubectl in the walk's namespace and directory. Returns its standard output. */
	kubectl(...args: readonly string[]): Promise<string>;
	/** The same for a command that fails. Returns its standard error. */
	refused(...args: readonly string[]): Promise<string>;
	/** The working directory, with the files of INPUTS. */
	readonly cwd: string;
	/** Runs `kubectl edit` with a script for sed as editor. */
	edit(script: string): void;
	/** A mount of the namespace, or of one object of it as --volume NAME. */
	mount(...args: readonly string[]): Promise<MountProcess>;
	/** The flags of such a mount. */
	readonly flags: readonly string[];
}

async function walk(): Promise<Walk> {
	const namespace = await cluster().namespace('walk');
	const kubeconfig = cluster().writeKubeconfig({ namespace });
	const cwd = temporaryDirectory('walk');
	for (const name of await readdir(INPUTS)) {
		if ((await stat(join(INPUTS, name))).isFile()) copyFileSync(join(INPUTS, name), join(cwd, name));
	}
	for (const name of await readdir(join(INPUTS, 'files'))) {
		copyFileSync(join(INPUTS, 'files', name), join(cwd, name));
	}
	const env = { KUBECONFIG: kubeconfig, HOME: cluster().directory, KUBE_EDITOR: join(cwd, 'editor.sh'), EDIT: '' };
	const run = async (args: readonly string[]) => {
		const { kubectl = 'kubectl' } = controlPlanePrograms();
		return await runCommand(kubectl, args, { env, cwd });
	};
	const flags = ['--kubeconfig', kubeconfig];
	return {
		cwd,
		flags,
		async kubectl(...args) {
			const { code, stdout, stderr } = await run(args);
			if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}`);
			return stdout;
		},
		async refused(...args) {
			const { code, stderr } = await run(args);
			expect(code).not.toBe(0);
			return stderr;
		},
		edit(script) {
			env.EDIT = script;
		},
		mount: async (...args) => await startMount(temporaryDirectory('mount'), [...flags, ...args]),
	};
}

async function contentOf(mount: MountProcess, path: string): Promise<string | undefined> {
	return await readFile(join(mount.dir, path), 'utf8').catch(() => undefined);
}

async function shows(mount: MountProcess, path: string, value: string | undefined): Promise<void> {
	await until(
		async () => (await contentOf(mount, path)) === value,
		() => `"${value}" in ${path}; the log:\n${mount.stderr}`,
	);
}

/** Lists as `ls` does. */
async function ls(mount: MountProcess, path = '.'): Promise<readonly string[]> {
	return (await runCommand('ls', [join(mount.dir, path)])).stdout.split('\n').filter((name) => name !== '');
}

async function lists(mount: MountProcess, names: readonly string[], path = '.'): Promise<void> {
	await until(async () => (await ls(mount, path)).join() === names.join(), `${names.join(' ')} in ${path}`);
}

/** Lists a volume as `ls -lA` does: its links with their targets and its only generation. */
async function linksOf(mount: MountProcess): Promise<Readonly<Record<string, string>>> {
	const names = await until(async () => {
		// A replaced generation goes a moment later.
		const listed = (await readdir(mount.dir)).sort();
		return listed.filter((name) => SNAPSHOT_NAME.test(name)).length === 1 && listed;
	}, 'one generation');
	const entries = await Promise.all(
		names.map(async (name) => {
			const path = join(mount.dir, name);
			return [name, (await lstat(path)).isSymbolicLink() ? await readlink(path) : 'directory'];
		}),
	);
	return Object.fromEntries(entries);
}

describe('updates and the switch of links', () => {
	test('create from a literal, then two patches: kubelet would log the same for each', async () => {
		const { kubectl, mount: start } = await walk();
		const created = await kubectl('create', 'configmap', 'demo-config', '--from-literal=example.key=Initial Value');
		expect(created).toBe('configmap/demo-config created\n');
		const mount = await start('--volume', 'demo-config', '--log-level', 'debug');
		expect(await contentOf(mount, 'example.key')).toBe('Initial Value');

		await kubectl('patch', 'configmap', 'demo-config', '-p', '{"data":{"example.key":"First Update:env variables"}}');
		await shows(mount, 'example.key', 'First Update:env variables');
		const before = await linksOf(mount);
		const generation = before['..data'] ?? '';
		expect(generation).toMatch(SNAPSHOT_NAME);
		expect(before).toEqual({
			[generation]: 'directory',
			'..data': generation,
			'example.key': '..data/example.key',
		});
		const link = await lstat(join(mount.dir, 'example.key'));

		const second = 'Now, Second update for symlinks';
		await kubectl('patch', 'configmap', 'demo-config', '-p', JSON.stringify({ data: { 'example.key': second } }));
		await shows(mount, 'example.key', second);
		const after = await linksOf(mount);
		expect(after['..data']).not.toBe(generation);
		expect(after[after['..data'] ?? '']).toBe('directory');
		// The key's link stays the same.
		const same = await lstat(join(mount.dir, 'example.key'));
		expect([same.ino, same.mtimeMs]).toEqual([link.ino, link.mtimeMs]);

		expect(await kubectl('get', 'configmap', 'demo-config', '-o', 'jsonpath={.data.example\\.key}')).toBe(second);
		const received = mount.logLines().flatMap(({ msg = '' }) => /containing .*/.exec(msg)?.[0] ?? []);
		expect(received).toEqual([
			'containing (1) pieces of data, 13 total bytes',
			'containing (1) pieces of data, 26 total bytes',
			'containing (1) pieces of data, 31 total bytes',
		]);
		await mount.stop();
		expect(mount.flips()).toBe(2);
	});

	test.skipIf(WITHOUT_PYTHON)(
		'apply: a watcher sees the new directory, the link beside, the rename, the old go',
		async () => {
			const { kubectl, mount: start, cwd } = await walk();
			await kubectl('apply', '-f', 'single-key.yaml');
			const mount = await start('--volume', 'my-config');
			expect(await contentOf(mount, 'myConfigmapKey')).toBe('myValue');
			const { '..data': generation = '' } = await linksOf(mount);
			const watcher = await Inotify.start([{ path: mount.dir }]);
			const manifest = join(cwd, 'single-key.yaml');
			writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('myValue', 'myOtherValue'));
			expect(await kubectl('apply', '-f', 'single-key.yaml')).toBe('configmap/my-config configured\n');
			await shows(mount, 'myConfigmapKey', 'myOtherValue');
			const events = () => watcher.events(0, [generation]).filter((event) => !event.endsWith('ATTRIB'));
			await watcher.waitFor(() => events().includes('<1> DELETE'), 'the old generation to go');
			expect(events()).toEqual([
				'<2> CREATE',
				'..data_tmp CREATE',
				'..data_tmp MOVED_FROM',
				'..data MOVED_TO',
				'<1> DELETE',
			]);
			await watcher.stop();
			// No change of data, so no flip.
			expect(await kubectl('apply', '-f', 'single-key.yaml')).toBe('configmap/my-config unchanged\n');
			await mount.stop();
			expect(mount.flips()).toBe(1);
		},
	);

	test('edit: one line of a multi-line key', async () => {
		const { kubectl, edit, mount: start } = await walk();
		await kubectl('apply', '-f', 'app-config.yaml');
		const mount = await start('--volume', 'app-config');
		const text = 'logLevel: INFO\nfeatureFlags:\n  newUI: false\n';
		expect(await contentOf(mount, 'config.yaml')).toBe(text);
		edit('s/newUI: false/newUI: true # changed/');
		expect(await kubectl('edit', 'configmap', 'app-config')).toBe('configmap/app-config edited\n');
		await shows(mount, 'config.yaml', text.replace('false', 'true # changed'));
		edit('');
		// "Edit cancelled, no changes made", on standard error.
		expect(await kubectl('edit', 'configmap', 'app-config')).toBe('');
		await mount.stop();
		expect(mount.flips()).toBe(1);
	});
});

describe('ways to make a ConfigMap', () => {
	test('from a literal, from a manifest, replaced by another manifest', async () => {
		const { kubectl, mount: start } = await walk();
		const mount = await start();
		const message = 'This status message is set in the kiada-config config map';
		await kubectl('create', 'configmap', 'kiada-config', '--from-literal', `status-message=${message}`);
		await shows(mount, 'kiada-config/status-message', message);
		await kubectl('delete', 'cm', 'kiada-config');
		await lists(mount, []);
		await kubectl('apply', '-f', 'status.yaml');
		await shows(mount, 'kiada-config/status-message', 'from a manifest');
		expect(await kubectl('get', 'cm', '-o', 'name')).toBe('configmap/kiada-config\n');
		expect(await kubectl('replace', '-f', 'status-for-env.yaml')).toBe('configmap/kiada-config replaced\n');
		await shows(mount, 'kiada-config/INITIAL_STATUS_MESSAGE', 'from another manifest');
		await lists(mount, ['INITIAL_STATUS_MESSAGE', 'KEY2', 'KEY3'], 'kiada-config');
	});

	test('from files, under their names and others, from a directory, and from an env file', async () => {
		const { kubectl, mount: start, cwd } = await walk();
		const mount = await start();
		const binary = Buffer.concat([Buffer.from([0xff, 0x00]), randomBytes(126)]);
		writeFileSync(join(cwd, 'dummy.bin'), binary);
		const envoy = readFileSync(join(cwd, 'envoy.yaml'), 'utf8');
		await kubectl('create', 'configmap', 'files', '--from-file=envoy.yaml', '--from-file=main=envoy.yaml');
		await shows(mount, 'files/main', envoy);
		expect(await contentOf(mount, 'files/envoy.yaml')).toBe(envoy);

		// From a directory: its files, without subdirectories, links and names that are not keys.
		const folder = join(cwd, 'folder');
		mkdirSync(join(folder, 'below'), { recursive: true });
		writeFileSync(join(folder, 'below/hidden'), 'x');
		copyFileSync(join(cwd, 'envoy.yaml'), join(folder, 'envoy.yaml'));
		copyFileSync(join(cwd, 'dummy.bin'), join(folder, 'dummy.bin'));
		symlinkSync('envoy.yaml', join(folder, 'link'));
		await kubectl('create', 'configmap', 'folder', '--from-file=folder');
		await shows(mount, 'folder/envoy.yaml', envoy);
		expect(await ls(mount, 'folder')).toEqual(['dummy.bin', 'envoy.yaml']);
		expect(binary.equals(await readFile(join(mount.dir, 'folder/dummy.bin')))).toBe(true);

		await kubectl('create', 'configmap', 'env', '--from-env-file=settings.env');
		await shows(mount, 'env/key-b', 'two words');
		expect(await ls(mount, 'env')).toEqual(['key-a', 'key-b']);
		expect(await refusedKey(kubectl)).toContain('a valid config key must consist of alphanumeric characters');
	});

	test('the program shows the objects that kubectl makes of the same flags', async () => {
		const { kubectl, mount: start, cwd } = await walk();
		writeFileSync(join(cwd, 'dummy.bin'), randomBytes(200));
		const flags = ['--from-file=envoy.yaml', '--from-file=raw=dummy.bin', '--from-literal=a=b'];
		await kubectl('create', 'configmap', 'same', ...flags);
		const remote = await start('--volume', 'same');
		const local = await startMount(temporaryDirectory('mount'), ['--create', 'same', '--volume', 'same', ...flags], {
			cwd,
		});
		const names = await ls(remote);
		expect(names).toEqual(['a', 'envoy.yaml', 'raw']);
		expect(await ls(local)).toEqual(names);
		for (const name of names) {
			expect((await readFile(join(remote.dir, name))).equals(await readFile(join(local.dir, name)))).toBe(true);
		}
	});

	test('a manifest made with --dry-run: text and bytes, and white space at the end of a line', async () => {
		const { kubectl, mount: start, cwd, flags } = await walk();
		const binary = Buffer.concat([Buffer.from([0xfe]), randomBytes(63)]);
		writeFileSync(join(cwd, 'dummy.bin'), binary);
		const dry = ['--from-file=dummy.bin', '--dry-run=client', '-o', 'yaml'] as const;
		const manifest = await kubectl('create', 'configmap', 'kiada-envoy-config', '--from-file=envoy.yaml', ...dry);
		expect(manifest).toContain('binaryData:');
		writeFileSync(join(cwd, 'cm.kiada-envoy-config.yaml'), manifest);

		// A pod without its volume is in ContainerCreating, and the mount waits too. An optional volume starts at once.
		const volume = ['--volume', 'kiada-envoy-config'];
		const { mount, ready } = launchMount(temporaryDirectory('mount'), [...flags, ...volume]);
		await mount.waitForLog(({ msg = '' }) => msg.startsWith('waiting: configmap "kiada-envoy-config" not found'));
		const optional = await start(...volume, '--optional');
		expect(await ls(optional)).toEqual([]);
		await kubectl('apply', '-f', 'cm.kiada-envoy-config.yaml');
		await ready;
		for (const one of [mount, optional]) {
			await lists(one, ['dummy.bin', 'envoy.yaml']);
			expect(binary.equals(await readFile(join(one.dir, 'dummy.bin')))).toBe(true);
		}
		// The same manifest without the cluster shows the same.
		const local = await startMount(temporaryDirectory('mount'), [...volume, '-f', 'cm.kiada-envoy-config.yaml'], {
			cwd,
		});
		expect(await ls(local)).toEqual(['dummy.bin', 'envoy.yaml']);
		expect(await contentOf(local, 'envoy.yaml')).toBe(await contentOf(mount, 'envoy.yaml'));

		const spaces = 'envoy-trailingspace.yaml';
		const both = ['--from-file=envoy.yaml', `--from-file=${spaces}`, '--dry-run=client', '-o', 'yaml'];
		const demo = await kubectl('create', 'configmap', 'whitespace-demo', ...both);
		expect(demo).toContain(`${spaces}: "admin: \\n`);
		writeFileSync(join(cwd, 'demo.yaml'), demo);
		await kubectl('apply', '-f', 'demo.yaml');
		const shown = await start('--volume', 'whitespace-demo');
		expect(await contentOf(shown, spaces)).toBe(readFileSync(join(cwd, spaces), 'utf8'));
	});
});

describe('volumes', () => {
	test('only some keys, and the modes of files', async () => {
		const { kubectl, mount: start } = await walk();
		await kubectl('create', 'configmap', 'kiada-envoy-config', '--from-file=envoy.yaml', '--from-literal=dummy=x');
		const volume = ['--volume', 'kiada-envoy-config'];
		const items = await start(...volume, '--item', 'envoy.yaml=envoy.yaml');
		expect(await ls(items)).toEqual(['envoy.yaml']);
		const modes = await start(...volume, '--default-mode', '0740', '--item', 'envoy.yaml=e', '--item', 'dummy=d:0400');
		const modeOf = async (mount: MountProcess, path: string) => (await stat(join(mount.dir, path))).mode & 0o777;
		expect(await modeOf(items, 'envoy.yaml')).toBe(0o644);
		expect([await modeOf(modes, 'e'), await modeOf(modes, 'd')]).toEqual([0o740, 0o400]);
		// A link has no mode of its own.
		expect((await lstat(join(modes.dir, 'e'))).mode & 0o777).toBe(0o777);
	});

	test('an immutable object cannot be changed; it is recreated, or replaced by one of another name', async () => {
		const { kubectl, refused, mount: start } = await walk();
		await kubectl('create', '-f', 'immutable.yaml');
		const mount = await start();
		expect(await ls(mount, 'my-immutable-configmap')).toEqual(['another-key', 'mykey']);
		const patch = ['patch', 'configmap', 'my-immutable-configmap', '-p'] as const;
		expect(await refused(...patch, '{"data":{"mykey":"x"}}')).toContain('field is immutable when `immutable` is set');
		expect(await refused(...patch, '{"immutable":false}')).toContain('field is immutable when `immutable` is set');
		await kubectl('create', 'configmap', 'my-immutable-configmap-v2', '--from-literal=mykey=x');
		await shows(mount, 'my-immutable-configmap-v2/mykey', 'x');
		await kubectl('delete', 'configmap', 'my-immutable-configmap');
		await lists(mount, ['my-immutable-configmap-v2']);
		await kubectl('create', 'configmap', 'my-immutable-configmap', '--from-literal=mykey=y');
		await shows(mount, 'my-immutable-configmap/mykey', 'y');
	});

	test('deleted: the mount keeps the content, and shows the next object of the same name', async () => {
		const { kubectl, mount: start } = await walk();
		await kubectl('apply', '-f', 'single-key.yaml');
		const mount = await start('--volume', 'my-config');
		await kubectl('delete', 'configmap', 'my-config');
		await mount.waitForLog(({ msg = '' }) => msg.includes('the last content stays'));
		expect(await contentOf(mount, 'myConfigmapKey')).toBe('myValue');
		await kubectl('create', 'configmap', 'my-config', '--from-literal=myConfigmapKey=new');
		await shows(mount, 'myConfigmapKey', 'new');
	});
});

/** A key with other characters than letters, digits, dashes, underscores and dots. */
async function refusedKey(kubectl: Walk['kubectl']): Promise<string> {
	return await kubectl('create', 'configmap', 'bad', '--from-literal=no/key=x').then(
		() => 'accepted',
		(error: Error) => error.message,
	);
}
