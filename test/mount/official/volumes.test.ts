/**
 * Sections A and D: volumes of ConfigMaps, direct and projected. Both have the same cases; they differ in the notation of
 * the volume and in its mount path.
 * Source: kubernetes v1.20.2 test/e2e/common/configmap_volume.go and projected_configmap.go.
 */

import { expect } from 'vitest';
import { configMap, type Fields, type Manifest, ManifestFile, pod } from '../../support/pod-manifest.js';
import type { CaseId } from './cases.js';
import { contentLine, failureLine, loop, modeLine, mounttest, THREE } from './mounttest.js';
import { type CaseContext, type DefineCase, officialCases } from './official.js';

interface Source {
	readonly name: string;
	readonly items?: readonly Fields[];
	readonly defaultMode?: number;
	readonly optional?: boolean;
}

/** One of the two notations of a volume. */
interface Writing {
	/** Case numbers by their subject. */
	readonly ids: Readonly<Record<'plain' | 'mode' | 'fsGroupMode' | 'nonRoot' | 'fsGroup', CaseId>> &
		Readonly<Record<'mapped' | 'mappedMode' | 'mappedNonRoot' | 'mappedFsGroup', CaseId>> &
		Readonly<Record<'updates' | 'optional' | 'several' | 'noObject' | 'noKey', CaseId>>;
	readonly path: string;
	readonly optionalPath: string;
	volume(source: Source): Fields;
	/** A volume with one key at a path, with mode 0400. */
	mappedWithMode(source: Source): Fields;
}

const READ = 'r--------';
const ITEMS = [{ key: 'data-2', path: 'path/to/data-2' }];

const CONFIG_MAP: Writing = {
	ids: {
		...{ plain: 'A1', mode: 'A2', fsGroupMode: 'A3', nonRoot: 'A4', fsGroup: 'A5', mapped: 'A6', mappedMode: 'A7' },
		...{ mappedNonRoot: 'A8', mappedFsGroup: 'A9', updates: 'A10', optional: 'A12', several: 'A13' },
		...{ noObject: 'A15', noKey: 'A16' },
	},
	path: '/etc/configmap-volume',
	optionalPath: '/etc/configmap-volumes',
	volume: (source) => ({ configMap: source }),
	mappedWithMode: ({ name }) => ({ configMap: { name, items: ITEMS.map((item) => ({ ...item, mode: 0o400 })) } }),
};

const PROJECTED: Writing = {
	ids: {
		...{ plain: 'D1', mode: 'D2', fsGroupMode: 'D3', nonRoot: 'D4', fsGroup: 'D5', mapped: 'D6', mappedMode: 'D7' },
		...{ mappedNonRoot: 'D8', mappedFsGroup: 'D9', updates: 'D10', optional: 'D11', several: 'D12' },
		...{ noObject: 'D13', noKey: 'D14' },
	},
	path: '/etc/projected-configmap-volume',
	optionalPath: '/etc/projected-configmap-volumes',
	volume: ({ defaultMode, ...source }) => ({ projected: { defaultMode, sources: [{ configMap: source }] } }),
	// The official test sets the mode of the volume instead of the item.
	mappedWithMode: ({ name }) => ({
		projected: { defaultMode: 0o400, sources: [{ configMap: { name, items: ITEMS } }] },
	}),
};

const MAP = configMap('configmap-test-volume', THREE);
const ONE = { 'data-1': 'value-1' };
/** User and group of the cases that do not run as root. */
const NON_ROOT = { runAsUser: 1000 };
const GROUP = { fsGroup: 1001 };

/** Prints its user before it executes the given program. */
const PRINT_USER = ['sh', '-c', 'id -u; exec "$0" "$@"'];

/** A pod with one container that mounts one volume, read-only. */
function podWith(container: Fields, volume: Fields, mountPath: string, spec: Fields = {}): Manifest {
	return pod(
		'pod-configmaps',
		{ volumeMounts: [{ name: 'configmap-volume', mountPath, readOnly: true }], ...container },
		{ volumes: [{ name: 'configmap-volume', ...volume }], ...spec },
	);
}

interface Expected {
	/** In Go's notation. Undefined: the case does not check it. */
	readonly mode?: string;
	readonly securityContext?: Fields;
}

