/**
 * A real kube-apiserver with its etcd, on loopback, in a temporary directory, for one test file. RBAC is on; users are
 * made at any time. It can be stopped, killed, restarted with other flags and compacted; its data outlive all of that.
 *
 *     const cluster = useControlPlane();                       // beforeAll, afterAll, logs of a failed test
 *     it('…', async () => {
 *       const namespace = await cluster().namespace();         // a new one: tests do not see each other
 *       await cluster().kubectl(['create', 'cm', 'a', '-n', namespace, '--from-literal=k=v']);
 *       const user = await cluster().user('reader', [{ verbs: ['get'], resources: ['configmaps'] }], { namespace });
 *
 * The programs come from scripts/control-plane/ensure.mjs, which `npm test` runs first; a file that needs them fails
 * with the reason when they are not there. Only processes that were started here are ever ended.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
	closeSync,
	existsSync,
	mkdtempSync,
	openSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { runCommand } from './mount-process.js';
import { until, WAIT_MS } from './until.js';

const ENSURE = fileURLToPath(new URL('../../scripts/control-plane/ensure.mjs', import.meta.url));

/** How long etcd, and the API server after it, may take until they answer. Unit: milliseconds. */
const ETCD_READY_MS = 120_000;
const API_SERVER_READY_MS = 240_000;
const END_MS = 15_000;
const LOG_TAIL_LINES = 40;

export interface ControlPlaneOptions {
	/** `--watch-cache`; false lets each list and watch go to etcd, so that `compact` is felt at once. */
	readonly watchCache?: boolean;
	/** `--min-request-timeout`: a watch without timeoutSeconds ends after one to two times this. Unit: seconds. */
	readonly minRequestTimeout?: number;
	/** `--default-watch-cache-size`: how many events of a kind the cache remembers. */
	readonly defaultWatchCacheSize?: number;
	/** `--request-timeout` of everything but watches, such as `2s`. */
	readonly requestTimeout?: string;
	/** Any further flags of kube-apiserver. */
	readonly flags?: readonly string[];
}

/** A rule of a Role, as RBAC writes it; `apiGroups` is the core group when it is not given. */
export interface Rule {
	readonly verbs: readonly string[];
	readonly resources: readonly string[];
	readonly apiGroups?: readonly string[];
	readonly resourceNames?: readonly string[];
}

export interface ClusterUser {
	/** The name as the API server says it in its 403s. */
	readonly name: string;
	/** The token that counts now. */
	readonly token: string;
	/** A file with the token and nothing else, replaced by `rotateToken`. */
	readonly tokenFile: string;
	/** Path of a kubeconfig that carries the token; replaced by `rotateToken`. */
	readonly kubeconfig: string;
}

export interface KubectlResult {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface ApiResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly text: string;
	/** The text as JSON; undefined when it is none. */
	// biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of any kind
	readonly body: any;
}

export interface KubeconfigOptions {
	/** Another server than the control plane itself, such as a FaultProxy's url. */
	readonly server?: string;
	readonly token?: string;
	/** `tokenFile` instead of `token`: clients read it again. */
	readonly tokenFile?: string;
	/** The namespace of the context. */
	readonly namespace?: string;
}

interface Programs {
	readonly kubeApiServer: string;
	readonly etcd: string;
	readonly kubectl?: string;
	readonly agnhost?: string;
}

/** Where the binaries are. Errors: why they are not there, with the cure. */
export function controlPlanePrograms(): Programs {
	programs ??= findPrograms();
	return programs;
}

let programs: Programs | undefined;

function findPrograms(): Programs {
	const problem = process.env.CONFIGMAPFS_CONTROL_PLANE_PROBLEM;
	if (problem !== undefined && problem !== '') throw new Error(`there is no API server to test with: ${problem}`);
	const found = spawnSync(process.execPath, [ENSURE, '--find', '--json'], { encoding: 'utf8', timeout: WAIT_MS });
	if (found.status !== 0) throw new Error(`there is no API server to test with: ${found.stderr.trim()}`);
	return JSON.parse(found.stdout.trim().split('\n').at(-1) ?? '') as Programs;
}

