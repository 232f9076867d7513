/** Every command of the documents and examples that needs no cluster, typed at a terminal: it works as shown. */

import { afterAll, describe, test } from 'vitest';
import { controlPlanePrograms } from '../support/control-plane.js';
import { scripts } from '../support/document-commands.js';
import { testScripts } from '../support/document-player.js';
import { DocumentStage } from '../support/document-stage.js';
import { WITHOUT_PYTHON } from '../support/inotify.js';
import { removeTemporaries } from '../support/temporary.js';

const suffix = WITHOUT_PYTHON === undefined ? '' : ` (skipped: ${WITHOUT_PYTHON})`;

afterAll(removeTemporaries);

describe.skipIf(WITHOUT_PYTHON)(`commands${suffix}`, () => {
	testScripts(
		scripts().filter(({ needsCluster }) => !needsCluster),
		() => {
			const { kubectl } = controlPlanePrograms();
			if (kubectl === undefined) throw new Error('there is no kubectl; run: node scripts/control-plane/ensure.mjs');
			return { programs: { kubectl } };
		},
	);
});

describe.skipIf(WITHOUT_PYTHON)(`docs/containers.md${suffix}`, () => {
	test('a container that binds the parent with rslave sees a mount that is made again', async () => {
		const stage = await DocumentStage.open();
		const type = (text: string, output: readonly string[] = ['…']) =>
			stage.play({ location: 'docs/containers.md', text, output }, { mayFail: false });
		const mount = 'configmapfs mount /srv/config/app --mkdir --volume app -f app.yaml -b';
		const wait = 'until grep -s red app/app.yaml > $STAGE/seen; do sleep 0.1; done';
		try {
			await type(mount);
			await type(`docker run --rm -v /srv/config:/config:ro,rslave my-image sh -c '${wait}' &`);
			await type('configmapfs unmount /srv/config/app');
			await type('sed -i s/blue/red/ app.yaml');
			await type(mount);
			await type('until grep -s red seen; do sleep 0.1; done', ['color: red']);
		} finally {
			await stage.clear();
			stage.close();
		}
	});
});