/** Runs mounttest on one file of the volume. */
async function readsOnce(
	context: CaseContext,
	writing: Writing,
	volume: Fields,
	file: readonly [path: string, content: string],
	{ mode, securityContext }: Expected = {},
): Promise<void> {
	const path = `${writing.path}/${file[0]}`;
	const flags = [`--file_content=${path}`, `--file_mode=${path}`, `--file_owner=${path}`];
	const container = { ...mounttest(context.agnhost, flags), command: [...PRINT_USER, context.agnhost] };
	const manifest = podWith(container, volume, writing.path, { securityContext });
	const { code, stdout, stderr } = await context.toEnd([MAP, manifest]);
	expect(code, stderr).toBe(0);
	const uid = context.isRoot ? (securityContext?.runAsUser ?? 0) : context.way.user?.uid;
	if (uid !== undefined) expect(stdout.split('\n')[0]).toBe(String(uid));
	expect(stdout).toContain(contentLine(path, file[1]));
	if (mode !== undefined) expect(stdout).toContain(modeLine(path, mode));
	expectOwner(context, stdout, path, securityContext);
	expectWarnings(context, stderr, securityContext);
}

/** The caller owns the files. Their group is the fsGroup if the caller may set it. */
function expectOwner({ isRoot, way }: CaseContext, stdout: string, path: string, securityContext?: Fields): void {
	const uid = isRoot ? 0 : way.user?.uid;
	const gid = isRoot ? (securityContext?.fsGroup ?? 0) : way.user?.gid;
	if (uid !== undefined) expect(stdout).toContain(`owner UID of "${path}": ${uid}\n`);
	if (gid !== undefined) expect(stdout).toContain(`owner GID of "${path}": ${gid}\n`);
}

/** An ordinary user cannot become another user and gets a warning; root can. */
function expectWarnings({ isRoot }: CaseContext, stderr: string, securityContext: Fields = {}): void {
	const wanted = [
		...('runAsUser' in securityContext
			? ['runAsUser 1000: only root can become another user; the application runs as you']
			: []),
		...('fsGroup' in securityContext ? ['groups 1001: you are not a member, and only root can join them'] : []),
	];
	if (isRoot) expect(stderr).toBe('');
	else for (const text of wanted) expect(stderr).toContain(text);
}

