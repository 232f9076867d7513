// @ts-check
/*
 * F3 and F6 with a cluster: a mount that follows a real etcd and kube-apiserver on loopback. Measures the time from the
 * response to a PATCH to the first read of the new bytes through the mount, and the CPU time and requests while nothing
 * changes. Imported by bench.
 */

import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findControlPlane } from '../control-plane/ensure.mjs';
import { activity, family, pause, quantile, residentBytes } from './measure.mjs';
import { mount, SETTLE_MS } from './program.mjs';

/** Number of ConfigMaps in the namespace; one of them is edited. */
const OBJECTS = 100;
const NAMESPACE = 'bench';
const READY_MS = 120_000;
const LATE_MS = 30_000;
/** Edits before the measured ones: they open connections and compile code. */
const WARM_UP_EDITS = 20;

/**
 * @typedef {object} ControlPlane
 * @property {string} kubeconfig For a separate user, whose requests are counted.
 * @property {(method: string, path: string, body?: unknown) => Promise<{ status: number, answeredAt: number }>} api
 * @property {() => number} countRequests Requests of the kubeconfig's user since the start.
 * @property {() => Promise<void>} close
 */

/**
 * Returns undefined if kube-apiserver or etcd is missing; a benchmark does not build them.
 *
 * @param {import('./program.mjs').Setting} setting
 * @param {{ edits: number, idleSeconds: number }} options
 */
