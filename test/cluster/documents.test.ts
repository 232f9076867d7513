/** Every command of the documents that needs a cluster works as shown at a terminal. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { parse } from 'yaml';
import { controlPlanePrograms, useControlPlane } from '../support/control-plane.js';
import { scripts } from '../support/document-commands.js';
import { testScripts } from '../support/document-player.js';
import { fixture } from '../support/fixture-process.js';
import { WITHOUT_PYTHON } from '../support/inotify.js';
import { removeTemporaries, temporaryDirectory } from '../support/temporary.js';
import { until } from '../support/until.js';

const NAMESPACES = ['staging', 'web', 'db', 'shop'];

const cluster = useControlPlane();
let kubeconfig: string;

/** What the documents name: contexts, the user jane, and in each namespace the objects of deploy.yaml and a Secret. */
beforeAll(async () => {
	const jane = await cluster().user('jane', [], {});
	kubeconfig = join(temporaryDirectory('kubeconfig'), 'config');
	writeFileSync(kubeconfig, readFileSync(cluster().kubeconfig));
	const { contexts } = parse(readFileSync(kubeconfig, 'utf8')) as {
		readonly contexts: readonly [{ readonly context: { readonly cluster: string; readonly user: string } }];
	};
	const { cluster: name, user } = contexts[0].context;
	const config = ['config', '--kubeconfig', kubeconfig];
	await cluster().kubectlOk([...config, 'set-credentials', 'jane', `--token=${jane.token}`]);
	await cluster().kubectlOk([
		...config,
		'set-context',
		'staging',
		`--cluster=${name}`,
		`--user=${user}`,
		'--namespace=staging',
	]);
	const input = readFileSync(fixture('documents/work/deploy.yaml'), 'utf8');
	for (const namespace of NAMESPACES) {
		await cluster().kubectlOk(['create', 'namespace', namespace]);
		await cluster().kubectlOk(['apply', '-n', namespace, '-f', '-'], { input });
		await cluster().kubectlOk(['create', 'secret', 'generic', 'app', '-n', namespace, '--from-literal=token=secret']);
	}
});
afterAll(removeTemporaries);

/** The authorizer of the API server reads roles from a watch of its own, so a new role is not in force at once. */
async function afterBinding(text: string): Promise<void> {
	if (!text.startsWith('kubectl create rolebinding')) return;
	const question = ['auth', 'can-i', 'watch', 'configmaps/app', '-n', 'web', '--as', 'jane'];
	await until(async () => (await cluster().kubectl(question)).stdout === 'yes\n', 'jane may watch');
}

describe.skipIf(WITHOUT_PYTHON)(
	`commands${WITHOUT_PYTHON === undefined ? '' : ` (skipped: ${WITHOUT_PYTHON})`}`,
	() => {
		testScripts(
			scripts().filter(({ needsCluster }) => needsCluster),
			() => {
				const { kubectl } = controlPlanePrograms();
				if (kubectl === undefined) throw new Error('there is no kubectl; run: node scripts/control-plane/ensure.mjs');
				return { programs: { kubectl }, env: { KUBECONFIG: kubeconfig } };
			},
			afterBinding,
		);
	},
);