function defineVolumeCases(official: DefineCase, writing: Writing): void {
	const { ids, path, optionalPath, volume } = writing;
	const { name } = MAP.metadata;
	const plain = ['data-1', 'value-1'] as const;
	const mapped = ['path/to/data-2', 'value-2'] as const;
	const mappedVolume = volume({ name, items: ITEMS });

	official(ids.plain, (context) => readsOnce(context, writing, volume({ name }), plain, { mode: '-rw-r--r--' }));
	official(ids.mode, (context) =>
		readsOnce(context, writing, volume({ name, defaultMode: 0o400 }), plain, { mode: `-${READ}` }),
	);
	// As root the process runs as another user, which can read the file only through its group.
	official(ids.fsGroupMode, (context) =>
		readsOnce(context, writing, volume({ name, defaultMode: 0o440 }), plain, {
			mode: '-r--r-----',
			securityContext: { ...NON_ROOT, ...GROUP },
		}),
	);
	official(ids.nonRoot, (context) =>
		readsOnce(context, writing, volume({ name }), plain, { mode: '-rw-r--r--', securityContext: NON_ROOT }),
	);
	official(ids.fsGroup, (context) =>
		readsOnce(context, writing, volume({ name }), plain, {
			mode: '-rw-r--r--',
			securityContext: { ...NON_ROOT, ...GROUP },
		}),
	);
	official(ids.mapped, (context) => readsOnce(context, writing, mappedVolume, mapped, { mode: '-rw-r--r--' }));
	official(ids.mappedMode, (context) =>
		readsOnce(context, writing, writing.mappedWithMode({ name }), mapped, { mode: `-${READ}` }),
	);
	official(ids.mappedNonRoot, (context) =>
		readsOnce(context, writing, mappedVolume, mapped, { mode: '-rw-r--r--', securityContext: NON_ROOT }),
	);
	official(ids.mappedFsGroup, (context) =>
		readsOnce(context, writing, mappedVolume, mapped, { securityContext: { ...NON_ROOT, ...GROUP } }),
	);

	official(ids.updates, async ({ agnhost, start }) => {
		const before = configMap('configmap-test-upd', ONE);
		const file = `${path}/data-1`;
		const run = start([before, podWith(mounttest(agnhost, loop(file)), volume({ name: 'configmap-test-upd' }), path)]);
		await run.waitForOutput(contentLine(file, 'value-1'));
		run.manifest.put(configMap('configmap-test-upd', { 'data-1': 'value-2' }));
		await run.waitForOutput(contentLine(file, 'value-2'));
		expect(await run.stop()).toEqual({ code: 143, signal: null });
	});

	official(ids.optional, async ({ agnhost, start }) => {
		const roles = ['delete', 'update', 'create'] as const;
		const files = { delete: 'data-1', update: 'data-3', create: 'data-1' };
		const map = (role: string, data = ONE) => configMap(`cm-test-opt-${role}`, data);
		const pathOf = (role: 'delete' | 'update' | 'create') => `${optionalPath}/${role}/${files[role]}`;
		const file = new ManifestFile(
			map('delete'),
			map('update'),
			pod(
				'pod-configmaps',
				roles.map((role) => ({
					...mounttest(agnhost, loop(pathOf(role))),
					name: `${role}-container`,
					volumeMounts: [{ name: `${role}-volume`, mountPath: `${optionalPath}/${role}`, readOnly: true }],
				})),
				{
					volumes: roles.map((role) => ({
						name: `${role}-volume`,
						...volume({ name: `cm-test-opt-${role}`, optional: true }),
					})),
				},
			),
		);
		// A run is one container, so three runs of one manifest make the pod.
		const [deleted, updated, created] = roles.map((role) => start(file, { args: ['-c', `${role}-container`] }));
		if (deleted === undefined || updated === undefined || created === undefined) throw new Error('three runs');
		await created.waitForOutput(failureLine(pathOf('create')));
		await updated.waitForOutput(failureLine(pathOf('update')));
		await deleted.waitForOutput(contentLine(pathOf('delete'), 'value-1'));
		file.remove(map('delete'));
		file.put(configMap('cm-test-opt-update', { 'data-3': 'value-3' }));
		file.put(map('create'));
		await created.waitForOutput(contentLine(pathOf('create'), 'value-1'));
		await updated.waitForOutput(contentLine(pathOf('update'), 'value-3'));
		await deleted.waitForOutput(failureLine(pathOf('delete')));
		for (const run of [deleted, updated, created]) expect(await run.stop()).toEqual({ code: 143, signal: null });
	});

	official(ids.several, async ({ agnhost, succeed }) => {
		const manifest = pod(
			'pod-configmaps',
			{
				...mounttest(agnhost, [`--file_content=${path}/data-1`, `--file_mode=${path}-2/data-1`]),
				volumeMounts: [
					{ name: 'configmap-volume', mountPath: path, readOnly: true },
					{ name: 'configmap-volume-2', mountPath: `${path}-2`, readOnly: true },
				],
			},
			{
				volumes: [
					{ name: 'configmap-volume', ...volume({ name }) },
					{ name: 'configmap-volume-2', ...volume({ name }) },
				],
			},
		);
		const output = await succeed([MAP, manifest]);
		expect(output).toContain(contentLine(`${path}/data-1`, 'value-1'));
		expect(output).toContain(modeLine(`${path}-2/data-1`, '-rw-r--r--'));
	});

	/** The run waits with kubelet's text, starts once the object arrives, and ends with --wait-timeout. */
	const waits = async (
		{ agnhost, start, toEnd }: CaseContext,
		source: Source,
		at: {
			readonly text: string;
			readonly file: string;
			readonly before: readonly Manifest[];
			readonly after: Manifest;
		},
	) => {
		const flags = [`--file_content=${path}/${at.file}`];
		const manifest = podWith(mounttest(agnhost, flags), volume({ ...source, optional: false }), path);
		const text = `MountVolume.SetUp failed for volume "configmap-volume" : ${at.text}`;
		const run = start([...at.before, manifest]);
		const line = await run.waitForLog('waiting: ');
		expect(line).toMatchObject({ level: 'warn', reason: 'ContainerCreating', msg: `waiting: ${text}` });
		expect(run.stdout).toBe('');
		run.manifest.put(at.after);
		expect(await run.end()).toMatchObject({ code: 0, stdout: contentLine(`${path}/${at.file}`, 'value-1') });

		const impatient = await toEnd([...at.before, manifest], { args: ['--wait-timeout', '200ms'] });
		expect(impatient.code).toBe(124);
		expect(impatient.stderr).toContain(`Still missing after 0.2 s (--wait-timeout): ${text}; add it to a source`);
	};

	official(ids.noObject, async (context) => {
		await waits(
			context,
			{ name: 'cm-test-opt-missing' },
			{
				text: 'configmap "cm-test-opt-missing" not found',
				file: 'data-1',
				before: [],
				after: configMap('cm-test-opt-missing', ONE),
			},
		);
	});

	official(ids.noKey, async (context) => {
		const source = { name, items: [{ key: 'data-4', path: 'path/to/data-4' }] };
		await waits(context, source, {
			text: 'configmap references non-existent config key: data-4',
			file: 'path/to/data-4',
			before: [MAP],
			after: configMap(name, { ...THREE, 'data-4': 'value-1' }),
		});
	});
}

