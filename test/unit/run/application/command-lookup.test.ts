/** The file of a command, or why it cannot start. Status: 127 COMMAND_NOT_FOUND, 126 COMMAND_REFUSED. */

import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkWorkingDirectory, DEFAULT_PATH, findCommand } from '../../../../src/run/application/command-lookup.js';
import { formatFault } from '../../../../src/run/application/executable-format.js';
import { removeTemporaries, temporaryDirectory } from '../../../support/temporary.js';

afterEach(removeTemporaries);

const SCRIPT = '#!/bin/sh\nexit 0\n';

/** A directory with files by name: plain text or an executable script. */
function files(contents: Readonly<Record<string, string | { readonly text: string; readonly mode: number }>>): string {
	const root = temporaryDirectory('lookup');
	for (const [name, content] of Object.entries(contents)) {
		const path = join(root, name);
		mkdirSync(join(path, '..'), { recursive: true });
		if (typeof content === 'string') writeFileSync(path, content, { mode: 0o755 });
		else {
			writeFileSync(path, content.text);
			chmodSync(path, content.mode);
		}
	}
	return root;
}

function failure(act: () => unknown): { readonly code: string; readonly message: string } {
	try {
		act();
	} catch (error) {
		const { code, message } = error as { code: string; message: string };
		return { code, message };
	}
	throw new Error('it did not fail');
}

describe('by path', () => {
	test.each([
		['./app', 'app'],
		['bin/app', 'bin/app'],
		['bin/../app', 'app'],
	])('%s is relative to the working directory', (name, expected) => {
		const cwd = files({ app: SCRIPT, 'bin/app': SCRIPT });
		expect(findCommand(name, { env: {}, cwd })).toBe(join(cwd, expected));
	});

	test.each([
		['./nope', 'COMMAND_NOT_FOUND', '"./nope": no such file or directory in "ROOT"; correct the path'],
		['/no/pe', 'COMMAND_NOT_FOUND', '"/no/pe": no such file or directory; correct the path'],
		['./app/x', 'COMMAND_NOT_FOUND', '"./app/x": no such file or directory in "ROOT"; correct the path'],
		['./broken', 'COMMAND_NOT_FOUND', '"./broken": no such file or directory in "ROOT"; correct the path'],
		['./dir', 'COMMAND_REFUSED', '"./dir" (ROOT/dir): it is a directory; name a program in it'],
		[
			'./plain',
			'COMMAND_REFUSED',
			'"./plain" (ROOT/plain): permission denied: it is not executable; run chmod +x on it',
		],
	])('%s', (name, code, message) => {
		const cwd = files({ app: SCRIPT, 'dir/x': SCRIPT, plain: { text: SCRIPT, mode: 0o644 } });
		symlinkSync('nowhere', join(cwd, 'broken'));
		expect(failure(() => findCommand(name, { env: {}, cwd }))).toEqual({
			code,
			message: message.replaceAll('ROOT', cwd),
		});
	});
});

describe('by name', () => {
	const TREE = {
		'one/app': { text: SCRIPT, mode: 0o644 },
		'one/plain': { text: SCRIPT, mode: 0o644 },
		'two/app': SCRIPT,
		'three/app': SCRIPT,
		'two/dir/x': SCRIPT,
		here: SCRIPT,
	};

	test('the first executable file in the PATH of the application, not in ours', () => {
		const cwd = files(TREE);
		const env = { PATH: `${cwd}/none:${cwd}/one:${cwd}/two:${cwd}/three` };
		expect(findCommand('app', { env, cwd })).toBe(`${cwd}/two/app`);
		expect(failure(() => findCommand('sh', { env, cwd })).code).toBe('COMMAND_NOT_FOUND');
	});

	test.each(['', ':/none', '/none:', '.', '/none::/none'])(
		'an empty or relative part of PATH (%j) is the working directory',
		(path) => {
			const cwd = files(TREE);
			expect(findCommand('here', { env: { PATH: path }, cwd })).toBe(`${cwd}/here`);
			expect(findCommand('app', { env: { PATH: 'two' }, cwd })).toBe(`${cwd}/two/app`);
		},
	);

	test('without PATH, in the default directories of container runtimes', () => {
		expect(findCommand('sh', { env: {}, cwd: '/' })).toMatch(/^\/(usr\/)?bin\/sh$/);
		expect(failure(() => findCommand('no-such', { env: {}, cwd: '/' }))).toEqual({
			code: 'COMMAND_NOT_FOUND',
			message: `"no-such": not found in PATH (${DEFAULT_PATH}, because PATH is not set); give its path, or set PATH`,
		});
	});

	test('a file that is not executable, and one in the working directory, are reported', () => {
		const cwd = files(TREE);
		const env = { PATH: `${cwd}/one:${cwd}/two` };
		expect(failure(() => findCommand('plain', { env, cwd }))).toEqual({
			code: 'COMMAND_REFUSED',
			message: `"plain" (${cwd}/one/plain): permission denied: it is not executable; run chmod +x on it`,
		});
		expect(failure(() => findCommand('dir', { env, cwd })).code).toBe('COMMAND_NOT_FOUND');
		expect(failure(() => findCommand('here', { env, cwd }))).toEqual({
			code: 'COMMAND_NOT_FOUND',
			message: `"here": not found in PATH (${env.PATH}); did you mean "./here"?`,
		});
		expect(failure(() => findCommand('', { env, cwd })).message).toBe(
			'"": the command is empty; give the name of a program',
		);
	});
});

