/**
 * The errors of `configmapfs run` if it cannot start the application: one line with location, reason and cure, the exit
 * status of `run` itself, and nothing left behind.
 */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demotion, Machine, stopMachines } from '../../support/machine.js';
import { runCommand, runProgram } from '../../support/mount-process.js';
import { ROOT_WAY, USER_WAY } from '../../support/namespace-child.js';
import { configMap, type Fields, type Manifest, ManifestFile, pod } from '../../support/pod-manifest.js';
import { type RunOptions, startRun, stopRuns } from '../../support/run-process.js';
import { inShell, processesWith, RUN } from '../../support/run-shell.js';
import { removeTemporaries, temporaryDirectory } from '../../support/temporary.js';

const ANY_WAY = ROOT_WAY.missing === undefined ? ROOT_WAY : USER_WAY;
/** No command after `--`. */
const OWN_COMMAND: RunOptions = {};
const APP = configMap('app', { key: 'one' });

let machine: Machine;
let before: string;
beforeAll(async () => {
	machine = await Machine.start();
	before = machine.state();
});
afterAll(async () => {
	stopRuns();
	await stopMachines();
	removeTemporaries();
});

async function runToEnd(objects: readonly Manifest[], options: RunOptions = {}, way = ANY_WAY) {
	const given = options === OWN_COMMAND ? {} : { command: ['true'], ...options };
	return await startRun(machine, way, new ManifestFile(...objects), given).end();
}

/** A pod with one volume of objects at `mountPath`. */
function mounting(mountPath: string, more: Fields = {}): readonly Manifest[] {
	const volumeMounts = [{ name: 'v', mountPath, ...more }];
	return [APP, pod('p', { volumeMounts }, { volumes: [{ name: 'v', configMap: { name: 'app' } }] })];
}

