/** Every command of the documents and examples that needs no cluster, typed at a terminal: it works as shown. */

import { afterAll, describe } from 'vitest';
import { controlPlanePrograms } from '../support/control-plane.js';
import { scripts } from '../support/document-commands.js';
import { testScripts } from '../support/document-player.js';
import { WITHOUT_PYTHON } from '../support/inotify.js';
import { removeTemporaries } from '../support/temporary.js';

afterAll(removeTemporaries);

describe.skipIf(WITHOUT_PYTHON)(
	`commands${WITHOUT_PYTHON === undefined ? '' : ` (skipped: ${WITHOUT_PYTHON})`}`,
	() => {
		testScripts(
			scripts().filter(({ needsCluster }) => !needsCluster),
			() => {
				const { kubectl } = controlPlanePrograms();
				if (kubectl === undefined) throw new Error('there is no kubectl; run: node scripts/control-plane/ensure.mjs');
				return { programs: { kubectl } };
			},
		);
	},
);