officialCases(['A', 'D'], (official) => {
	defineVolumeCases(official, CONFIG_MAP);
	defineVolumeCases(official, PROJECTED);

	official('A11', async ({ agnhost, start, succeed }) => {
		const bytes = Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff]);
		const path = CONFIG_MAP.path;
		const map = configMap('configmap-test-upd', ONE, { binaryData: { 'dump.bin': bytes.toString('base64') } });
		const volumeMounts = [{ name: 'configmap-volume', mountPath: path, readOnly: true }];
		const file = new ManifestFile(
			map,
			pod(
				'pod-configmaps',
				[
					{ name: 'text', ...mounttest(agnhost, loop(`${path}/data-1`)), volumeMounts },
					{ name: 'binary', command: ['od', '-A', 'x', '-t', 'x1', `${path}/dump.bin`], volumeMounts },
				],
				{ volumes: [{ name: 'configmap-volume', configMap: { name: 'configmap-test-upd' } }] },
			),
		);
		const text = start(file, { args: ['-c', 'text'] });
		await text.waitForOutput(contentLine(`${path}/data-1`, 'value-1'));
		expect(await succeed(file, { args: ['-c', 'binary'] })).toContain('de ca fe ba d0 fe ff');
		await text.stop();
	});

	// The source of the manifest refuses the changes that an API server refuses, and keeps the old object.
	official('A14', async ({ agnhost, start }) => {
		const path = CONFIG_MAP.path;
		const map = (data: Readonly<Record<string, string>>, more: Fields = {}) => configMap('immutable', data, more);
		const four = { ...THREE, 'data-4': 'value-4' };
		const fixed = { ...THREE, 'data-4': 'fixed' };
		const five = { ...fixed, 'data-5': 'value-5' };
		const run = start([
			map(THREE),
			podWith(mounttest(agnhost, loop(`${path}/data-4`)), { configMap: { name: 'immutable' } }, path),
		]);
		const names = async () => (await run.exec('ls', path)).stdout;
		await run.waitForOutput(failureLine(`${path}/data-4`));
		run.manifest.put(map(four));
		await run.waitForOutput(contentLine(`${path}/data-4`, 'value-4'));
		// A permitted change shows when the source has read the file.
		run.manifest.put(map(fixed, { immutable: true }));
		await run.waitForOutput(contentLine(`${path}/data-4`, 'fixed'));
		run.manifest.put(map(five, { immutable: true }));
		await run.waitForLog(/immutable.*data: Forbidden: field is immutable when `immutable` is set/);
		run.manifest.put(map(fixed, { immutable: false }));
		await run.waitForLog(/immutable: Forbidden: field is immutable when `immutable` is set/);
		const labels = { metadata: { name: 'immutable', labels: { label1: 'value1' } } };
		run.manifest.put(map(fixed, { immutable: true, ...labels }));
		expect(await names()).toBe('data-1\ndata-2\ndata-3\ndata-4\n');
		// A new object of the same name may have any content.
		run.manifest.remove(map(four));
		await run.waitForLog('configmap "immutable" not found; the last content stays');
		run.manifest.put(map({ 'data-4': 'new' }));
		await run.waitForOutput(contentLine(`${path}/data-4`, 'new'));
		await run.stop();
	});
});