describe('a pod that cannot start', () => {
	const directory = temporaryDirectory('errors');
	mkdirSync(join(directory, 'directory/inner'), { recursive: true });
	writeFileSync(join(directory, 'file'), '');
	symlinkSync('loop', join(directory, 'loop'));
	const at = (name: string) => join(directory, name);

	const cases: readonly (readonly [string, readonly Manifest[], RunOptions, number, string | RegExp])[] = [
		[
			'no workload',
			[APP],
			{},
			125,
			/^no workload; found ConfigMap\/app \(.*pod\.yaml:1:1\); add the manifest of a Pod, .* with -f$/,
		],
		[
			'several',
			[pod('a', {}), pod('b', {})],
			{},
			125,
			/^several workloads: pod\/a \(\S+pod\.yaml:1:1\), pod\/b \(\S+pod\.yaml:18:1\); choose one of them, such as po\/a$/,
		],
		[
			'another',
			[pod('web', {})],
			{ args: ['deploy/web'] },
			125,
			/^workload "deploy\/web" not found, have: pod\/web .*; did you mean pod\/web\?$/,
		],
		['no such kind', [pod('web', {})], { args: ['service/web'] }, 125, /^unknown kind of workload "service", have: /],
		[
			'nothing to start',
			[pod('p', {})],
			OWN_COMMAND,
			125,
			/^container "test" has no command of its own, .*; pass one after --$/,
		],
		[
			'a volume that is missing',
			[pod('p', { volumeMounts: [{ name: 'v', mountPath: '/x' }] })],
			{},
			125,
			/^\S+pod\.yaml:\d+:\d+: spec\.containers\[0\]\.volumeMounts\[0\]\.name: Not found: "v"$/,
		],
		[
			'a working directory that is missing',
			[pod('p', { command: ['true'], workingDir: '/nowhere' })],
			OWN_COMMAND,
			126,
			/^the container's working directory \/nowhere does not exist on this machine; create it, or pass a command /,
		],
		[
			'a working directory in a directory that a volume hides',
			[
				APP,
				pod(
					'p',
					{ command: ['true'], workingDir: at('directory/inner'), volumeMounts: [{ name: 'v', mountPath: at('') }] },
					{ volumes: [{ name: 'v', configMap: { name: 'app' } }] },
				),
			],
			OWN_COMMAND,
			126,
			/^the working directory ".*\/directory\/inner" is hidden by a volume that is mounted above it; choose another$/,
		],
		[
			'a command of the image',
			[pod('p', { command: ['/app/checkout'], args: ['-v'] })],
			OWN_COMMAND,
			127,
			"the container's command /app/checkout does not exist on this machine; " +
				'name your own after --: configmapfs run … --keep-args -- ./checkout',
		],
		[
			'a command in a directory that an emptyDir hides',
			[
				pod(
					'p',
					{ volumeMounts: [{ name: 't', mountPath: at('directory') }] },
					{ volumes: [{ name: 't', emptyDir: {} }] },
				),
			],
			{ command: [at('directory/inner')] },
			127,
			/^".*\/directory\/inner" is hidden by the emptyDir volume "t", which .*; --local-volume t=\S+\/directory mounts /,
		],
		[
			'a path that is too long',
			mounting(`/opt/${`${'x'.repeat(200)}/`.repeat(25)}`),
			{},
			125,
			/^cannot mount at "\/opt\/x.*": ENAMETOOLONG: .*; choose another mountPath$/,
		],
		[
			'the root',
			mounting('/'),
			{},
			125,
			'container "test": volumeMounts[0].mountPath: Invalid value: "/": the root directory contains the program itself; mount it in a subdirectory',
		],
		[
			'/proc',
			mounting('/proc/'),
			{},
			125,
			/^container "test": .*: \/proc cannot be replaced: .*; mount it in a subdirectory$/,
		],
		[
			'in /proc',
			mounting('/proc/cmfs'),
			{},
			125,
			'cannot mount at "/proc/cmfs": it does not exist, and it is inside proc; choose another mountPath',
		],
		[
			'a file',
			mounting(at('file')),
			{},
			125,
			/^cannot mount at ".*\/file": not a directory: .*; mount one file of the volume there with subPath, /,
		],
		[
			'below a file',
			mounting(at('file/x')),
			{},
			125,
			/^cannot mount at ".*\/file\/x": ".*\/file" is not a directory; /,
		],
		[
			'a loop',
			mounting(at('loop/x')),
			{},
			125,
			/^cannot mount at ".*\/loop\/x": its symbolic links form a loop; correct them$/,
		],
		[
			'one file at a directory',
			mounting(at('directory'), { subPath: 'key' }),
			{},
			125,
			/^cannot mount at ".*\/directory": is a directory: .*; use the path of the file as mountPath, /,
		],
		[
			'a subPath below a file',
			mounting('/cmfs', { subPath: 'key/x' }),
			{},
			125,
			/^failed to prepare subPath for volumeMount "v" of container "test": "key\/x" leads out .*; correct it$/,
		],
		[
			'a local volume that the pod has not',
			mounting('/cmfs'),
			{ args: ['--local-volume', 'w=/'] },
			125,
			'--local-volume: the pod has no volume "w", only v; did you mean "v"?',
		],
		[
			'a local volume that is missing',
			mounting('/cmfs'),
			{ args: ['--local-volume', 'v=/nowhere'] },
			125,
			'volume "v": --local-volume v=/nowhere cannot be used: no such file or directory; create it first',
		],
		[
			'a local volume that is a file',
			mounting('/cmfs'),
			{ args: ['--local-volume', `v=${at('file')}`] },
			125,
			/^volume "v": --local-volume v=.*\/file: not a directory; give a directory$/,
		],
		[
			'an action for a volume that the pod has not',
			mounting('/cmfs'),
			{ args: ['--on-change', 'x=restart'] },
			125,
			/^--on-change: the pod has no volume "x", only v; /,
		],
		[
			'a log file that cannot be written',
			mounting('/cmfs'),
			{ args: ['--log-file', '/nowhere/log'] },
			125,
			/^cannot open the log file "\/nowhere\/log": no such file or directory/,
		],
	];

	test.concurrent.each(cases)('%s', async (_, objects, options, code, text) => {
		const { stderr, ...result } = await runToEnd(objects, options);
		expect(result).toEqual({ code, signal: null, stdout: '' });
		// Warnings may come before the last line.
		const lines = stderr.split('\n').filter((line) => !line.startsWith('{'));
		expect(lines).toHaveLength(2);
		expect(lines[0]).toMatch(/^error: /);
		const message = lines[0]?.slice('error: '.length);
		if (typeof text === 'string') expect(message).toBe(text);
		else expect(message).toMatch(text);
	});

	test('a working directory that was removed', async () => {
		const { path } = new ManifestFile(pod('p', {}));
		const gone = temporaryDirectory('gone', 0o777);
		const script = `mkdir $1/x && cd $1/x && rmdir $1/x && exec $RUN -f $2 -- true`;
		expect(await inShell(machine, ANY_WAY, script, gone, path)).toMatchObject({
			code: 125,
			stderr: 'error: the working directory was removed; change to another one\n',
		});
	});

	test('an argument that would not reach the application unchanged', async () => {
		const { path } = new ManifestFile(pod('p', {}));
		const script = `exec $RUN -f $1 -- printf %s $'a\\xff'`;
		expect(await inShell(machine, ANY_WAY, script, path)).toMatchObject({
			code: 125,
			stdout: '',
			stderr: 'error: the argument "a\ufffd" is not UTF-8 and cannot be passed on; put it into a script\n',
		});
	});

	test('a forgotten --', async () => {
		const file = new ManifestFile(pod('web', {}));
		expect(await runProgram(['run', '-f', file.path, './my-app'])).toMatchObject({
			code: 125,
			stderr: 'error: "./my-app" is not a workload KIND/NAME; to run a command, put -- before it: -- ./my-app\n',
		});
		const { code, stderr } = await runProgram(['run', '-f', file.path, 'sh']);
		expect(code).toBe(125);
		expect(stderr).toMatch(/^error: workload "sh" not found, have: pod\/web .*; to run a command, put -- before it\n$/);
	});
});

