import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainText } from '../../../../src/cli/print/env-explain.js';
import { ENV_SCHEMA, type EnvReport, type ReportedVariable } from '../../../../src/cli/print/env-report.js';
import { COLOURS, NO_STYLE } from '../../../../src/cli/print/style.js';
import { textWidth } from '../../../../src/cli/print/text-width.js';

function variable(name: string, value: string | null, more: Partial<ReportedVariable> = {}): ReportedVariable {
	return {
		name,
		value,
		bytes: Buffer.byteLength(value ?? 'hunter2'),
		isSecret: value === null,
		isShellName: true,
		origin: { kind: 'configMapRef', field: 'envFrom[0]', object: 'app', key: name, place: 'app.yaml:7:10' },
		overrode: [],
		expansion: null,
		standIn: null,
		...more,
	};
}

function report(variables: readonly ReportedVariable[], more: Partial<EnvReport> = {}): EnvReport {
	return {
		schema: ENV_SCHEMA,
		pod: { name: 'web-local', namespace: 'shop', workload: 'deployment/web', place: 'd.yaml:1:1' },
		container: 'app',
		command: null,
		args: null,
		variables,
		missing: [],
		leftOut: [],
		warnings: [],
		...more,
	};
}

function lines(of: EnvReport, width?: number): readonly string[] {
	return explainText(of, { width, style: NO_STYLE }).split('\n').slice(0, -1);
}

const LONG = 'x'.repeat(300);

describe('the table', () => {
	test('has one line for each variable, with its notes below', () => {
		const value = { kind: 'value', field: 'env[1]', object: null, key: null, place: 'd.yaml:9:9' } as const;
		const all = [
			variable('COLOR', 'green', { origin: value, overrode: [variable('COLOR', '').origin] }),
			variable('URL', 'http://web/$(PORT)', {
				origin: { ...value, field: 'env[2]' },
				expansion: { raw: 'http://$(HOST)/$(PORT)', references: ['HOST'], unresolved: ['PORT'] },
			}),
			variable('my.key', '', { isShellName: false }),
			variable('NODE', 'vm', { standIn: 'the name of this machine' }),
			variable('PASSWORD', null),
		];
		expect(lines(report(all))).toEqual([
			'deployment/web, container app (namespace shop, d.yaml:1:1)',
			"5 variables; starts its image's command",
			'',
			'NAME      VALUE               FROM                                      AT',
			'COLOR     green               value (env[1])                            d.yaml:9:9',
			'    overrides ConfigMap app, key COLOR (envFrom[0]) at app.yaml:7:10',
			'URL       http://web/$(PORT)  value (env[2])                            d.yaml:9:9',
			'    expanded from http://$(HOST)/$(PORT)',
			'    $(PORT) is not expanded: it is not set further up',
			'my.key    ""                  ConfigMap app, key my.key (envFrom[0])    app.yaml:7:10',
			'    a POSIX shell cannot use this name; programs can',
			'NODE      vm                  ConfigMap app, key NODE (envFrom[0])      app.yaml:7:10',
			'    replaces a property of the node: the name of this machine',
			'PASSWORD  (Secret, 7 bytes)   ConfigMap app, key PASSWORD (envFrom[0])  app.yaml:7:10',
		]);
	});

	test('cuts long values, and adds their size', () => {
		const all = report([variable('A', LONG), variable('B', 'b')]);
		expect(lines(all)[4]).toBe(
			`A     ${'x'.repeat(47)}… (300 bytes)  ConfigMap app, key A (envFrom[0])  app.yaml:7:10`,
		);
		expect(lines(all, 90)[4]).toBe(
			`A     ${'x'.repeat(21)}… (300 bytes)  ConfigMap app, key A (envFrom[0])  app.yaml:7:10`,
		);
		expect(lines(all, 70)[4]).toBe(`A     ${'x'.repeat(16)}… (300 bytes)  ConfigMap app, key A (envFrom[0])`);
	});

	test('is a list on a narrow terminal', () => {
		expect(lines(report([variable('A', LONG, { isShellName: false })]), 40).slice(3)).toEqual([
			'A',
			`    ${'x'.repeat(23)}… (300 bytes)`,
			'    ConfigMap app, key A (envFrom[0]) at',
			'    app.yaml:7:10',
			'    a POSIX shell cannot use this name;',
			'    programs can',
		]);
	});

	test.each([
		['a\nb', 'a\\nb'],
		['\x1b[2J', '\\x1b[2J'],
		[' x', '" x"'],
		['x ', '"x "'],
		['', '""'],
	])('shows %j as %s', (value, shown) => {
		expect(lines(report([variable('A', value)]))[4]).toContain(`A     ${shown}`);
	});

	test('no line is wider than the terminal, and colours have no width', () => {
		const name = fc.stringMatching(/^[A-Z]{1,20}$/);
		const value = fc.string({ unit: 'grapheme', maxLength: 200 });
		fc.assert(
			fc.property(
				fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 6 }),
				fc.integer({ min: 60, max: 200 }),
				(rows, width) => {
					const all = report(rows.map(([one, text]) => variable(one, text)));
					const coloured = stripVTControlCharacters(explainText(all, { width, style: COLOURS }));
					expect(coloured).toBe(explainText(all, { width, style: NO_STYLE }));
					expect(Math.max(...coloured.split('\n').slice(2).map(textWidth))).toBeLessThanOrEqual(width);
				},
			),
		);
	});
});

test('characters that a terminal would obey are written out, wherever they come from', () => {
	const evil = 'a\u202eb\u2028';
	const origin = { ...variable('A', 'x').origin, key: evil, place: `${evil}.yaml:1:1` };
	const all = [variable('A', 'x', { origin, overrode: [origin], standIn: evil })];
	const text = lines(report(all, { container: evil })).join('');
	expect(text).not.toMatch(/[\u202e\u2028]/);
	expect(text.split('a\\u{202e}b\\u{2028}')).toHaveLength(7);
});

describe('around the table', () => {
	test.each([
		[['nginx', '-g', 'daemon off;'], null, "starts nginx -g 'daemon off;'"],
		[['./app'], ['--a', ''], "starts ./app --a ''"],
		[null, ['--flag'], 'starts (command of the image) --flag'],
		[null, null, "starts its image's command"],
		[['a\nb'], null, "starts 'a\\nb'"],
	])('the command %j with the args %j', (command, args, text) => {
		expect(lines(report([], { command, args }))[1]).toBe(`0 variables; ${text}`);
	});

	test('missing objects, left out references and warnings', () => {
		const of = report([], {
			missing: [{ reason: 'CreateContainerConfigError', message: 'configmap "a" not found' }],
			leftOut: [
				{ name: null, field: 'envFrom[1]', text: 'configmap "b" not found' },
				{ name: 'C', field: 'env[0]', text: 'configmap "c" has no key "k"' },
			],
			warnings: [{ place: 'spec.containers[0].env[1]', text: 'is so and so' }],
		});
		expect(lines(of).slice(2)).toEqual([
			'',
			'Missing, so the container does not start:',
			'    configmap "a" not found (CreateContainerConfigError)',
			'',
			'Left out, because it is optional and missing:',
			'    envFrom[1]: configmap "b" not found',
			'    C (env[0]): configmap "c" has no key "k"',
			'',
			'Warnings:',
			'    spec.containers[0].env[1]: is so and so',
		]);
	});
});
