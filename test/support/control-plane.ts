/**
 * A real kube-apiserver with its etcd, on loopback, in a temporary directory, for one test file. RBAC is enabled, and a
 * test can add users at any time. A test can stop, kill and restart the servers, with other flags, and compact etcd; the
 * data survive.
 *
 *     const cluster = useControlPlane();                       // beforeAll, afterAll, logs of a failed test
 *     it('…', async () => {
 *       const namespace = await cluster().namespace();         // a new one for each test
 *       await cluster().kubectl(['create', 'cm', 'a', '-n', namespace, '--from-literal=k=v']);
 *       const user = await cluster().user('reader', [{ verbs: ['get'], resources: ['configmaps'] }], { namespace });
 *
 * The programs come from scripts/control-plane/ensure.mjs, which `npm test` runs first. Without them, the test file fails
 * with the reason. Only processes that this module started are ended.
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

/** Deadlines for etcd, and then for the API server, to become ready. Unit: milliseconds. */
const ETCD_READY_MS = 120_000;
const API_SERVER_READY_MS = 240_000;
const END_MS = 15_000;
const LOG_TAIL_LINES = 40;

export interface ControlPlaneOptions {
	/** `--watch-cache`; false sends each list and watch to etcd, so that `compact` takes effect immediately. */
	readonly watchCache?: boolean;
	/** `--min-request-timeout`: a watch without timeoutSeconds ends after one to two times this. Unit: seconds. */
	readonly minRequestTimeout?: number;
	/** `--default-watch-cache-size`: the number of events per kind that the cache keeps. */
	readonly defaultWatchCacheSize?: number;
	/** `--request-timeout` for requests other than watches, such as `2s`. */
	readonly requestTimeout?: string;
	/** Any further flags of kube-apiserver. */
	readonly flags?: readonly string[];
}

/** A rule of a Role, in RBAC's format; the default of `apiGroups` is the core group. */
export interface Rule {
	readonly verbs: readonly string[];
	readonly resources: readonly string[];
	readonly apiGroups?: readonly string[];
	readonly resourceNames?: readonly string[];
}

export interface ClusterUser {
	/** The name in the API server's 403 responses. */
	readonly name: string;
	/** The current token. */
	readonly token: string;
	/** A file with only the token; `rotateToken` replaces it. */
	readonly tokenFile: string;
	/** Path of a kubeconfig with the token; `rotateToken` replaces it. */
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
	/** The parsed text; undefined if it is not JSON. */
	// biome-ignore lint/suspicious/noExplicitAny: tests read fields of responses of any kind
	readonly body: any;
}

export interface KubeconfigOptions {
	/** A server other than the control plane, such as the url of a FaultProxy. */
	readonly server?: string;
	readonly token?: string;
	/** `tokenFile` instead of `token`; clients read the file again when it changes. */
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

/** Paths of the binaries. Errors: the reason why they are missing, with the cure. */
export function controlPlanePrograms(): Programs {
	programs ??= findPrograms();
	return programs;
}

let programs: Programs | undefined;

function findPrograms(): Programs {
	const problem = process.env.CONFIGMAPFS_CONTROL_PLANE_PROBLEM;
	if (problem !== undefined && problem !== '') throw new Error(`no API server for the tests: ${problem}`);
	const found = spawnSync(process.execPath, [ENSURE, '--find', '--json'], { encoding: 'utf8', timeout: WAIT_MS });
	if (found.status !== 0) throw new Error(`no API server for the tests: ${found.stderr.trim()}`);
	return JSON.parse(found.stdout.trim().split('\n').at(-1) ?? '') as Programs;
}

const running = new Set<ControlPlane>();
// Kills the servers even if a worker ends without running its hooks.
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

/** One control plane for the tests of a file or `describe`. Prints the end of the servers' logs after a failed test. */
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
		if (plane === undefined) throw new Error('the control plane runs only during tests and their hooks');
		return plane;
	};
}

export class ControlPlane {
	/** Contains all files of the servers; `stop` removes it. */
	readonly directory = mkdtempSync(join(realpathSync(tmpdir()), 'cmfs-cluster-'));
	/** Of the administrator (system:masters). */
	readonly kubeconfig = join(this.directory, 'admin.kubeconfig');
	readonly token = newToken();
	/** Certifies the API server, and a FaultProxy in front of it, which presents the same certificate. */
	readonly caFile = join(this.directory, 'certs/apiserver.crt');
	/** The private key of that certificate. */
	readonly keyFile = join(this.directory, 'certs/apiserver.key');
	/** `https://127.0.0.1:port`; restarts do not change it. */
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

