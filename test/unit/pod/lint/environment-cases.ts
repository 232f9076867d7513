/** Cases for the rules of variables, commands and arguments. */

import { configMap, configMapVolume, envFrom, keyRef, type LintCases, literal, mount, secret } from './lint-pods.js';

const CM = configMap('cm', { HOST: 'h', PORT: '80' });
const FROM_CM = envFrom('configMapRef', 'cm');
const FROM_KEY = envFrom('secretRef', 'key');
const FROM = 'spec.containers[0].envFrom[0]';
const VALUE = (index: number) => `spec.containers[0].env[${index}].value`;
/** `${NAME}`, as a shell has it. */
const braced = (name: string) => `$\{${name}}`;
/** Length of the longest value of a variable named A. Unit: bytes. */
const LONGEST = 131_069;

export const ENVIRONMENT_CASES: LintCases = {
	'env-name-no-shell': [
		{
			it: 'keys with dots, dashes or a leading digit, in one finding',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', { 'log.level': '', 'data-1': '', '1a': '', OK_1: '' })],
			finds: [['warning', FROM, 'shells cannot use these variables, and many drop them: 1a, data-1, log.level']],
		},
		{
			it: 'an entry of env',
			pod: { app: { env: [literal('a.b', '1')] } },
			finds: [['warning', 'spec.containers[0].env[0]', ': a.b']],
		},
		{
			it: 'many names, of which eight are listed',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`k-${index}`, ''])))],
			finds: [['warning', FROM, ': k-0, k-1, k-10, k-2, k-3, k-4, k-5, k-6 and 3 more']],
		},
		{
			it: 'eight names, all listed',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', Object.fromEntries([...'abcdefgh'].map((key) => [`${key}.x`, ''])))],
			finds: [['warning', FROM, ': a.x, b.x, c.x, d.x, e.x, f.x, g.x, h.x']],
		},
		{
			it: 'a prefix that makes the name valid',
			pod: { app: { envFrom: [envFrom('configMapRef', 'cm', 'P_')], env: [literal('_x1', '')] } },
			objects: [configMap('cm', { '1': '' })],
			finds: [],
		},
	],
	'env-name-too-new': [
		{
			it: 'names that clusters before 1.30 skip, with their prefix',
			pod: { app: { envFrom: [envFrom('configMapRef', 'cm', '#')] } },
			objects: [configMap('cm', { a: '' })],
			finds: [['warning', FROM, 'clusters before 1.30 skip these variables: #a']],
		},
		{
			it: 'an entry of env',
			pod: { app: { env: [literal('1a', '1')] } },
			finds: [['warning', 'spec.containers[0].env[0]', 'clusters before 1.32 refuse a pod with these variables: 1a']],
		},
		{
			it: 'dots and dashes',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', { 'key.1': '', '-a': '' })],
			finds: [],
		},
	],
	'env-from-collision': [
		{
			it: 'two objects with equal names',
			pod: { app: { envFrom: [FROM_CM, FROM_KEY] } },
			objects: [CM, secret('key', { PORT: '1', HOST: '2', USER: '3' })],
			finds: [
				[
					'warning',
					'spec.containers[0].envFrom[1]',
					'secret "key" overrides variables of configMap "cm" (envFrom[0]): HOST, PORT',
				],
			],
		},
		{
			it: 'two objects with different prefixes',
			pod: { app: { envFrom: [FROM_CM, envFrom('secretRef', 'key', 'S_')] } },
			objects: [CM, secret('key', { PORT: '1' })],
			finds: [],
		},
	],
	'env-from-binary': [
		{
			it: 'binary keys',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', { A: '' }, { binaryData: { B: 'x' } })],
			finds: [['info', FROM, 'binaryData of configMap "cm" is never part of the environment: B']],
		},
		{ it: 'only data', pod: { app: { envFrom: [FROM_CM] } }, objects: [CM], finds: [] },
	],
	'env-overrides-env-from': [
		{
			it: 'an entry of the same name',
			pod: { app: { envFrom: [FROM_CM], env: [literal('X', ''), literal('PORT', '1')] } },
			objects: [CM],
			finds: [['info', 'spec.containers[0].env[1]', '"PORT" overrides the variable of configMap "cm" (envFrom[0])']],
		},
		{
			it: 'an optional entry with its key',
			pod: { app: { envFrom: [FROM_CM], env: [keyRef('PORT', 'configMapKeyRef', 'cm', 'HOST', true)] } },
			objects: [CM],
			finds: [['info', 'spec.containers[0].env[0]', '"PORT" overrides']],
		},
		{
			it: 'an optional entry without its key, which overrides nothing',
			pod: { app: { envFrom: [FROM_CM], env: [keyRef('PORT', 'configMapKeyRef', 'cm', 'none', true)] } },
			objects: [CM],
			finds: [],
		},
	],
	'env-duplicate': [
		{
			it: 'one name twice',
			pod: { app: { env: [literal('A', '1'), literal('B', '2'), literal('A', '3')] } },
			finds: [['warning', 'spec.containers[0].env[2]', 'env[0] sets "A" too; this entry wins']],
		},
		{
			it: 'one name in two containers, and in envFrom',
			pod: { initContainer: { env: [literal('HOST', '1')] }, app: { envFrom: [FROM_CM], env: [literal('HOST', '1')] } },
			objects: [CM],
			finds: [],
		},
	],
	'env-value-too-large': [
		{
			it: 'a value that is one byte too long with its name, from a key and from all keys',
			pod: { app: { envFrom: [FROM_CM], env: [keyRef('A', 'configMapKeyRef', 'cm', 'B')] } },
			objects: [configMap('cm', { B: 'x'.repeat(LONGEST + 1) })],
			finds: [
				[
					'error',
					'spec.containers[0].env[0]',
					'"A" and its value take 131072 bytes; Linux allows 131071 in one variable',
				],
				['error', FROM, '"B" and its value take 131072 bytes'],
			],
		},
		{
			it: 'the longest value',
			pod: { app: { env: [keyRef('A', 'configMapKeyRef', 'cm', 'B')] } },
			objects: [configMap('cm', { B: 'x'.repeat(LONGEST) })],
			finds: [],
		},
	],
	'env-value-nul': [
		{
			it: 'a NUL character',
			pod: { app: { envFrom: [FROM_KEY] } },
			objects: [secret('key', { A: 'a\0b', B: 'b' })],
			finds: [['error', FROM, 'these values contain a NUL character, which a variable cannot: A']],
		},
		{ it: 'text', pod: { app: { envFrom: [FROM_CM] } }, objects: [CM], finds: [] },
	],
	'env-trailing-newline': [
		{
			it: 'one line with a newline',
			pod: { app: { envFrom: [FROM_KEY], env: [keyRef('P', 'secretKeyRef', 'key', 'A')] } },
			objects: [secret('key', { A: 'pass\n', B: 'b' })],
			finds: [
				[
					'warning',
					'spec.containers[0].env[0]',
					'these values end with a newline, which becomes part of the variable: P',
				],
				['warning', FROM, ': A'],
			],
		},
		{
			it: 'several lines, no newline, and a literal value',
			pod: { app: { envFrom: [FROM_KEY], env: [literal('C', 'c\n')] } },
			objects: [secret('key', { A: 'a\nb\n', B: 'b', N: '\n' })],
			finds: [],
		},
	],
	'forward-reference': [
		{
			it: 'variables that are set further down',
			pod: { app: { env: [literal('URL', '$(HOST):$(PORT)$(HOST)'), literal('HOST', 'h'), literal('PORT', '1')] } },
			finds: [
				['warning', VALUE(0), 'these variables are set further down, so they are not expanded: $(HOST), $(PORT)'],
			],
		},
		{
			it: 'variables that are set before or in envFrom, and an escaped reference',
			pod: {
				app: {
					envFrom: [FROM_CM],
					env: [literal('A', '1'), literal('B', '$(A)$(HOST)$$(C)'), literal('C', ''), literal('HOST', '')],
				},
			},
			objects: [CM],
			finds: [],
		},
		{
			it: 'a command, which is expanded after all variables are set',
			pod: { app: { command: ['x', '$(A)'], env: [literal('A', '1')] } },
			finds: [],
		},
	],
	'undefined-reference': [
		{
			it: 'variables that are not set, in values, command and args',
			pod: { app: { command: ['app', '$(A)'], args: ['--x=$(B)', '$(KNOWN)'], env: [literal('KNOWN', '$(C)')] } },
			finds: [
				['warning', 'spec.containers[0].args[0]', '$(B) is not expanded: no entry sets it'],
				['warning', 'spec.containers[0].command[1]', '$(A) is not expanded: no entry sets it'],
				['warning', VALUE(0), '$(C) is not expanded: no entry sets it'],
			],
		},
		{
			it: 'a variable that refers to itself',
			pod: { app: { env: [literal('PATH', '/x:$(PATH)')] } },
			finds: [['warning', VALUE(0), '$(PATH) is not expanded: a variable cannot refer to itself']],
		},
		{
			it: 'a variable in a script, and one without its optional key',
			pod: {
				app: {
					command: ['/bin/sh', '-ec', 'echo $(DATE) $(date) $(OPT)'],
					env: [keyRef('OPT', 'configMapKeyRef', 'cm', 'none', true)],
				},
			},
			objects: [CM],
			finds: [
				['warning', 'spec.containers[0].command[2]', '$(DATE)'],
				['warning', 'spec.containers[0].command[2]', '$(OPT)'],
			],
		},
		{
			it: 'arguments of a script file, which no shell expands',
			pod: { app: { command: ['sh', 'run.sh', '$(date)'] } },
			finds: [['warning', 'spec.containers[0].command[2]', '$(date)']],
		},
		{
			it: 'variables of Services, which another rule reports',
			pod: { app: { args: ['$(DB_SERVICE_HOST)'] } },
			finds: [],
		},
		{
			it: 'variables that a missing object may set',
			pod: { app: { envFrom: [envFrom('configMapRef', 'none', '', true)], args: ['$(A)'] } },
			finds: [],
		},
		{
			it: 'a command substitution in a script after tini, an escape, and variables that are set',
			pod: {
				app: {
					command: ['/tini', '--', 'bash', '-c'],
					args: ['exec app $(date) $$(NO) $(A) $(B)'],
					env: [literal('A', '1'), literal('B', '$(A)')],
				},
			},
			finds: [],
		},
	],
	'service-variable': [
		{
			it: 'variables of Services',
			pod: { app: { args: ['$(DB_SERVICE_HOST):$(DB_SERVICE_PORT_HTTP)', '$(DB_PORT_80_TCP_ADDR)'] } },
			finds: [
				['info', 'spec.containers[0].args[0]', '$(DB_SERVICE_HOST) is not expanded by a local process'],
				['info', 'spec.containers[0].args[0]', '$(DB_SERVICE_PORT_HTTP)'],
				['info', 'spec.containers[0].args[1]', '$(DB_PORT_80_TCP_ADDR)'],
			],
		},
		{
			it: 'variables of the API server, which every pod has',
			pod: {
				app: { args: ['$(KUBERNETES_SERVICE_HOST)$(DB_SERVICE_HOST)$(KUBERNETES_PORT)'] },
				enableServiceLinks: false,
			},
			finds: [
				['info', 'spec.containers[0].args[0]', '$(KUBERNETES_PORT)'],
				['info', 'spec.containers[0].args[0]', '$(KUBERNETES_SERVICE_HOST)'],
			],
		},
		{
			it: 'a variable that the pod sets',
			pod: { app: { args: ['$(DB_SERVICE_HOST)'], env: [literal('DB_SERVICE_HOST', 'x')] } },
			finds: [],
		},
	],
	'subpath-expr-undefined': [
		{
			it: 'undefined and empty variables, sorted',
			pod: {
				volumes: [configMapVolume()],
				app: { env: [literal('B', '')], volumeMounts: [mount('/x', 'v', { subPathExpr: '$(B)/$(A)' })] },
			},
			finds: [['error', 'spec.containers[0].volumeMounts[0].subPathExpr', 'missing value for A, B: the container']],
		},
		{
			it: 'variables that a missing object may set',
			pod: {
				volumes: [configMapVolume()],
				app: {
					envFrom: [envFrom('configMapRef', 'none')],
					volumeMounts: [mount('/x', 'v', { subPathExpr: '$(A)' })],
				},
			},
			finds: [],
		},
		{
			it: 'variables with a value, or with a value that is unknown before the start',
			pod: {
				volumes: [configMapVolume()],
				app: {
					env: [
						literal('B', 'b'),
						{ name: 'POD', value: '', valueFrom: { kind: 'fieldRef', fieldPath: 'metadata.name' } },
					],
					volumeMounts: [mount('/x', 'v', { subPathExpr: '$(B)/$(POD)/$$(C)' })],
				},
			},
			finds: [],
		},
	],
	'expansion-non-ascii': [
		{
			it: 'a $ in front of a letter of another script, in a value and in an argument',
			pod: { app: { env: [literal('PRICE', '5 $é')], args: ['$$ $ü $\u{1f642}'] } },
			finds: [
				['warning', 'spec.containers[0].args[0]', 'breaks the character after the $: $ü, $\u{1f642}'],
				['warning', 'spec.containers[0].env[0].value', 'kubelet before 1.36 breaks the character after the $: $é'],
			],
		},
		{
			it: 'an escaped $, a reference, and letters elsewhere',
			pod: { app: { env: [literal('A', '$$é é$ $(É) $5')] } },
			finds: [],
		},
	],
	'shell-reference': [
		{
			it: 'references of a shell without a shell',
			pod: {
				app: { command: ['app', `--home=${braced('HOME')}`], args: ['$PORT', '$lower', '$a'], env: [literal('a', '')] },
			},
			finds: [
				['info', 'spec.containers[0].args[0]', 'no shell interprets this text, so these are not expanded: $PORT'],
				['info', 'spec.containers[0].args[2]', ': $a'],
				['info', 'spec.containers[0].command[1]', `: ${braced('HOME')}`],
			],
		},
		{
			it: 'a variable that is set, in a value',
			pod: { app: { env: [literal('A', '1'), literal('B', `${braced('A')}/$A/$X`)] } },
			finds: [['info', VALUE(1), `: $A, ${braced('A')}`]],
		},
		{
			it: 'a shell, an escape, a reference and a password',
			pod: {
				initContainer: { command: ['sh', '-c', `echo $HOME ${braced('X')}`] },
				app: { args: ['$$HOME', '$(A)'], env: [literal('A', `pa$WORD${braced('x')}`)] },
			},
			finds: [],
		},
	],
};
