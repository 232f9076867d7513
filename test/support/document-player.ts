/** Registers a test for each script of the documents. The test types the script on a stage. */

import { afterAll, beforeAll, describe, test } from 'vitest';
import { ENDLESS, type Endless, type Script } from './document-commands.js';
import { DocumentStage, type StageOptions } from './document-stage.js';

/** A mount in the foreground. */
const MOUNT: Endless = { shows: /Ctrl-C unmounts/ };

/** The scripts of one file share a stage, so that a block can use the results of earlier blocks. */
export function testScripts(
	all: readonly Script[],
	options: () => StageOptions,
	after?: (text: string) => Promise<void>,
): void {
	const files = new Set(all.map(fileOf));
	for (const file of files) {
		const scripts = all.filter((script) => fileOf(script) === file);
		describe(file, () => {
			let stage: DocumentStage | undefined;
			beforeAll(async () => {
				stage = await DocumentStage.open(options());
			});
			afterAll(() => stage?.close());
			for (const { location, commands } of scripts) {
				const missing = commands.map(({ text }) => ENDLESS[text]?.missing).find((reason) => reason !== undefined);
				const title = `${location}${missing === undefined ? '' : ` (skipped: ${missing})`}`;
				test.skipIf(missing !== undefined)(title, async () => {
					try {
						for (const [index, command] of commands.entries()) {
							const mayFail = commands[index + 1]?.text === 'echo $?';
							await stage?.play(command, { mayFail, endless: ENDLESS[command.text] ?? MOUNT });
							await after?.(command.text);
						}
					} catch (error) {
						await stage?.clear().catch(() => {});
						throw error;
					}
					await stage?.clear();
				});
			}
		});
	}
}

function fileOf({ location }: Script): string {
	return location.split(':')[0] ?? '';
}