	/** Runs kubectl as the administrator, or with another kubeconfig. Does not throw if kubectl fails. */
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

	/** Runs kubectl as the administrator and returns its standard output. Errors: if kubectl fails. */
	async kubectlOk(args: readonly string[], options: { readonly input?: string } = {}): Promise<string> {
		const { status, stdout, stderr } = await this.kubectl(args, options);
		if (status !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr}`);
		return stdout;
	}

	/** Sends one request directly to the API server, by default as the administrator. `body` is sent as JSON. */
	async api(
		method: string,
		path: string,
		options: {
			readonly body?: unknown;
			readonly token?: string;
			readonly contentType?: string;
			readonly url?: string;
			readonly ms?: number;
			/** Reuses connections, for many requests. By default each request opens one, so that a restart breaks no request. */
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
			request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no response`)));
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

	/** Creates a namespace and returns its name. */
	async namespace(prefix = 'test'): Promise<string> {
		this.#count += 1;
		const name = `${prefix}-${this.#count}`;
		await this.#apiOk('POST', '/api/v1/namespaces', { metadata: { name } });
		return name;
	}

	/**
	 * Creates a user with only the permissions in `rules`, in `namespace` or by default in the complete cluster. Resolves
	 * once the API server applies the rules.
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

	/** Replaces the user's permissions (a Role and RoleBinding or their cluster kinds, named `rules-of-NAME`). */
	async setRules(
		user: ClusterUser,
		rules: readonly Rule[],
		options: { readonly namespace?: string } = {},
	): Promise<void> {
		const { namespace } = options;
		const base = '/apis/rbac.authorization.k8s.io/v1';
		const parent = namespace === undefined ? base : `${base}/namespaces/${namespace}`;
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
		await this.#replace(`${parent}/${kind.toLowerCase()}s`, name, role);
		await this.#replace(`${parent}/${kind.toLowerCase()}bindings`, name, binding);
		// The authorizer receives roles through its own watch, so a change takes effect later.
		await until(
			async () => (await this.#allowed(user, rules, namespace)) || undefined,
			`the API server lets ${user.name} do ${JSON.stringify(rules)}`,
		);
	}

	/**
	 * Writes a new token for the user to the token file and the kubeconfig. The old token gets 401 once the API server's
	 * token cache has dropped it, after at most 10 s of use; `restartApiServer` drops it immediately.
	 */
	rotateToken(user: ClusterUser, options: { readonly keepOld?: boolean } = {}): string {
		if (!(user instanceof User)) throw new Error(`${user.name} is not a user of this control plane`);
		if (options.keepOld !== true) this.#users.delete(user.token);
		user.renew();
		this.#users.set(user.token, user.name);
		this.#writeUsers();
		return user.token;
	}

	/** Revokes the user's token; see `rotateToken` for the delay. */
	revokeToken(user: ClusterUser): void {
		this.#users.delete(user.token);
		this.#writeUsers();
	}

	/** Writes a kubeconfig, such as one that leads through a FaultProxy, and returns its path. */
	writeKubeconfig(options: KubeconfigOptions = {}): string {
		this.#count += 1;
		const path = join(this.directory, `kubeconfig-${this.#count}`);
		const credentials = options.token === undefined && options.tokenFile === undefined ? { token: this.token } : {};
		writeFileSync(path, this.#kubeconfigText({ ...credentials, ...options }), { mode: 0o600 });
		return path;
	}

	/** Starts the API server, for example after `killApiServer` or `stopApiServer`, and waits until it is ready. */
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
			// The address only appears in objects; without this flag the search for one can fail on a machine without network.
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

	/** SIGKILL: connections of clients are reset, new ones refused. */
	async killApiServer(): Promise<void> {
		await end(this.#apiServer, 'SIGKILL');
	}

	/** SIGTERM: the API server ends its watches and connections gracefully. */
	async stopApiServer(): Promise<void> {
		await end(this.#apiServer, 'SIGTERM');
	}

	/** Kills and starts the API server. `flags` follow all other flags and stay in effect until a call with other `flags`. */
	async restartApiServer(options: { readonly flags?: readonly string[] } = {}): Promise<void> {
		await this.killApiServer();
		await this.startApiServer(options);
	}

	/** SIGSTOP: connections stay open and the kernel accepts new ones, but no request gets a response. */
	pauseApiServer(): void {
		this.#apiServer?.kill('SIGSTOP');
	}

	resumeApiServer(): void {
		this.#apiServer?.kill('SIGCONT');
	}

	/** SIGKILL; acknowledged writes survive. */
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

	/** The revision of etcd, which is the resourceVersion of the latest change in the cluster. */
	async revision(): Promise<number> {
		const status = await this.#etcdCall('POST', '/v3/maintenance/status', {});
		return Number((status as { header: { revision: string } }).header.revision);
	}

	/**
	 * Compacts etcd to its current revision and returns that revision. From then on, older continue tokens get 410. Watches
	 * from an older resourceVersion get 410 with `watchCache: false`; otherwise only after a restart of the API server,
	 * because its watch cache keeps older events.
	 */
	async compact(): Promise<number> {
		const revision = await this.revision();
		await this.#etcdCall('POST', '/v3/kv/compaction', { revision: String(revision), physical: true });
		return revision;
	}

	/** The end of both servers' logs. */
	logs(lines = LOG_TAIL_LINES): string {
		return ['etcd', 'kube-apiserver']
			.map((name) => `--- ${name}\n${tail(join(this.directory, `${name}.log`), lines)}`)
			.join('\n');
	}

	/** Ids of the running processes. */
	get pids(): { readonly etcd: number | undefined; readonly apiServer: number | undefined } {
		return { etcd: alivePid(this.#etcd), apiServer: alivePid(this.#apiServer) };
	}

	/** Kills both servers and removes the directory; idempotent. */
	async stop(): Promise<void> {
		this.#stopped = true;
		await Promise.all([end(this.#apiServer, 'SIGKILL'), end(this.#etcd, 'SIGKILL'), this.#webhook?.terminate()]);
		this.#agent.destroy();
		rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
		running.delete(this);
	}

	/** A synchronous `stop`, for the exit of the test process. */
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
	 * Serves the API server's token reviews from users.json. It reads the file for each review, so that users can change
	 * without a restart. It runs on a separate thread, because a test may block the event loop while a program runs.
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

	async #apiOk(method: string, path: string, body?: unknown): Promise<ApiResponse> {
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
		await this.#apiOk('PUT', `${collection}/${name}`, object);
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
			const review = await this.#apiOk('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
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
			// etcd refuses to start on architectures that its authors do not test, unless this variable names the architecture.
			if (process.arch !== 'x64' && name === 'etcd') env.ETCD_UNSUPPORTED_ARCH = process.arch;
			return spawn(file, args, { stdio: ['ignore', log, log], env, cwd: this.directory });
		} finally {
			closeSync(log);
		}
	}

	/** Waits until `isReady`. Errors: with the end of the log, if the process ends first, or at the deadline. */
	async #ready(name: string, child: ChildProcess, ms: number, isReady: () => Promise<boolean>): Promise<void> {
		let failure: Error | undefined;
		child.once('error', (error) => {
			failure = error;
		});
		const started = performance.now();
		for (;;) {
			const hasEnded = failure !== undefined || child.exitCode !== null || child.signalCode !== null;
			if (hasEnded || performance.now() - started > ms) {
				const end = hasEnded ? `ended with ${child.exitCode ?? child.signalCode}` : 'is not ready';
				const seconds = Math.round((performance.now() - started) / 1000);
				const log = tail(join(this.directory, `${name}.log`), LOG_TAIL_LINES);
				throw new Error(`${name} ${failure?.message ?? end} after ${seconds} s\n${log}`);
			}
			if (await isReady().catch(() => false)) return;
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	async #etcdCall(method: string, path: string, body?: unknown): Promise<unknown> {
		return await new Promise((resolve, reject) => {
			const agent = new Agent({ keepAlive: false });
			const request = httpRequest(new URL(path, this.#etcdUrl), { method, agent, timeout: WAIT_MS });
			request.on('timeout', () => request.destroy(new Error(`etcd ${path}: no response`)));
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
 * A free port below the range from which the kernel assigns ports to clients, so that the port stays free while a server
 * is stopped.
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
	// A stopped process handles SIGTERM only after SIGCONT.
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
