/**
 * Fields of a pod that no official case covers (section L, with our own numbers), so that each row of
 * native-notes/pod-support.md has a test: a real mount and a real process, as root and as an ordinary user.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { configMap, type Fields, type Manifest, pod, secret } from '../../support/pod-manifest.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { officialCases } from './official.js';

const MAP = configMap('map', { key: 'map-value', other: 'other-value' });
const SECRET = secret('secret', { key: 'secret-value', other: 'other-secret' });
const METADATA = { labels: { tier: 'front', app: 'web' }, annotations: { note: 'a "b"' } };
const UID = '12345678-1234-1234-1234-123456789abc';

function field(fieldPath: string): Fields {
	return { fieldRef: { fieldPath } };
}

/** A pod whose container mounts each volume at `/volumes/NAME` and prints each file as MODE PATH=CONTENT. */
function podWithVolumes(container: Fields, ...volumes: readonly Fields[]): Manifest {
	const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/volumes/${name}` }));
	const show = 'for f; do echo "$(stat -Lc %a "$f") $f=$(cat "$f")"; done';
	const command = ['find', '-L', '/volumes', '-name', '..*', '-prune', '-o', '-type', 'f'];
	return pod(
		'web',
		{ command: [...command, '-exec', 'sh', '-c', show, 'sh', '{}', '+'], volumeMounts, ...container },
		{ volumes },
		METADATA,
	);
}

/** Sorted lines of the output, with paths relative to `/volumes`. */
function sorted(output: string): readonly string[] {
	return output.replaceAll(' /volumes/', ' ').split('\n').slice(0, -1).sort();
}

/** Messages of the log. */
function loggedBy(run: { readonly stderr: string }): readonly string[] {
	return run.stderr
		.split('\n')
		.filter((line) => line.startsWith('{'))
		.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
}

officialCases(['L'], (official) => {
	official('L1', async ({ succeed }) => {
		const items = [
			{ key: 'key', path: 'sub/key', mode: 0o440 },
			{ key: 'other', path: 'other' },
		];
		const manifest = podWithVolumes(
			{},
			{ name: 'whole', secret: { secretName: 'secret' } },
			{ name: 'items', secret: { secretName: 'secret', items, defaultMode: 0o400 } },
			{ name: 'absent', secret: { secretName: 'absent', optional: true } },
		);
		expect(sorted(await succeed([SECRET, manifest]))).toEqual([
			'400 items/other=other-secret',
			'440 items/sub/key=secret-value',
			'644 whole/key=secret-value',
			'644 whole/other=other-secret',
		]);
	});

	official('L2', async ({ succeed, start }) => {
		const resource = (name: string, divisor?: string) => ({
			resourceFieldRef: { containerName: 'test', resource: name, divisor },
		});
		const items = [
			{ path: 'name', ...field('metadata.name'), mode: 0o444 },
			{ path: 'meta/labels', ...field('metadata.labels') },
			{ path: 'meta/note', ...field("metadata.annotations['note']") },
			{ path: 'memory', ...resource('limits.memory', '1Mi') },
			{ path: 'cpu', ...resource('requests.cpu', '1m') },
		];
		const resources = { limits: { memory: '64Mi' }, requests: { cpu: '250m' } };
		const volume = { name: 'info', downwardAPI: { defaultMode: 0o400, items } };
		expect(sorted(await succeed([podWithVolumes({ resources }, volume)]))).toEqual([
			'400 info/cpu=250',
			'400 info/memory=64',
			'400 info/meta/labels=app="web"',
			'400 info/meta/note=a "b"',
			'444 info/name=web',
			'tier="front"',
		]);
		// Labels and annotations are followed.
		const running = { resources, command: ['sh', '-c', 'echo running; exec sleep 1000'] };
		const run = start([podWithVolumes(running, volume)]);
		await run.waitForOutput('running');
		const after = podWithVolumes(running, volume);
		run.manifest.put({ ...after, metadata: { ...after.metadata, labels: { app: 'other' } } });
		const shown = async () => (await run.exec('cat', '/volumes/info/meta/labels')).stdout;
		await until(async () => (await shown()) === 'app="other"', 'the changed label');
		await run.stop();
	});

	official('L3', async ({ toEnd }) => {
		const sources = [
			{ secret: { name: 'secret', items: [{ key: 'key', path: 'tls/key', mode: 0o400 }] } },
			{ secret: { name: 'absent', optional: true } },
			{ configMap: { name: 'map', items: [{ key: 'key', path: 'app/key', mode: 0o600 }] } },
			{ configMap: { name: 'absent', optional: true } },
			{ downwardAPI: { items: [{ path: 'uid', ...field('metadata.uid'), mode: 0o640 }] } },
			{ serviceAccountToken: { path: 'token' } },
			{ clusterTrustBundle: { name: 'bundle', path: 'ca.pem' } },
			{ podCertificate: { signerName: 'example.com/signer', keyType: 'ED25519', keyPath: 'key.pem' } },
		];
		const manifest = podWithVolumes({}, { name: 'all', projected: { defaultMode: 0o644, sources } });
		const run = await toEnd([MAP, SECRET, { ...manifest, metadata: { ...manifest.metadata, uid: UID } } as Manifest]);
		expect(sorted(run.stdout)).toEqual([
			'400 all/tls/key=secret-value',
			'600 all/app/key=map-value',
			`640 all/uid=${UID}`,
		]);
		const cure = 'is not available: only a cluster creates it; add a secret source with its path to replace it';
		expect(loggedBy(run)).toEqual([
			`volume "all": serviceAccountToken "token" ${cure}`,
			`volume "all": clusterTrustBundle "ca.pem" ${cure}`,
			`volume "all": podCertificate "key.pem" ${cure}`,
		]);
	});

	official('L4', async ({ succeed }) => {
		const env = [
			...['metadata.name', 'metadata.namespace', 'metadata.uid', "metadata.labels['app']", 'spec.nodeName'],
			...['spec.serviceAccountName', 'status.podIP', 'status.hostIPs'],
		].map((path, index) => ({ name: `F${index}`, valueFrom: field(path) }));
		const resource = (name: string, divisor?: string) => ({ resourceFieldRef: { resource: name, divisor } });
		const resources = { limits: { memory: '64Mi' } };
		const more = [
			{ name: 'R0', valueFrom: resource('limits.memory', '1Mi') },
			{ name: 'R1', valueFrom: resource('limits.cpu') },
			{
				name: 'R2',
				valueFrom: { resourceFieldRef: { containerName: 'other', resource: 'requests.cpu', divisor: '1m' } },
			},
			{ name: 'V', value: 'literal' },
			{ name: 'E' },
		];
		const spec = { nodeName: 'node-1', serviceAccountName: 'robot', hostname: 'box' };
		const other = { name: 'other', resources: { requests: { cpu: '1500m' } } };
		const manifest = (own: Fields) =>
			pod('web', [{ command: ['env'], env: [...env, ...more], resources }, other], own, {
				...METADATA,
				namespace: 'shop',
			});
		const lines = (await succeed([manifest(spec)])).split('\n');
		expect(lines).toEqual(
			expect.arrayContaining([
				...['F0=web', 'F1=shop', 'F3=web', 'F4=node-1', 'F5=robot', 'F6=127.0.0.1', 'F7=127.0.0.1'],
				...['R0=64', `R1=${availableParallelism()}`, 'R2=1500', 'V=literal', 'E=', 'HOSTNAME=box'],
			]),
		);
		expect(lines.find((line) => line.startsWith('F2='))).toMatch(/^F2=[0-9a-f]{8}-[0-9a-f]{4}-5/);
		const fqdn = { ...spec, subdomain: 'db', setHostnameAsFQDN: true };
		expect((await succeed([manifest(fqdn)])).split('\n')).toContain('HOSTNAME=box.db.shop.svc.cluster.local');
		const override = { ...spec, hostnameOverride: 'any.example' };
		expect((await succeed([manifest(override)])).split('\n')).toContain('HOSTNAME=any.example');
		// A container without a limit has that of its pod.
		const ofPod = { ...spec, resources: { limits: { cpu: 1000, memory: '1Gi' } } };
		expect((await succeed([manifest(ofPod)])).split('\n')).toEqual(expect.arrayContaining(['R0=64', 'R1=1000']));
		// Absent fields have local replacements.
		const without = (await succeed([manifest({})])).split('\n');
		expect(without).toEqual(expect.arrayContaining([`F4=${hostname()}`, 'F5=default', 'HOSTNAME=web']));
	});

	official('L5', async ({ succeed }) => {
		const env = [
			{ name: 'S', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } },
			{ name: 'NO_SECRET', valueFrom: { secretKeyRef: { name: 'absent', key: 'key', optional: true } } },
			{ name: 'NO_MAP', valueFrom: { configMapKeyRef: { name: 'absent', key: 'key', optional: true } } },
			{ name: 'NO_KEY', valueFrom: { configMapKeyRef: { name: 'map', key: 'none', optional: true } } },
			// A value overrides a variable of envFrom.
			{ name: 'p_other', value: 'own' },
		];
		const envFrom = [
			{ prefix: 'p_', secretRef: { name: 'secret' } },
			{ secretRef: { name: 'absent', optional: true } },
			{ configMapRef: { name: 'absent', optional: true } },
		];
		const args = ['--env-inherit', 'none'];
		const output = await succeed([MAP, SECRET, pod('web', { command: ['/usr/bin/env'], env, envFrom })], { args });
		expect(sorted(output)).toEqual(['S=secret-value', 'p_key=secret-value', 'p_other=own']);
	});

	// In a cluster an init container writes the file; here the application writes it before a restart.
	official('L6', async ({ start, toEnd, succeed }) => {
		const fileKeyRef = (optional: boolean) => ({ volumeName: 'files', path: 'app.env', key: 'KEY', optional });
		const manifest = (optional: boolean, command: readonly string[]) =>
			pod(
				'web',
				{
					command,
					env: [
						{ name: 'KEY', valueFrom: { fileKeyRef: fileKeyRef(optional) } },
						{ name: 'TIME', valueFrom: { configMapKeyRef: { name: 'map', key: 'key' } } },
					],
					volumeMounts: [{ name: 'files', mountPath: '/files' }],
				},
				{ volumes: [{ name: 'files', emptyDir: {} }] },
			);
		const script = `echo "$TIME [$KEY]"; echo "KEY='a value'" >/files/app.env; exec sleep 1000`;
		const run = start([MAP, manifest(true, ['sh', '-c', script])], { args: ['--on-change', 'restart'] });
		await run.waitForOutput('map-value []\n');
		run.manifest.put(configMap('map', { key: 'again' }));
		await run.waitForOutput('again [a value]\n');
		await run.stop();
		const timedOut = await toEnd([MAP, manifest(false, ['env'])], { args: ['--wait-timeout', '100ms'] });
		expect(timedOut.code).toBe(124);
		expect(timedOut.stderr).toContain('environment variable file \\"app.env\\" not found in volume \\"files\\"');
		expect(await succeed([MAP, manifest(true, ['printenv', 'TIME'])])).toBe('map-value\n');
	});

	official('L7', async ({ toEnd, succeed }) => {
		const directory = temporaryDirectory('host', 0o777);
		writeFileSync(join(directory, 'file'), 'of the machine');
		const made = join(directory, 'made');
		const volume = (path: string, type?: string) => ({ name: 'host', hostPath: { path, type } });
		const refused = await toEnd([podWithVolumes({ command: ['ls', '/volumes/host'] }, volume(directory))]);
		expect(refused.code).not.toBe(0);
		expect(loggedBy(refused)).toEqual([
			`volume "host": hostPath ${directory} is not mounted without consent; --allow-host-path mounts ${directory} of ` +
				'this machine, --local-volume host=DIR another directory',
		]);
		const args = ['--allow-host-path'];
		const shown = await succeed([podWithVolumes({}, volume(directory, 'Directory'))], { args });
		expect(sorted(shown)).toEqual(['644 host/file=of the machine']);
		const wrong = await toEnd([podWithVolumes({}, volume(directory, 'File'))], { args });
		expect(wrong.code).toBe(125);
		expect(wrong.stderr).toContain(
			`hostPath type check failed: ${directory} is not a file; correct its type or its path`,
		);
		const write = { command: ['sh', '-c', 'echo x >/volumes/host/new'] };
		await succeed([podWithVolumes(write, volume(made, 'DirectoryOrCreate'))], { args });
		expect(readFileSync(join(made, 'new'), 'utf8')).toBe('x\n');
	});

	official('L8', async ({ toEnd, succeed }) => {
		const kinds: Readonly<Record<string, Fields>> = {
			persistentVolumeClaim: { claimName: 'data' },
			ephemeral: { volumeClaimTemplate: { spec: {} } },
			csi: { driver: 'example.com' },
			nfs: { server: 'example.com', path: '/' },
			image: { reference: 'example.com/image' },
		};
		const volumes = Object.entries(kinds).map(([kind, source]) => ({ name: kind.toLowerCase(), [kind]: source }));
		const run = await toEnd([podWithVolumes({ command: ['ls', '/volumes'] }, ...volumes)]);
		expect(run.code).not.toBe(0);
		expect(loggedBy(run)).toEqual(
			Object.keys(kinds).map(
				(kind) =>
					`volume "${kind.toLowerCase()}": ${kind} volumes exist only in a cluster; ` +
					`--local-volume ${kind.toLowerCase()}=DIR mounts a directory of this machine instead`,
			),
		);
		const directory = temporaryDirectory('volume');
		writeFileSync(join(directory, 'file'), 'local');
		const args = volumes.flatMap(({ name }) => ['--local-volume', `${name}=${directory}`]);
		expect(sorted(await succeed([podWithVolumes({}, ...volumes)], { args }))).toEqual(
			volumes.map(({ name }) => `644 ${name}/file=local`).sort(),
		);
	});

	official('L9', async ({ toEnd, succeed }) => {
		const spec = { initContainers: [{ name: 'prepare', image: 'x', command: ['echo', 'prepared'] }] };
		const manifest = pod(
			'web',
			[{ command: ['echo', 'first'] }, { name: 'sidecar', command: ['echo', 'second'] }],
			spec,
		);
		// A run is one container, by default the first; init containers run only on request.
		const first = await toEnd([manifest]);
		expect(first).toMatchObject({ code: 0, stdout: 'first\n' });
		expect(loggedBy(first)).toEqual([
			'Defaulted container "test" out of: test, sidecar, prepare (init); choose another with -c',
		]);
		expect(await succeed([manifest], { args: ['-c', 'sidecar'] })).toBe('second\n');
		expect(await succeed([manifest], { args: ['-c', 'prepare'] })).toBe('prepared\n');
	});

	official('L10', async ({ toEnd, succeed }) => {
		const manifest = pod('web', { command: ['pwd'], workingDir: '/usr' });
		expect(await succeed([manifest])).toBe('/usr\n');
		// A command after `--` runs in the directory of the caller.
		expect(await succeed([manifest], { command: ['pwd'], cwd: '/tmp' })).toBe('/tmp\n');
		const absent = await toEnd([pod('web', { command: ['pwd'], workingDir: '/not/there' })]);
		expect(absent).toMatchObject({ code: 126, stdout: '' });
		expect(absent.stderr).toContain(
			"the container's working directory /not/there does not exist on this machine; create it",
		);
	});

	official('L11', async ({ isRoot, toEnd }) => {
		const script = 'id -u; id -g; id -G; stat -Lc "%g %A" /volumes/map/key; stat -c "%g %a" /volumes/scratch';
		const securityContext = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 3000, supplementalGroups: [4000] };
		const manifest = podWithVolumes(
			{ command: ['sh', '-c', script], securityContext: { runAsUser: 1001, runAsGroup: 2000 } },
			{ name: 'map', configMap: { name: 'map', defaultMode: 0o400 } },
			{ name: 'scratch', emptyDir: {} },
		);
		const spec = { ...(manifest.spec as Fields), securityContext };
		const run = await toEnd([MAP, { ...manifest, spec }]);
		expect(run.code).toBe(0);
		if (isRoot) {
			expect(run.stdout).toBe('1001\n2000\n2000 3000 4000\n3000 -r--r-----\n3000 2777\n');
			expect(run.stderr).toBe('');
			return;
		}
		const [uid = '', gid = '', groups, file] = run.stdout.split('\n');
		expect([groups, file]).toEqual([gid, `${gid} -r--r-----`]);
		const you = `you (uid ${uid}, gid ${gid})`;
		expect(loggedBy(run)).toEqual([
			`securityContext: runAsUser 1001: only root can become another user; the application runs as ${you}`,
			`securityContext: runAsGroup 2000: only root can join any group; the application runs as ${you}`,
			'securityContext: groups 3000, 4000: you are not a member, and only root can join them',
		]);
	});

	official('L12', async ({ succeed }) => {
		// In memory for every medium, empty at each start, and removed with the run.
		const script =
			'ls -A /volumes/scratch; stat -f -c %T /volumes/scratch; head -c 4096 /dev/zero >/volumes/scratch/big';
		const manifest = podWithVolumes(
			{ command: ['sh', '-c', script] },
			{ name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '1Ki' } },
		);
		for (const _ of ['first', 'second']) expect(await succeed([manifest])).toBe('tmpfs\n');
	});

	/** Nested mounts, parents that the machine does not have, and read-only mounts. */
	official('L13', async ({ toEnd, machine }) => {
		const volumeMounts = [
			{ name: 'inner', mountPath: '/etc/not-there/app/tls', mountPropagation: 'None' },
			{ name: 'outer', mountPath: '/etc/not-there/app/', readOnly: true, recursiveReadOnly: 'Disabled' },
			{ name: 'scratch', mountPath: '/etc/not-there/app/tls/cache' },
			{ name: 'scratch', mountPath: '/fixed', readOnly: true },
		];
		const script =
			'cat /etc/not-there/app/key /etc/not-there/app/tls/other; echo x >/etc/not-there/app/tls/cache/x; cat /fixed/x;' +
			'echo y >/fixed/y; echo z >/etc/not-there/app/z; test -f /etc/passwd';
		const volumes = [
			{ name: 'outer', configMap: { name: 'map', optional: false } },
			{ name: 'inner', secret: { secretName: 'secret', optional: false } },
			{ name: 'scratch', emptyDir: {} },
		];
		const run = await toEnd([MAP, SECRET, pod('web', { command: ['sh', '-c', script], volumeMounts }, { volumes })]);
		expect(run.stdout).toBe('map-valueother-secretx\n');
		expect(run.stderr.match(/Read-only file system/g)).toHaveLength(2);
		expect(run.code).toBe(0);
		expect(existsSync(machine.onMachine('/etc/not-there'))).toBe(false);
	});

	official('L14', async ({ succeed, toEnd }) => {
		const template = { metadata: METADATA, spec: { containers: [{ name: 'app', command: ['printenv', 'HOSTNAME'] }] } };
		const workload = (apiVersion: string, kind: string, spec: Fields): Manifest => ({
			apiVersion,
			kind,
			metadata: { name: 'web' },
			spec,
		});
		const claims = { volumeClaimTemplates: [{ metadata: { name: 'data' } }] };
		const deployment = workload('apps/v1', 'Deployment', { template });
		const statefulSet = workload('apps/v1', 'StatefulSet', { template, ...claims });
		const cronJob = workload('batch/v1', 'CronJob', { jobTemplate: { spec: { template } } });
		expect(await succeed([deployment])).toBe('web-local\n');
		expect(await succeed([statefulSet])).toBe('web-0\n');
		expect(await succeed([cronJob])).toMatch(/^web-.*local\n$/);
		const several = await toEnd([deployment, statefulSet]);
		expect(several.code).toBe(125);
		expect(several.stderr).toContain('several workloads: deployment/web');
		expect(await succeed([deployment, statefulSet], { args: ['sts/web'] })).toBe('web-0\n');
	});

	// Fields for a cluster, its nodes and its runtime are silently ignored.
	official('L15', async ({ toEnd }) => {
		const probe = { exec: { command: ['false'] } };
		const manifest = pod(
			'web',
			{
				...{
					command: ['sh', '-c', 'env | grep -c SERVICE; echo ran'],
					imagePullPolicy: 'Always',
					ports: [{ containerPort: 80 }],
				},
				...{ livenessProbe: probe, readinessProbe: probe, startupProbe: probe, lifecycle: { postStart: probe } },
				...{ stdin: true, stdinOnce: true, tty: true, terminationMessagePath: '/dev/x', resizePolicy: [] },
				...{ terminationMessagePolicy: 'File', volumeDevices: [] },
				resources: { limits: { memory: '1Mi', cpu: '1m' } },
				securityContext: { privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: {} },
			},
			{
				...{ activeDeadlineSeconds: 1, affinity: {}, automountServiceAccountToken: true, dnsPolicy: 'Default' },
				...{ dnsConfig: {}, enableServiceLinks: true, hostAliases: [{ ip: '192.0.2.1', hostnames: ['a'] }] },
				...{ hostIPC: true, hostNetwork: true, hostPID: true, hostUsers: false, imagePullSecrets: [{ name: 'x' }] },
				...{ nodeSelector: { a: 'b' }, os: { name: 'linux' }, overhead: {}, preemptionPolicy: 'Never', priority: 1 },
				...{ priorityClassName: 'x', readinessGates: [], restartPolicy: 'Always', runtimeClassName: 'x' },
				...{ schedulerName: 'x', shareProcessNamespace: true },
				...{ terminationGracePeriodSeconds: 1, tolerations: [], topologySpreadConstraints: [] },
				securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' }, sysctls: [] },
			},
		);
		expect(await toEnd([manifest])).toMatchObject({ code: 0, stdout: '0\nran\n', stderr: '' });
	});
});
