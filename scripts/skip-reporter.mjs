// @ts-check
/*
 * A vitest reporter that names every skipped test with its reason, one a line, at the end of the run:
 *
 *     skipped: test/unit/x.test.ts > reads what it may > unreadable: root may read every file
 *
 * The reason is the note of `ctx.skip(note)`, or part of the title, `… (skipped: reason)`. Tests that `-t` leaves out are
 * not named.
 */

const isFiltered = process.argv.some((word) => /^(-t|--testNamePattern)(=|$)/.test(word));

export default class SkipReporter {
	/** @param {ReadonlyArray<import('vitest/node').TestModule>} modules */
	onTestRunEnd(modules) {
		for (const module of modules) {
			for (const test of module.children.allTests('skipped')) {
				const line = describeSkip(`${module.relativeModuleId} > ${test.fullName}`, test.result());
				if (line !== undefined) process.stderr.write(`${line}\n`);
			}
		}
	}
}

/**
 * @param {string} name
 * @param {import('vitest/node').TestResult} result
 */
function describeSkip(name, result) {
	const note = result.state === 'skipped' ? result.note : undefined;
	if (note !== undefined) return `skipped: ${name}: ${note}`;
	if (isFiltered) return undefined;
	return name.includes('(skipped: ') ? `skipped: ${name}` : `skipped: ${name}: the test gives no reason`;
}
