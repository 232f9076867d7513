import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const FOLDER = fileURLToPath(new URL('../../../examples/', import.meta.url));

interface Manifest {
	readonly kind: string;
	/** Undefined for a kustomization. */
	readonly metadata?: { readonly name: string; readonly namespace?: string };
	readonly immutable?: boolean;
	readonly data?: Readonly<Record<string, unknown>>;
	readonly binaryData?: Readonly<Record<string, string>>;
	readonly items?: readonly Manifest[];
}

const FILES: Readonly<Record<string, readonly string[]>> = {
	'binary.yaml': ['ConfigMap default/branding'],
	'envoy.yaml': ['ConfigMap default/envoy'],
	'feature-flags.json': ['ConfigMap default/feature-flags'],
	'immutable.yaml': ['ConfigMap default/exchange-rates-2025-06'],
	'list.yaml': ['ConfigMap staging/kube-root-ca.crt', 'ConfigMap staging/prometheus'],
	'multi-document.yaml': [
		'ConfigMap default/shop-frontend',
		'Deployment default/shop-frontend',
		'Service default/shop-frontend',
		'ConfigMap default/shop-backend',
		'ConfigMap default/shop-settings',
	],
	'nginx.yaml': ['ConfigMap default/nginx'],
	'run/app.yaml': [
		'ConfigMap default/checkout',
		'ConfigMap default/checkout-env',
		'Secret default/checkout-db',
		'Deployment default/checkout',
	],
	'run/cron-job.yaml': ['ConfigMap default/report', 'CronJob default/report'],
	'run/kustomize/deployment.yaml': ['Deployment default/worker'],
	'run/kustomize/kustomization.yaml': ['Kustomization'],
	'run/nginx.yaml': [
		'ConfigMap default/web-server',
		'ConfigMap default/web-sites',
		'ConfigMap default/web-pages',
		'Deployment default/web',
	],
	'spring.yaml': ['ConfigMap default/spring'],
};

/** Inputs of a kustomization besides manifests, and a program to run. */
const OTHERS = ['run/checkout.sh', 'run/kustomize/worker.env', 'run/kustomize/worker.toml'];

function objectsIn(file: string): readonly Manifest[] {
	const documents = parseAllDocuments(readFileSync(FOLDER + file, 'utf8'), { strict: true, uniqueKeys: true });
	return [...documents].flatMap((document) => {
		expect([...document.errors, ...document.warnings]).toEqual([]);
		const object = document.toJS() as Manifest;
		return object.kind === 'List' ? (object.items ?? []) : [object];
	});
}

function titleOf({ kind, metadata }: Manifest): string {
	return metadata === undefined ? kind : `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function configMapsIn(file: string): readonly Manifest[] {
	return objectsIn(file).filter(({ kind }) => kind === 'ConfigMap');
}

test('every example is listed here and in examples/README.md', () => {
	const readme = readFileSync(`${FOLDER}README.md`, 'utf8');
	const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => relative(FOLDER, join(parentPath, name)))
		.filter((file) => file !== 'README.md');
	expect(files.sort()).toEqual([...Object.keys(FILES), ...OTHERS].sort());
	// A kustomization is one example, however many files it has.
	const titles = files.map((file) => file.replace(/^(run\/kustomize)\/.*/, '$1'));
	expect(titles.filter((title) => !readme.includes(`\`${title}\``))).toEqual([]);
});

test.each(Object.entries(FILES))('%s holds its objects', (file, titles) => {
	expect(objectsIn(file).map(titleOf)).toEqual(titles);
});

test('no two examples contain the same object', () => {
	const titles = Object.values(FILES).flat();
	expect(titles).toEqual([...new Set(titles)]);
});

test.each(Object.keys(FILES))('%s is valid for the API server', (file) => {
	for (const { data = {}, binaryData = {} } of configMapsIn(file)) {
		for (const [key, value] of Object.entries(data)) expect(value, key).toBeTypeOf('string');
		for (const value of Object.values(binaryData)) {
			// Go ignores line breaks in base64, and no other characters.
			expect(value.replaceAll('\n', '')).toMatch(/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/);
		}
		const keys = [...Object.keys(data), ...Object.keys(binaryData)];
		expect(keys).toEqual([...new Set(keys)]);
		for (const key of keys) expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
	}
});

test('the bytes of binary.yaml match their file names', () => {
	const binaryData = configMapsIn('binary.yaml')[0]?.binaryData ?? {};
	const logo = Buffer.from(binaryData['logo.png'] ?? '', 'base64');
	expect(logo.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n');
	expect([logo.readUInt32BE(16), logo.readUInt32BE(20)]).toEqual([32, 32]);
	expect(logo.subarray(-8, -4).toString('latin1')).toBe('IEND');
	expect(gunzipSync(Buffer.from(binaryData['robots.txt.gz'] ?? '', 'base64')).toString()).toMatch(/^User-agent: \*\n/);
});

test('only immutable.yaml is immutable', () => {
	expect(Object.keys(FILES).filter((file) => configMapsIn(file).some(({ immutable }) => immutable === true))).toEqual([
		'immutable.yaml',
	]);
});