describe.each([ROOT_WAY, USER_WAY].filter(({ missing }) => missing === undefined))(
	'a machine that cannot, $name',
	(way) => {
		const isRoot = process.getuid?.() === 0;

		/** Runs on the machine after a change that is visible only to this test. */
		async function afterChange(change: string, ...args: readonly string[]) {
			const demote = way.user === undefined ? [] : ['setpriv', ...demotion(way.user)];
			const changed = ['unshare', '-m', 'sh', '-ec', `${change}; exec "$@"`, 'sh', ...demote];
			const [file = '', ...rest] = [...machine.prefix(undefined), ...changed];
			const command = ['env', '-C', '/', 'HOME=/', `XDG_RUNTIME_DIR=${machine.runtime}`, ...RUN.split(' ')];
			return await runCommand(file, [...rest, ...command, ...args], { cwd: '/' });
		}

		test.runIf(isRoot)(
			'without /dev/fuse the volumes are written to memory; a driver chosen by name is refused',
			async () => {
				const { path } = new ManifestFile(...mounting('/cmfs-no-fuse'));
				const change = 'mount -t tmpfs cmfs-test /dev; mknod -m 666 /dev/null c 1 3';
				const command = ['--', 'sh', '-c', 'cat /cmfs-no-fuse/key; test ! -w /cmfs-no-fuse'];
				expect(await afterChange(change, '-f', path, ...command)).toMatchObject({ code: 0, stdout: 'one', stderr: '' });
				const { code, stderr } = await afterChange(change, '-f', path, '--driver', 'kernel', ...command);
				expect(code).toBe(125);
				expect(stderr).toMatch(/^error: \/dev\/fuse does not exist; .*--driver directory/);
				expect(machine.left()).toEqual([]);
			},
		);

		test.runIf(isRoot)('without a directory for its own files the error lists the directories tried', async () => {
			const { path } = new ManifestFile(pod('p', {}));
			const places = `/run /dev/shm ${machine.runtime}`;
			const change = `for d in ${places}; do mount -t tmpfs -o ro cmfs-test "$d"; done; export TMPDIR=/run`;
			const { code, stderr } = await afterChange(change, '-f', path, '--', 'true');
			expect(code).toBe(125);
			expect(stderr).toMatch(
				/^error: no directory for private files: .* "\/run" .*\(EROFS: .*\); set TMPDIR to a writable directory\n$/,
			);
		});
	},
);

test('help names every flag and fits into 80 columns', async () => {
	const { code, stdout, stderr } = await runProgram(['run', '--help'], { env: { COLUMNS: '80' } });
	expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
	for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
	for (const heading of [
		'Pod:',
		'Environment and arguments:',
		'Volumes:',
		'Waiting and changes:',
		'Examples:',
		'Exit status:',
	]) {
		expect(stdout).toContain(heading);
	}
});

test('all of these runs left nothing, and the machine is unchanged', () => {
	expect(processesWith(machine.runtime)).toEqual([]);
	expect(machine.left()).toEqual([]);
	expect(machine.state()).toBe(before);
});