const running = new Set<ControlPlane>();
// A worker that ends without its hooks must not leave servers behind.
process.on('exit', () => {
	for (const plane of running) plane.abandon();
});

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
	const plane = new ControlPlane(options);
	running.add(plane);
	try {
		await plane.start();
	} catch (error) {
		await plane.stop();
		throw error;
	}
	return plane;
}

/** One control plane for the tests of a file or `describe`; the servers' last words are printed with a failed test. */
export function useControlPlane(options: ControlPlaneOptions = {}): () => ControlPlane {
	let plane: ControlPlane | undefined;
	beforeAll(async () => {
		plane = await startControlPlane(options);
	}, ETCD_READY_MS + API_SERVER_READY_MS);
	afterEach(({ task }) => {
		if (task.result?.state === 'fail' && plane !== undefined) process.stderr.write(`${plane.logs()}\n`);
	});
	afterAll(async () => {
		await plane?.stop();
		plane = undefined;
	});
	return () => {
		if (plane === undefined) throw new Error('the control plane runs inside of tests only');
		return plane;
	};
}

export class ControlPlane {
	/** Everything it writes is below; removed by `stop`. */
	readonly directory = mkdtempSync(join(realpathSync(tmpdir()), 'cmfs-cluster-'));
	/** The administrator's (system:masters). */
	readonly kubeconfig = join(this.directory, 'admin.kubeconfig');
	readonly token = newToken();
	/** Trusts the API server, and a FaultProxy in front of it, which shows the same certificate. */
	readonly caFile = join(this.directory, 'certs/apiserver.crt');
	/** The key of that certificate. */
	readonly keyFile = join(this.directory, 'certs/apiserver.key');
	/** `https://127.0.0.1:port`; stays over restarts. */
	url = '';

	readonly #options: ControlPlaneOptions;
	readonly #users = new Map<string, string>();
	readonly #agent = new SecureAgent({ keepAlive: false });
	#etcdUrl = '';
	#etcdPeerUrl = '';
	#flags: readonly string[] = [];
	#etcd: ChildProcess | undefined;
	#apiServer: ChildProcess | undefined;
	#webhook: Worker | undefined;
	#count = 0;
	#stopped = false;

	/** Use `startControlPlane`. */
	constructor(options: ControlPlaneOptions) {
		this.#options = options;
	}