export async function cluster(setting, { edits, idleSeconds }) {
	const programs = findControlPlane();
	if (programs === undefined) return undefined;
	const plane = await startControlPlane(programs, join(setting.scratch, 'cluster'));
	setting.opened(plane);
	try {
		await plane.api('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
		const objects = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
		for (let index = 0; index < OBJECTS; index++) {
			const data = { generation: '0', other: 'x'.repeat(1024) };
			await plane.api('POST', objects, { metadata: { name: `app-${index}` }, data });
		}
		const args = ['--kubeconfig', plane.kubeconfig, '-n', NAMESPACE];
		const mounted = await mount(setting, join(setting.scratch, 'cluster-mount'), args);
		try {
			setting.progress(`${edits} edits`);
			const latencies = await measureEdits(plane, join(mounted.folder, 'app-0/generation'), `${objects}/app-0`, edits);
			await sleep(SETTLE_MS);
			setting.progress(`idle for ${idleSeconds} s`);
			const idle = await measureIdle(plane, mounted.pid, idleSeconds);
			const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
			return { edits, readyMs: mounted.readyMs, p50, p99, max: Math.max(...latencies), idle };
		} finally {
			await mounted.close();
		}
	} finally {
		await plane.close();
	}
}

/** @param {ControlPlane} plane @param {string} file @param {string} path @param {number} edits */
async function measureEdits(plane, file, path, edits) {
	const latencies = [];
	for (let edit = 1; edit <= WARM_UP_EDITS + edits; edit++) {
		const { status, answeredAt } = await plane.api('PATCH', path, { data: { generation: String(edit) } });
		if (status !== 200) throw new Error(`PATCH failed with status ${status}`);
		while (readFileSync(file, 'latin1') !== String(edit)) {
			if (performance.now() - answeredAt > LATE_MS) throw new Error(`edit ${edit} was not readable after 30 s`);
			pause(0.25);
		}
		if (edit > WARM_UP_EDITS) latencies.push(performance.now() - answeredAt);
		await sleep(5 + Math.random() * 20);
	}
	return latencies;
}

/** @param {ControlPlane} plane @param {number} pid @param {number} seconds */
async function measureIdle(plane, pid, seconds) {
	const pids = family(pid);
	const before = { requests: plane.countRequests(), each: pids.map(activity) };
	await sleep(seconds * 1000);
	const after = { requests: plane.countRequests(), each: pids.map(activity) };
	const [daemon, server] = pids.map((pid, index) => {
		const [from, to] = [before.each[index], after.each[index]];
		const runNs = (to?.runNs ?? 0) - (from?.runNs ?? 0);
		const wakeUps = (to?.wakeUps ?? 0) - (from?.wakeUps ?? 0);
		return { wakeUps, cpuPercent: runNs / seconds / 1e7, residentBytes: residentBytes(pid) };
	});
	const requestsPerMinute = ((after.requests - before.requests) * 60) / seconds;
	return { seconds, objects: OBJECTS, requestsPerMinute, daemon, server };
}

/**
 * @param {import('../control-plane/ensure.mjs').ControlPlanePrograms} programs
 * @param {string} folder
 * @returns {Promise<ControlPlane>}
 */
async function startControlPlane(programs, folder) {
	mkdirSync(folder, { recursive: true });
	/** @param {string} name @param {string} text */
	const write = (name, text) => {
		writeFileSync(join(folder, name), text, { mode: 0o600 });
		return join(folder, name);
	};
	const { publicKey, privateKey } = generateKeyPairSync('rsa', {
		modulusLength: 2048,
		publicKeyEncoding: { type: 'spki', format: 'pem' },
		privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
	});
	const [admin, follower] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
	const tokens = `${admin},admin,admin,system:masters\n${follower},follower,follower,system:masters\n`;
	const audit = join(folder, 'audit.log');
	const policy = {
		apiVersion: 'audit.k8s.io/v1',
		kind: 'Policy',
		rules: [{ level: 'Metadata', users: ['follower'] }, { level: 'None' }],
	};
	const [apiPort, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
	const etcdUrl = `http://127.0.0.1:${etcdPort}`;
	const peerUrl = `http://127.0.0.1:${peerPort}`;
	/** @type {{ readonly name: string, readonly child: import('node:child_process').ChildProcess, readonly ended: Promise<unknown> }[]} */
	const running = [];
	/** @param {string} name @param {string} program @param {readonly string[]} args */
	const start = (name, program, args) => {
		const log = openSync(join(folder, `${name}.log`), 'a');
		const child = spawn(program, args, { stdio: ['ignore', log, log], cwd: folder });
		const ended = new Promise((resolve) => child.on('close', resolve).on('error', resolve));
		running.push({ name, child, ended });
	};
	let closed = false;
	const close = async () => {
		if (closed) return;
		closed = true;
		agent.destroy();
		for (const { child } of running) child.kill('SIGKILL');
		await Promise.all(running.map(({ ended }) => ended));
		rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	};
	const agent = new Agent({ keepAlive: true });
	const url = `https://127.0.0.1:${apiPort}`;
	const caFile = join(folder, 'certs/apiserver.crt');
	/** @type {ControlPlane['api']} */
	const api = (method, path, body) =>
		new Promise((resolve, reject) => {
			const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
			const headers = { authorization: `Bearer ${admin}`, accept: 'application/json', 'content-type': type };
			const call = request(new URL(path, url), { method, headers, agent, ca: readFileSync(caFile), timeout: 30_000 });
			call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no response after 30 s`)));
			call.on('error', reject);
			call.on('response', (response) => {
				const answeredAt = performance.now();
				response.resume();
				response.on('end', () => resolve({ status: response.statusCode ?? 0, answeredAt }));
				response.on('error', reject);
			});
			call.end(body === undefined ? undefined : JSON.stringify(body));
		});
	try {
		start('etcd', programs.etcd, [
			`--data-dir=${join(folder, 'etcd')}`,
			`--listen-client-urls=${etcdUrl}`,
			`--advertise-client-urls=${etcdUrl}`,
			`--listen-peer-urls=${peerUrl}`,
			`--initial-advertise-peer-urls=${peerUrl}`,
			`--initial-cluster=default=${peerUrl}`,
		]);
		start('kube-apiserver', programs.kubeApiServer, [
			`--etcd-servers=${etcdUrl}`,
			'--bind-address=127.0.0.1',
			`--secure-port=${apiPort}`,
			'--advertise-address=192.0.2.1',
			'--external-hostname=localhost',
			'--endpoint-reconciler-type=none',
			`--cert-dir=${join(folder, 'certs')}`,
			`--service-account-key-file=${write('service-account.pub', publicKey)}`,
			`--service-account-signing-key-file=${write('service-account.key', privateKey)}`,
			'--service-account-issuer=https://kubernetes.default.svc',
			`--token-auth-file=${write('tokens.csv', tokens)}`,
			'--authorization-mode=RBAC',
			'--service-cluster-ip-range=10.0.0.0/24',
			'--disable-admission-plugins=ServiceAccount',
			`--audit-policy-file=${write('audit-policy.json', JSON.stringify(policy))}`,
			`--audit-log-path=${audit}`,
			'--audit-log-mode=blocking',
		]);
		const deadline = performance.now() + READY_MS;
		while (!(existsSync(caFile) && (await api('GET', '/readyz').catch(() => undefined))?.status === 200)) {
			const dead = running.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
			if (dead !== undefined) throw new Error(`${dead.name} ended: ${lastLine(join(folder, `${dead.name}.log`))}`);
			if (performance.now() > deadline) throw new Error('the API server was not ready after 2 min');
			await sleep(100);
		}
	} catch (error) {
		await close();
		throw error;
	}
	const kubeconfig = write(
		'kubeconfig',
		JSON.stringify({
			apiVersion: 'v1',
			kind: 'Config',
			clusters: [{ name: 'bench', cluster: { server: url, 'certificate-authority': caFile } }],
			users: [{ name: 'follower', user: { token: follower } }],
			contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'follower' } }],
			'current-context': 'bench',
		}),
	);
	// The audit log has one RequestReceived line per request; a watch also has lines for its response and its end.
	const countRequests = () => readFileSync(audit, 'latin1').split('"stage":"RequestReceived"').length - 1;
	return { kubeconfig, api, countRequests, close };
}

/** @returns {Promise<number>} */
function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer().on('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
		});
	});
}

/** @param {string} file */
function lastLine(file) {
	return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';
}
