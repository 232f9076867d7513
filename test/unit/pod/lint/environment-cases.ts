/** What lint says about variables, commands and arguments. */

import { configMap, configMapVolume, envFrom, keyRef, type LintCases, literal, mount, secret } from './lint-pods.js';

const CM = configMap('cm', { HOST: 'h', PORT: '80' });
const FROM_CM = envFrom('configMapRef', 'cm');
const FROM_KEY = envFrom('secretRef', 'key');
const FROM = 'spec.containers[0].envFrom[0]';
const VALUE = (index: number) => `spec.containers[0].env[${index}].value`;
/** The way of a shell: `${NAME}`. */
const braced = (name: string) => `$\{${name}}`;
/** Longest value of a variable named A. */
const LONGEST = 131_069;

export const ENVIRONMENT_CASES: LintCases = {
	'env-name-no-shell': [
		{
			it: 'keys with dots, dashes or a digit first, together',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', { 'log.level': '', 'data-1': '', '1a': '', OK_1: '' })],
			says: [['warning', FROM, 'no shell can use these variables, and many drop them: 1a, data-1, log.level']],
		},
		{
			it: 'an entry of env',
			pod: { app: { env: [literal('a.b', '1')] } },
			says: [['warning', 'spec.containers[0].env[0]', ': a.b']],
		},
		{
			it: 'many names, of which some are shown',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`k-${index}`, ''])))],
			says: [['warning', FROM, ': k-0, k-1, k-10, k-2, k-3, k-4, k-5, k-6 and 3 more']],
		},
		{
			it: 'eight names, all shown',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', Object.fromEntries([...'abcdefgh'].map((key) => [`${key}.x`, ''])))],
			says: [['warning', FROM, ': a.x, b.x, c.x, d.x, e.x, f.x, g.x, h.x']],
		},
		{
			it: 'a prefix that makes the name good',
			pod: { app: { envFrom: [envFrom('configMapRef', 'cm', 'P_')], env: [literal('_x1', '')] } },
			objects: [configMap('cm', { '1': '' })],
			says: [],
		},
	],
	'env-name-too-new': [
		{
			it: 'names that clusters before 1.30 leave out, after the prefix',
			pod: { app: { envFrom: [envFrom('configMapRef', 'cm', '#')] } },
			objects: [configMap('cm', { a: '' })],
			says: [['warning', FROM, 'clusters before 1.30 leave these variables out, later ones set them: #a']],
		},
		{
			it: 'an entry of env',
			pod: { app: { env: [literal('1a', '1')] } },
			says: [['warning', 'spec.containers[0].env[0]', 'clusters before 1.32 refuse a pod with these names: 1a']],
		},
		{
			it: 'dots and dashes',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', { 'key.1': '', '-a': '' })],
			says: [],
		},
	],
	'env-from-collision': [
		{
			it: 'two objects with equal names',
			pod: { app: { envFrom: [FROM_CM, FROM_KEY] } },
			objects: [CM, secret('key', { PORT: '1', HOST: '2', USER: '3' })],
			says: [
				[
					'warning',
					'spec.containers[0].envFrom[1]',
					'secret "key" sets what configMap "cm" of envFrom[0] has set, and wins: HOST, PORT',
				],
			],
		},
		{
			it: 'a prefix between them',
			pod: { app: { envFrom: [FROM_CM, envFrom('secretRef', 'key', 'S_')] } },
			objects: [CM, secret('key', { PORT: '1' })],
			says: [],
		},
	],
	'env-from-binary': [
		{
			it: 'binary keys',
			pod: { app: { envFrom: [FROM_CM] } },
			objects: [configMap('cm', { A: '' }, { binaryData: { B: 'x' } })],
			says: [['info', FROM, 'binaryData of configMap "cm" sets no variables: B']],
		},
		{ it: 'texts only', pod: { app: { envFrom: [FROM_CM] } }, objects: [CM], says: [] },
	],
	'env-overrides-env-from': [
		{
			it: 'an entry of the same name',
			pod: { app: { envFrom: [FROM_CM], env: [literal('X', ''), literal('PORT', '1')] } },
			objects: [CM],
			says: [['info', 'spec.containers[0].env[1]', '"PORT" overrides the one of configMap "cm" (envFrom[0])']],
		},
		{
			it: 'an optional entry whose key is there',
			pod: { app: { envFrom: [FROM_CM], env: [keyRef('PORT', 'configMapKeyRef', 'cm', 'HOST', true)] } },
			objects: [CM],
			says: [['info', 'spec.containers[0].env[0]', '"PORT" overrides']],
		},
		{
			it: 'an optional entry whose key is missing, which overrides nothing',
			pod: { app: { envFrom: [FROM_CM], env: [keyRef('PORT', 'configMapKeyRef', 'cm', 'none', true)] } },
			objects: [CM],
			says: [],
		},
	],
	'env-duplicate': [
		{
			it: 'one name twice',
			pod: { app: { env: [literal('A', '1'), literal('B', '2'), literal('A', '3')] } },
			says: [['warning', 'spec.containers[0].env[2]', '"A" is set by env[0] already; this one wins']],
		},
		{
			it: 'one name in two containers, and in envFrom',
			pod: { initContainer: { env: [literal('HOST', '1')] }, app: { envFrom: [FROM_CM], env: [literal('HOST', '1')] } },
			objects: [CM],
			says: [],
		},
	],
	'env-value-too-large': [
		{
			it: 'a value with its name that is a byte too long, from a key and from a whole object',
			pod: { app: { envFrom: [FROM_CM], env: [keyRef('A', 'configMapKeyRef', 'cm', 'B')] } },
			objects: [configMap('cm', { B: 'x'.repeat(LONGEST + 1) })],
			says: [
				['error', 'spec.containers[0].env[0]', '"A" and its value are 131072 bytes; Linux starts no program'],
				['error', FROM, '"B" and its value are 131072 bytes'],
			],
		},
		{
			it: 'the longest value',
			pod: { app: { env: [keyRef('A', 'configMapKeyRef', 'cm', 'B')] } },
			objects: [configMap('cm', { B: 'x'.repeat(LONGEST) })],
			says: [],
		},
	],
	'env-value-nul': [
		{
			it: 'a NUL character',
			pod: { app: { envFrom: [FROM_KEY] } },
			objects: [secret('key', { A: 'a\0b', B: 'b' })],
			says: [['error', FROM, 'a variable cannot hold a NUL character, and these would: A']],
		},
		{ it: 'text', pod: { app: { envFrom: [FROM_CM] } }, objects: [CM], says: [] },
	],
	'env-trailing-newline': [
		{
			it: 'one line with its end',
			pod: { app: { envFrom: [FROM_KEY], env: [keyRef('P', 'secretKeyRef', 'key', 'A')] } },
			objects: [secret('key', { A: 'pass\n', B: 'b' })],
			says: [
				['warning', 'spec.containers[0].env[0]', 'the values end with a line end, which is part of the variable: P'],
				['warning', FROM, ': A'],
			],
		},
		{
			it: 'several lines, no line end, and a literal value',
			pod: { app: { envFrom: [FROM_KEY], env: [literal('C', 'c\n')] } },
			objects: [secret('key', { A: 'a\nb\n', B: 'b', N: '\n' })],
			says: [],
		},
	],
	'forward-reference': [
		{
			it: 'what is set further down',
			pod: { app: { env: [literal('URL', '$(HOST):$(PORT)$(HOST)'), literal('HOST', 'h'), literal('PORT', '1')] } },
			says: [['warning', VALUE(0), 'refers to what is set further down, and stays as it is written: $(HOST), $(PORT)']],
		},
		{
			it: 'what is set before, or in envFrom, and an escaped one',
			pod: {
				app: {
					envFrom: [FROM_CM],
					env: [literal('A', '1'), literal('B', '$(A)$(HOST)$$(C)'), literal('C', ''), literal('HOST', '')],
				},
			},
			objects: [CM],
			says: [],
		},
		{
			it: 'a command, which is expanded when all is set',
			pod: { app: { command: ['x', '$(A)'], env: [literal('A', '1')] } },
			says: [],
		},
	],
	'undefined-reference': [
		{
			it: 'what nothing sets, in values, command and args',
			pod: { app: { command: ['app', '$(A)'], args: ['--x=$(B)', '$(KNOWN)'], env: [literal('KNOWN', '$(C)')] } },
			says: [
				['warning', 'spec.containers[0].args[0]', '$(B) stays as it is written: nothing sets it'],
				['warning', 'spec.containers[0].command[1]', '$(A) stays as it is written: nothing sets it'],
				['warning', VALUE(0), '$(C) stays as it is written: nothing sets it'],
			],
		},
		{
			it: 'itself',
			pod: { app: { env: [literal('PATH', '/x:$(PATH)')] } },
			says: [['warning', VALUE(0), '$(PATH) stays as it is written: a variable cannot refer to itself']],
		},
		{
			it: 'a variable in a script, and one whose optional key is missing',
			pod: {
				app: {
					command: ['/bin/sh', '-ec', 'echo $(DATE) $(date) $(OPT)'],
					env: [keyRef('OPT', 'configMapKeyRef', 'cm', 'none', true)],
				},
			},
			objects: [CM],
			says: [
				['warning', 'spec.containers[0].command[2]', '$(DATE)'],
				['warning', 'spec.containers[0].command[2]', '$(OPT)'],
			],
		},
		{
			it: 'arguments of a script in a file, which no shell expands',
			pod: { app: { command: ['sh', 'run.sh', '$(date)'] } },
			says: [['warning', 'spec.containers[0].command[2]', '$(date)']],
		},
		{ it: 'variables of Services, which another rule names', pod: { app: { args: ['$(DB_SERVICE_HOST)'] } }, says: [] },
		{
			it: 'what may come from a missing object',
			pod: { app: { envFrom: [envFrom('configMapRef', 'none', '', true)], args: ['$(A)'] } },
			says: [],
		},
		{
			it: 'a program of a script behind tini, an escape, and what is set',
			pod: {
				app: {
					command: ['/tini', '--', 'bash', '-c'],
					args: ['exec app $(date) $$(NO) $(A) $(B)'],
					env: [literal('A', '1'), literal('B', '$(A)')],
				},
			},
			says: [],
		},
	],
	'service-variable': [
		{
			it: 'variables of Services',
			pod: { app: { args: ['$(DB_SERVICE_HOST):$(DB_SERVICE_PORT_HTTP)', '$(DB_PORT_80_TCP_ADDR)'] } },
			says: [
				['info', 'spec.containers[0].args[0]', '$(DB_SERVICE_HOST) is set by a cluster for a Service'],
				['info', 'spec.containers[0].args[0]', '$(DB_SERVICE_PORT_HTTP)'],
				['info', 'spec.containers[0].args[1]', '$(DB_PORT_80_TCP_ADDR)'],
			],
		},
		{
			it: 'those of the API server, which every pod has',
			pod: {
				app: { args: ['$(KUBERNETES_SERVICE_HOST)$(DB_SERVICE_HOST)$(KUBERNETES_PORT)'] },
				enableServiceLinks: false,
			},
			says: [
				['info', 'spec.containers[0].args[0]', '$(KUBERNETES_PORT)'],
				['info', 'spec.containers[0].args[0]', '$(KUBERNETES_SERVICE_HOST)'],
			],
		},
		{
			it: 'one that the pod sets',
			pod: { app: { args: ['$(DB_SERVICE_HOST)'], env: [literal('DB_SERVICE_HOST', 'x')] } },
			says: [],
		},
	],
	'subpath-expr-undefined': [
		{
			it: 'undefined and empty variables, sorted',
			pod: {
				volumes: [configMapVolume()],
				app: { env: [literal('B', '')], volumeMounts: [mount('/x', 'v', { subPathExpr: '$(B)/$(A)' })] },
			},
			says: [['error', 'spec.containers[0].volumeMounts[0].subPathExpr', 'missing value for A, B: the container']],
		},
		{
			it: 'what may come from a missing object',
			pod: {
				volumes: [configMapVolume()],
				app: {
					envFrom: [envFrom('configMapRef', 'none')],
					volumeMounts: [mount('/x', 'v', { subPathExpr: '$(A)' })],
				},
			},
			says: [],
		},
		{
			it: 'variables with a value, or with one that is not known here',
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
			says: [],
		},
	],
	'shell-reference': [
		{
			it: 'the way of a shell without a shell',
			pod: {
				app: { command: ['app', `--home=${braced('HOME')}`], args: ['$PORT', '$lower', '$a'], env: [literal('a', '')] },
			},
			says: [
				['info', 'spec.containers[0].args[0]', 'no shell reads this, so it stays as it is written: $PORT'],
				['info', 'spec.containers[0].args[2]', ': $a'],
				['info', 'spec.containers[0].command[1]', `: ${braced('HOME')}`],
			],
		},
		{
			it: 'a known name in a value',
			pod: { app: { env: [literal('A', '1'), literal('B', `${braced('A')}/$A/$X`)] } },
			says: [['info', VALUE(1), `: $A, ${braced('A')}`]],
		},
		{
			it: 'a shell, an escape, a reference and a password',
			pod: {
				initContainer: { command: ['sh', '-c', `echo $HOME ${braced('X')}`] },
				app: { args: ['$$HOME', '$(A)'], env: [literal('A', `pa$WORD${braced('x')}`)] },
			},
			says: [],
		},
	],
};