describe('a file that the kernel would refuse', () => {
	const ELF = readFileSync(process.execPath).subarray(0, 4096);
	const elf = (change: (bytes: Buffer) => void) => {
		const bytes = Buffer.from(ELF);
		change(bytes);
		return bytes;
	};
	const fault = (content: string | Buffer, otherFormats = false) => {
		const cwd = files({ app: '' });
		writeFileSync(join(cwd, 'app'), content);
		return formatFault(join(cwd, 'app'), cwd, () => otherFormats);
	};

	test.each([
		['', 'exec format error: it is empty'],
		['echo hi\n', 'exec format error: it is not a program; a script needs a first line such as #!/bin/sh'],
		['#!\n', 'exec format error: its first line does not name an interpreter'],
		['#! /no/such -x\n', 'its interpreter "/no/such" does not exist'],
		['#!no-such\n', 'its interpreter "no-such" does not exist'],
		[
			'#!/bin/sh\r\nexit\r\n',
			'its interpreter "/bin/sh\\r" does not exist; its lines end as on Windows, so convert them with dos2unix',
		],
	])('%j', (content, message) => {
		expect(fault(content)).toBe(message);
	});

	test('a program for another machine, or a truncated one', () => {
		const other = process.arch === 'arm64' ? ['S390', 22] : ['ARM 64', 183];
		expect(fault(elf((bytes) => bytes.writeUInt16LE(Number(other[1]), 18)))).toMatch(
			new RegExp(`^exec format error: it is built for ${other[0]}, and this is (x86-64|ARM 64)$`),
		);
		expect(fault(ELF.subarray(0, 40))).toBe('exec format error: it is truncated');
	});

	test('a program without its loader, such as one for Alpine Linux', () => {
		const loader = /\/lib[^\0]*\/ld-[^\0]+/.exec(ELF.toString('latin1'))?.[0] ?? '';
		expect(loader).not.toBe('');
		const musl = '/lib/ld-musl-none.so.1';
		const bytes = elf((all) => {
			const at = all.indexOf(loader);
			all.fill(0, at, at + loader.length);
			all.write(musl, at);
		});
		expect(fault(bytes)).toBe(
			`its loader "${musl}" does not exist; it is built for Alpine Linux, so install musl or build it for this machine`,
		);
	});

	test('on a machine with more formats, unknown ones are accepted', () => {
		expect(fault('some byte code', true)).toBeUndefined();
		expect(
			fault(
				elf((bytes) => bytes.writeUInt16LE(8, 18)),
				true,
			),
		).toBeUndefined();
		expect(fault('#!/no/such\n', true)).toBe('its interpreter "/no/such" does not exist');
	});

	test('the command is refused with the reason', () => {
		const cwd = files({ app: '#!/no/such\n' });
		expect(failure(() => findCommand('./app', { env: {}, cwd }))).toEqual({
			code: 'COMMAND_REFUSED',
			message: `"./app" (${cwd}/app): its interpreter "/no/such" does not exist`,
		});
	});

	test('programs and scripts that can start are accepted', () => {
		const cwd = files({ relative: '#!./interpreter\n', interpreter: SCRIPT });
		copyFileSync('/bin/sh', join(cwd, 'program'));
		chmodSync(join(cwd, 'program'), 0o755);
		for (const name of ['./relative', './interpreter', './program']) {
			expect(findCommand(name, { env: {}, cwd })).toBe(join(cwd, name));
		}
		expect(findCommand(process.execPath, { env: {}, cwd })).toBe(process.execPath);
	});
});

describe('checkWorkingDirectory', () => {
	test('an existing directory is accepted', () => {
		expect(() => checkWorkingDirectory(files({}))).not.toThrow();
	});

	test.each([
		[
			'/no/where',
			'the working directory "/no/where" does not exist; create it first, because run does not create it as a container runtime would',
		],
		[
			'/dev/null/x',
			'the working directory "/dev/null/x" does not exist; create it first, because run does not create it as a container runtime would',
		],
		['/dev/null', 'the working directory "/dev/null" is not a directory; choose another'],
	])('%s', (cwd, message) => {
		expect(failure(() => checkWorkingDirectory(cwd))).toEqual({ code: 'COMMAND_REFUSED', message });
	});

	test('a directory that only the application lacks is hidden by a volume', () => {
		expect(failure(() => checkWorkingDirectory('/no/where', true)).message).toBe(
			'the working directory "/no/where" is hidden by a volume that is mounted above it; choose another',
		);
	});
});