	async start(): Promise<void> {
		controlPlanePrograms();
		const [apiServer, etcd, peer] = [await freePort(), await freePort(), await freePort()];
		this.url = `https://127.0.0.1:${apiServer}`;
		this.#etcdUrl = `http://127.0.0.1:${etcd}`;
		this.#etcdPeerUrl = `http://127.0.0.1:${peer}`;
		await this.#startWebhook();
		this.#writeFiles();
		await this.startEtcd();
		await this.startApiServer();
		writeFileSync(this.kubeconfig, this.#kubeconfigText({ token: this.token }), { mode: 0o600 });
	}

	/** kubectl as the administrator, or with another kubeconfig; a status other than 0 is no error here. */
	async kubectl(
		args: readonly string[],
		options: { readonly input?: string; readonly kubeconfig?: string; readonly ms?: number } = {},
	): Promise<KubectlResult> {
		const { kubectl } = controlPlanePrograms();
		if (kubectl === undefined) throw new Error('there is no kubectl; run: node scripts/control-plane/ensure.mjs');
		const env = { KUBECONFIG: options.kubeconfig ?? this.kubeconfig, HOME: this.directory };
		const { input, ms } = options;
		const ended = await runCommand(kubectl, args, {
			env,
			ms: ms ?? 60_000,
			...(input === undefined ? {} : { input }),
		});
		return { status: ended.code, stdout: ended.stdout, stderr: ended.stderr };
	}

	/** kubectl that must succeed. Returns its standard output. */
	async kubectlOk(args: readonly string[], options: { readonly input?: string } = {}): Promise<string> {
		const { status, stdout, stderr } = await this.kubectl(args, options);
		if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr}`);
		return stdout;
	}

	/** One request to the API server itself, by default as the administrator. `body` is sent as JSON. */
	async api(
		method: string,
		path: string,
		options: {
			readonly body?: unknown;
			readonly token?: string;
			readonly contentType?: string;
			readonly url?: string;
			readonly ms?: number;
			/** Keeps connections, for many requests. By default each request has its own, so that a restart breaks none. */
			readonly agent?: SecureAgent;
		} = {},
	): Promise<ApiResponse> {
		const ca = readFileSync(this.caFile);
		const text = options.body === undefined ? undefined : JSON.stringify(options.body);
		return await new Promise((resolve, reject) => {
			const request = httpsRequest(new URL(path, options.url ?? this.url), {
				method,
				ca,
				agent: options.agent ?? this.#agent,
				timeout: options.ms ?? WAIT_MS,
				headers: {
					authorization: `Bearer ${options.token ?? this.token}`,
					accept: 'application/json',
					...(text === undefined ? {} : { 'content-type': options.contentType ?? 'application/json' }),
				},
			});
			request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer`)));
			request.on('error', reject);
			request.on('response', (response) => {
				let received = '';
				response.setEncoding('utf8');
				response.on('data', (chunk: string) => {
					received += chunk;
				});
				response.on('error', reject);
				response.on('close', () => {
					resolve({
						status: response.statusCode ?? 0,
						headers: response.headers,
						text: received,
						body: parseJson(received),
					});
				});
			});
			request.end(text);
		});
	}

	/** Makes a namespace with a new name and returns it. */
	async namespace(prefix = 'test'): Promise<string> {
		this.#count += 1;
		const name = `${prefix}-${this.#count}`;
		await this.#mustApi('POST', '/api/v1/namespaces', { metadata: { name } });
		return name;
	}

	/**
	 * A user who may do what `rules` say, in `namespace` or else in the whole cluster, and nothing more. Returns when the
	 * API server knows about it.
	 */
	async user(
		name: string,
		rules: readonly Rule[],
		options: { readonly namespace?: string; readonly server?: string } = {},
	): Promise<ClusterUser> {
		this.#count += 1;
		const { namespace } = options;
		const user = new User(name, this.directory, `${name}-${this.#count}`, (token) =>
			this.#kubeconfigText({ token, ...options }),
		);
		this.#users.set(user.token, name);
		this.#writeUsers();
		await this.setRules(user, rules, namespace === undefined ? {} : { namespace });
		return user;
	}

	/** Replaces what the user may do (RoleBinding and Role, or their cluster kinds, called `rules-of-NAME`). */
	async setRules(
		user: ClusterUser,
		rules: readonly Rule[],
		options: { readonly namespace?: string } = {},
	): Promise<void> {
		const { namespace } = options;
		const base = '/apis/rbac.authorization.k8s.io/v1';
		const where = namespace === undefined ? base : `${base}/namespaces/${namespace}`;
		const kind = namespace === undefined ? 'ClusterRole' : 'Role';
		const name = `rules-of-${user.name}`;
		const role = {
			apiVersion: 'rbac.authorization.k8s.io/v1',
			kind,
			metadata: { name },
			rules: rules.map((rule) => ({ apiGroups: [''], ...rule })),
		};
		const binding = {
			apiVersion: 'rbac.authorization.k8s.io/v1',
			kind: `${kind}Binding`,
			metadata: { name },
			subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user.name }],
			roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
		};
		await this.#replace(`${where}/${kind.toLowerCase()}s`, name, role);
		await this.#replace(`${where}/${kind.toLowerCase()}bindings`, name, binding);
		// The authorizer reads roles from a watch of its own.
		await until(
			async () => (await this.#allowed(user, rules, namespace)) || undefined,
			`the API server lets ${user.name} do ${JSON.stringify(rules)}`,
		);
	}

	/**
	 * Gives the user a new token, in its token file and kubeconfig. The old one answers 401 when the API server's own
	 * cache has forgotten it, after at most 10 s of use; `restartApiServer` forgets at once.
	 */
	rotateToken(user: ClusterUser, options: { readonly keepOld?: boolean } = {}): string {
		if (!(user instanceof User)) throw new Error(`${user.name} was not made by this control plane`);
		if (options.keepOld !== true) this.#users.delete(user.token);
		user.renew();
		this.#users.set(user.token, user.name);
		this.#writeUsers();
		return user.token;
	}

	/** The user's tokens are no longer good; see `rotateToken` for when that is felt. */
	revokeToken(user: ClusterUser): void {
		this.#users.delete(user.token);
		this.#writeUsers();
	}

	/** Writes a kubeconfig for another way to get here, such as through a FaultProxy, and returns its path. */
	writeKubeconfig(options: KubeconfigOptions = {}): string {
		this.#count += 1;
		const path = join(this.directory, `kubeconfig-${this.#count}`);
		const who = options.token === undefined && options.tokenFile === undefined ? { token: this.token } : {};
		writeFileSync(path, this.#kubeconfigText({ ...who, ...options }), { mode: 0o600 });
		return path;
	}

	/** Starts it again after `killApiServer` or `stopApiServer`, and waits until it is ready. */
	async startApiServer(options: { readonly flags?: readonly string[]; readonly wait?: boolean } = {}): Promise<void> {
		if (options.flags !== undefined) this.#flags = options.flags;
		const port = new URL(this.url).port;
		const { kubeApiServer } = controlPlanePrograms();
		const { watchCache, minRequestTimeout, defaultWatchCacheSize, requestTimeout, flags = [] } = this.#options;
		this.#apiServer = this.#spawn('kube-apiserver', kubeApiServer, [
			`--etcd-servers=${this.#etcdUrl}`,
			'--etcd-compaction-interval=0',
			'--bind-address=127.0.0.1',
			`--secure-port=${port}`,
			// It is written into objects only, and finding one could fail without a network.
			'--advertise-address=192.0.2.1',
			'--external-hostname=localhost',
			'--endpoint-reconciler-type=none',
			`--cert-dir=${join(this.directory, 'certs')}`,
			`--service-account-key-file=${join(this.directory, 'service-account.pub')}`,
			`--service-account-signing-key-file=${join(this.directory, 'service-account.key')}`,
			'--service-account-issuer=https://kubernetes.default.svc',
			`--token-auth-file=${join(this.directory, 'tokens.csv')}`,
			`--authentication-token-webhook-config-file=${join(this.directory, 'webhook.kubeconfig')}`,
			'--authentication-token-webhook-version=v1',
			'--authentication-token-webhook-cache-ttl=0s',
			'--authorization-mode=RBAC',
			'--service-cluster-ip-range=10.0.0.0/24',
			'--disable-admission-plugins=ServiceAccount',
			...(watchCache === undefined ? [] : [`--watch-cache=${watchCache}`]),
			...(minRequestTimeout === undefined ? [] : [`--min-request-timeout=${minRequestTimeout}`]),
			...(defaultWatchCacheSize === undefined ? [] : [`--default-watch-cache-size=${defaultWatchCacheSize}`]),
			...(requestTimeout === undefined ? [] : [`--request-timeout=${requestTimeout}`]),
			...flags,
			...this.#flags,
		]);
		if (options.wait === false) return;
		await this.#ready('kube-apiserver', this.#apiServer, API_SERVER_READY_MS, async () => {
			if (!existsSync(this.caFile) || !existsSync(this.keyFile)) return false;
			return (await this.api('GET', '/readyz', { ms: 2000 })).status === 200;
		});
	}

	/** SIGKILL: its clients see connections reset, then refused. */
	async killApiServer(): Promise<void> {
		await end(this.#apiServer, 'SIGKILL');
	}

	/** SIGTERM: it ends its watches and connections in order. */
	async stopApiServer(): Promise<void> {
		await end(this.#apiServer, 'SIGTERM');
	}

	/** Kills it and starts it again. `flags` come after all others and hold until the next call that gives some. */
	async restartApiServer(options: { readonly flags?: readonly string[] } = {}): Promise<void> {
		await this.killApiServer();
		await this.startApiServer(options);
	}

	/** SIGSTOP: connections stay open and are accepted by the system, nothing answers. */
	pauseApiServer(): void {
		this.#apiServer?.kill('SIGSTOP');
	}

	resumeApiServer(): void {
		this.#apiServer?.kill('SIGCONT');
	}

	/** The data that it had acknowledged stay. */
	async killEtcd(): Promise<void> {
		await end(this.#etcd, 'SIGKILL');
	}

	async startEtcd(): Promise<void> {
		const { etcd } = controlPlanePrograms();
		this.#etcd = this.#spawn('etcd', etcd, [
			`--data-dir=${join(this.directory, 'etcd')}`,
			`--listen-client-urls=${this.#etcdUrl}`,
			`--advertise-client-urls=${this.#etcdUrl}`,
			`--listen-peer-urls=${this.#etcdPeerUrl}`,
			`--initial-advertise-peer-urls=${this.#etcdPeerUrl}`,
			`--initial-cluster=default=${this.#etcdPeerUrl}`,
		]);
		await this.#ready('etcd', this.#etcd, ETCD_READY_MS, async () => {
			const { health } = (await this.#etcdCall('GET', '/health')) as { health?: string };
			return health === 'true';
		});
	}

	/** etcd's revision, which is the resourceVersion of the latest change in the cluster. */
	async revision(): Promise<number> {
		const status = await this.#etcdCall('POST', '/v3/maintenance/status', {});
		return Number((status as { header: { revision: string } }).header.revision);
	}

	/**
	 * Makes etcd forget everything before its current revision, and returns that. Continue tokens are 410 from now on;
	 * watches from an older resourceVersion too with `watchCache: false`, else when the API server was restarted, since
	 * its watch cache remembers for itself.
	 */
	async compact(): Promise<number> {
		const revision = await this.revision();
		await this.#etcdCall('POST', '/v3/kv/compaction', { revision: String(revision), physical: true });
		return revision;
	}

	/** The last lines of both servers' logs. */
	logs(lines = LOG_TAIL_LINES): string {
		return ['etcd', 'kube-apiserver']
			.map((name) => `--- ${name}\n${tail(join(this.directory, `${name}.log`), lines)}`)
			.join('\n');
	}

	/** Process ids of what runs now. */
	get pids(): { readonly etcd: number | undefined; readonly apiServer: number | undefined } {
		return { etcd: alivePid(this.#etcd), apiServer: alivePid(this.#apiServer) };
	}

	/** Ends both servers and removes the directory; idempotent. */
	async stop(): Promise<void> {
		this.#stopped = true;
		await Promise.all([end(this.#apiServer, 'SIGKILL'), end(this.#etcd, 'SIGKILL'), this.#webhook?.terminate()]);
		this.#agent.destroy();
		rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
		running.delete(this);
	}

	/** `stop` for a process that is ending now. */
	abandon(): void {
		for (const child of [this.#apiServer, this.#etcd]) {
			if (alivePid(child) !== undefined) child?.kill('SIGKILL');
		}
		rmSync(this.directory, { recursive: true, force: true });
	}

	#writeFiles(): void {
		const { publicKey, privateKey } = generateKeyPairSync('rsa', {
			modulusLength: 2048,
			publicKeyEncoding: { type: 'spki', format: 'pem' },
			privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
		});
		this.#write('service-account.pub', publicKey);
		this.#write('service-account.key', privateKey);
		this.#write('tokens.csv', `${this.token},admin,admin,system:masters\n`);
	}

	/**
	 * Answers the API server's questions about tokens from users.json, which is read for each, so that users come and go
	 * without a restart. On a thread of its own: a test may wait for a program without running the event loop.
	 */
	async #startWebhook(): Promise<void> {
		this.#writeUsers();
		this.#webhook = new Worker(TOKEN_WEBHOOK, { eval: true, workerData: join(this.directory, 'users.json') });
		this.#webhook.unref();
		const [port] = (await once(this.#webhook, 'message')) as [number];
		this.#write(
			'webhook.kubeconfig',
			JSON.stringify({
				apiVersion: 'v1',
				kind: 'Config',
				clusters: [{ name: 'webhook', cluster: { server: `http://127.0.0.1:${port}` } }],
				users: [{ name: 'api-server', user: {} }],
				contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: 'api-server' } }],
				'current-context': 'webhook',
			}),
		);
	}

	#writeUsers(): void {
		const path = this.#write('users.json.new', JSON.stringify(Object.fromEntries(this.#users)));
		renameSync(path, join(this.directory, 'users.json'));
	}

	#write(name: string, text: string): string {
		const path = join(this.directory, name);
		writeFileSync(path, text, { mode: 0o600 });
		return path;
	}

	#kubeconfigText(options: KubeconfigOptions): string {
		const { server = this.url, token, tokenFile, namespace } = options;
		const ca = readFileSync(this.caFile).toString('base64');
		const config = {
			apiVersion: 'v1',
			kind: 'Config',
			clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': ca } }],
			users: [{ name: 'user', user: tokenFile === undefined ? { token } : { tokenFile } }],
			contexts: [{ name: 'test', context: { cluster: 'test', user: 'user', ...(namespace ? { namespace } : {}) } }],
			'current-context': 'test',
		};
		return `${JSON.stringify(config, undefined, '\t')}\n`;
	}

	async #mustApi(method: string, path: string, body?: unknown): Promise<ApiResponse> {
		const response = await this.api(method, path, { body });
		if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${response.text}`);
		return response;
	}

	async #replace(collection: string, name: string, object: unknown): Promise<void> {
		const created = await this.api('POST', collection, { body: object });
		if (created.status !== 409) {
			if (created.status >= 300) throw new Error(`POST ${collection}: ${created.status} ${created.text}`);
			return;
		}
		await this.#mustApi('PUT', `${collection}/${name}`, object);
	}

	async #allowed(user: ClusterUser, rules: readonly Rule[], namespace: string | undefined): Promise<boolean> {
		for (const { verbs, resources, apiGroups, resourceNames } of rules) {
			const attributes = {
				verb: verbs.at(-1),
				resource: resources[0],
				group: apiGroups?.[0] ?? '',
				...(resourceNames?.[0] === undefined ? {} : { name: resourceNames[0] }),
				...(namespace === undefined ? {} : { namespace }),
			};
			const review = await this.#mustApi('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
				spec: { user: user.name, resourceAttributes: attributes },
			});
			if (review.body?.status?.allowed !== true) return false;
		}
		return true;
	}

	#spawn(name: string, file: string, args: readonly string[]): ChildProcess {
		if (this.#stopped) throw new Error('this control plane was stopped');
		const log = openSync(join(this.directory, `${name}.log`), 'a');
		try {
			const env: NodeJS.ProcessEnv = { ...process.env, HOME: this.directory };
			// etcd wants to hear this where its authors do not test it themselves.
			if (process.arch !== 'x64' && name === 'etcd') env.ETCD_UNSUPPORTED_ARCH = process.arch;
			return spawn(file, args, { stdio: ['ignore', log, log], env, cwd: this.directory });
		} finally {
			closeSync(log);
		}
	}

	/** Waits until `answers`. Errors: the log's end, as soon as the process is gone or at the deadline. */
	async #ready(name: string, child: ChildProcess, ms: number, answers: () => Promise<boolean>): Promise<void> {
		let failure: Error | undefined;
		child.once('error', (error) => {
			failure = error;
		});
		const started = performance.now();
		for (;;) {
			const gone = failure !== undefined || child.exitCode !== null || child.signalCode !== null;
			if (gone || performance.now() - started > ms) {
				const why = failure?.message ?? (gone ? `ended with ${child.exitCode ?? child.signalCode}` : 'is not ready');
				const seconds = Math.round((performance.now() - started) / 1000);
				throw new Error(
					`${name} ${why} after ${seconds} s\n${tail(join(this.directory, `${name}.log`), LOG_TAIL_LINES)}`,
				);
			}
			if (await answers().catch(() => false)) return;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	async #etcdCall(method: string, path: string, body?: unknown): Promise<unknown> {
		return await new Promise((resolve, reject) => {
			const agent = new Agent({ keepAlive: false });
			const request = httpRequest(new URL(path, this.#etcdUrl), { method, agent, timeout: WAIT_MS });
			request.on('timeout', () => request.destroy(new Error(`etcd ${path}: no answer`)));
			request.on('error', reject);
			request.on('response', (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (chunk: string) => {
					text += chunk;
				});
				response.on('error', reject);
				response.on('end', () => {
					if (response.statusCode === 200) resolve(JSON.parse(text));
					else reject(new Error(`etcd ${path}: ${response.statusCode} ${text}`));
				});
			});
			request.end(body === undefined ? undefined : JSON.stringify(body));
		});
	}
}

class User implements ClusterUser {
	readonly name: string;
	readonly tokenFile: string;
	readonly kubeconfig: string;
	token = '';
	readonly #kubeconfigText: (token: string) => string;

	constructor(name: string, directory: string, file: string, kubeconfigText: (token: string) => string) {
		this.name = name;
		this.tokenFile = join(directory, `${file}.token`);
		this.kubeconfig = join(directory, `${file}.kubeconfig`);
		this.#kubeconfigText = kubeconfigText;
		this.renew();
	}

	renew(): void {
		this.token = newToken();
		replaceFile(this.tokenFile, this.token);
		replaceFile(this.kubeconfig, this.#kubeconfigText(this.token));
	}
}

const TOKEN_WEBHOOK = `
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
createServer((request, response) => {
	let text = '';
	request.setEncoding('utf8').on('data', (chunk) => { text += chunk; });
	request.on('end', () => {
		const { apiVersion, kind, spec } = JSON.parse(text);
		const username = JSON.parse(readFileSync(workerData, 'utf8'))[spec.token];
		const known = { authenticated: true, user: { username, uid: username, groups: ['test:users'] } };
		const status = username === undefined ? { authenticated: false } : known;
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify({ apiVersion, kind, status }));
	});
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

function newToken(): string {
	return randomBytes(24).toString('hex');
}

function replaceFile(path: string, text: string): void {
	writeFileSync(`${path}.new`, text, { mode: 0o600 });
	renameSync(`${path}.new`, path);
}

/**
 * A port that nobody listens on, below the range from which the system gives ports to clients: a server that is gone
 * for a while must find its port free.
 */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(15_000, 30_000);
		const server = createServer();
		const free = await new Promise<boolean>((resolve) => {
			server.once('error', () => resolve(false));
			server.listen(port, '127.0.0.1', () => resolve(true));
		});
		if (!free) continue;
		await new Promise((resolve) => server.close(resolve));
		return port;
	}
}

function alivePid(child: ChildProcess | undefined): number | undefined {
	return child !== undefined && child.exitCode === null && child.signalCode === null ? child.pid : undefined;
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
	if (child === undefined || alivePid(child) === undefined) return;
	const ended = once(child, 'exit');
	child.kill(signal);
	// A stopped process does not hear SIGTERM.
	child.kill('SIGCONT');
	const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
	await ended;
	clearTimeout(timer);
}

function tail(path: string, lines: number): string {
	if (!existsSync(path)) return '(no log)';
	return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
