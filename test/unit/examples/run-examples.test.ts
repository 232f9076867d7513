/** The examples for `run`: pods that decode, whose references all resolve, with few findings of lint. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PodCatalog } from '../../../src/inputs/pod-catalog.js';
import { decodePod } from '../../../src/pod/decode/pod.js';
import { buildEnvironment } from '../../../src/pod/environment/builder.js';
import { commandLine } from '../../../src/pod/environment/command-line.js';
import { lintPod } from '../../../src/pod/lint/lint-pod.js';
import { selectContainer, selectWorkload } from '../../../src/pod/workload.js';
import { parseManifest } from '../../../src/sources/manifests/manifest-parser.js';
import { storeOf } from '../store/source-objects.js';

const FOLDER = fileURLToPath(new URL('../../../examples/run/', import.meta.url));
const SIZES = { cpuCount: 2, memoryBytes: 2 ** 30, diskBytes: 2 ** 40 };
const SURROUNDINGS = { nodeName: 'node', hostIP: '10.0.0.1', podIP: '10.0.0.2', ...SIZES };

/** The rules that lint reports for each example, because the example shows them. */
const REPORTED_RULES: Readonly<Record<string, readonly string[]>> = {
	'nginx.yaml': ['subpath-never-updates'],
	'app.yaml': [],
	'cron-job.yaml': [],
};

function load(file: string) {
	const text = readFileSync(FOLDER + file, 'utf8');
	const { objects, problems } = parseManifest(text, { file, defaultNamespace: 'default' });
	expect(problems).toEqual([]);
	const store = storeOf(objects);
	expect(store.problems).toEqual([]);
	const catalog = new PodCatalog(store);
	const { pod, violations } = decodePod(selectWorkload(catalog.workloads), { defaultNamespace: 'default' });
	if (pod === undefined) throw new Error(JSON.stringify(violations));
	const container = selectContainer(pod);
	const available = catalog.objects('default');
	const environment = buildEnvironment(pod, container, available, SURROUNDINGS, {
		strictNames: false,
		readFile: () => undefined,
	});
	return { text, pod, container, environment, objects: available };
}

test.each(Object.entries(REPORTED_RULES))('%s is a pod without missing objects, and lint reports %j', (file, rules) => {
	const { pod, objects, environment } = load(file);
	expect(environment).toMatchObject({ missing: [], warnings: [] });
	const findings = lintPod({ pod, objects, violations: [] });
	const reported = findings.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule);
	expect(reported).toEqual(rules);
});

test.each(Object.keys(REPORTED_RULES))('%s gives its command in its first lines', (file) => {
	const [top = ''] = load(file).text.split(/^apiVersion/m);
	expect(top).toMatch(new RegExp(`^#   configmapfs run -f examples/run/${file}`, 'm'));
});

test('references to variables are expanded', () => {
	const app = load('app.yaml');
	expect(commandLine(app.container, app.environment, ['./checkout'], true)).toEqual([
		'./checkout',
		'--config=/etc/app/config/checkout.yaml',
		'--listen=127.0.0.1:8089',
	]);
	expect(app.environment.variables.get('MEMORY_LIMIT')?.value).toBe('128');
	const job = load('cron-job.yaml');
	const words = commandLine(job.container, job.environment, undefined, false);
	expect(words.slice(0, 2)).toEqual(['sh', '-ec']);
	expect(words[2]).toMatch(/^echo "Revenue in EUR: \$0"\n/);
	expect(words[3]).toBe('day,orders,revenue');
});
