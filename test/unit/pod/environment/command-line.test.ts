import { describe, expect, test } from 'vitest';
import { buildEnvironment } from '../../../../src/pod/environment/builder.js';
import { commandLine } from '../../../../src/pod/environment/command-line.js';
import type { Container } from '../../../../src/pod/pod-spec.js';
import { makeConfigMap, makeContainer, makeEnv, makeObjects, makePod, SURROUNDINGS } from './environment-pod.js';

const MAPS = makeObjects([makeConfigMap('cm', { FROM_MAP: 'of the map' })]);

function words(fields: Partial<Container>, given?: readonly string[], keepArgs = false): string[] {
	const container = makeContainer({
		envFrom: [{ kind: 'configMapRef', name: 'cm', optional: false, prefix: '' }],
		env: makeEnv(['TEST_VAR', 'test-value'], ['EMPTY', ''], ['RAW', '$$(TEST_VAR)']),
		...fields,
	});
	const environment = buildEnvironment(makePod(container), container, MAPS, SURROUNDINGS, { strictNames: false });
	return commandLine(container, environment, given, keepArgs);
}

describe('commandLine', () => {
	test('C2 replaces variables in the command before a shell sees it', () => {
		const command = ['sh', '-c', 'TEST_VAR=wrong echo "$(TEST_VAR)"'];
		expect(words({ command })).toEqual(['sh', '-c', 'TEST_VAR=wrong echo "test-value"']);
	});

	test('C3 replaces variables in the args before a shell sees them', () => {
		const args = ['TEST_VAR=wrong echo "$(TEST_VAR)"'];
		expect(words({ command: ['sh', '-c'], args })).toEqual(['sh', '-c', 'TEST_VAR=wrong echo "test-value"']);
	});

	const USAGE = (message: string) => expect.objectContaining({ code: 'USAGE', message });

	test.each([
		['no fields', {}],
		['empty lists', { command: [], args: [] }],
	])('H1 without a command of its own, a container needs one from the caller: %s', (_, fields) => {
		const message =
			'container "app" has no command of its own, and its image\'s is not available here; pass one after --';
		expect(() => words(fields)).toThrow(USAGE(message));
		expect(words(fields, ['./my-app', '--flag'])).toEqual(['./my-app', '--flag']);
		expect(words(fields, ['./my-app', '--flag'], true)).toEqual(['./my-app', '--flag']);
	});

	test('H2 args without a command need one from the caller', () => {
		const args = ['-v', '$(TEST_VAR)'];
		const message =
			'container "app" has args but no command of its own, and its image\'s is not available here; ' +
			'pass a command after --, and --keep-args before it to keep the args';
		expect(() => words({ args })).toThrow(USAGE(message));
		expect(() => words({ args }, [])).toThrow(USAGE(message));
		expect(words({ args }, ['./my-app'], true)).toEqual(['./my-app', '-v', 'test-value']);
	});

	test('H3 a command without args is exactly that command', () => {
		expect(words({ command: ['/agnhost', 'entrypoint-tester'] })).toEqual(['/agnhost', 'entrypoint-tester']);
	});

	test('H4 command and args are exactly these', () => {
		const fields = { command: ['/agnhost', 'entrypoint-tester'], args: ['override', 'arguments'] };
		expect(words(fields)).toEqual(['/agnhost', 'entrypoint-tester', 'override', 'arguments']);
		expect(words(fields, [])).toEqual(['/agnhost', 'entrypoint-tester', 'override', 'arguments']);
	});

	test('replaces the command by a given one, and keeps args only with keepArgs', () => {
		const fields = { command: ['/agnhost', 'x'], args: ['$(TEST_VAR)', 'b'] };
		expect(words(fields, ['mine', '1'])).toEqual(['mine', '1']);
		expect(words(fields, ['mine', '1'], true)).toEqual(['mine', '1', 'test-value', 'b']);
	});

	test('does not expand a given command, not even doubled dollars', () => {
		const given = ['$(TEST_VAR)', '$$', ''];
		expect(words({ args: ['$(TEST_VAR)'] }, given, true)).toEqual([...given, 'test-value']);
	});

	test('expands from the final environment, keeps unknown references, and splits nothing', () => {
		const args = ['$(FROM_MAP)', '$(EMPTY)', '$(DNE)', '$(RAW)', '$$(TEST_VAR)', 'a b'];
		const expanded = ['of the map', '', '$(DNE)', '$(TEST_VAR)', '$(TEST_VAR)', 'a b'];
		expect(words({ command: ['x'], args })).toEqual(['x', ...expanded]);
	});

	test.each([
		['args[1] contains a NUL byte, which no argument or variable can; mount it as a file', 'a\0b'],
		['args[1] takes 131072 bytes, more than the 131071 that Linux allows', 'x'.repeat(131_072)],
	])('refuses an argument that execve(2) would refuse: %s', (reason, word) => {
		const message = expect.stringContaining(`container "app": ${reason}`);
		const refused = expect.objectContaining({ code: 'INPUT_INVALID', message });
		expect(() => words({ command: ['x'], args: ['a', word] })).toThrow(refused);
		expect(words({ args: ['a', word] }, ['mine'])).toEqual(['mine']);
	});
});
