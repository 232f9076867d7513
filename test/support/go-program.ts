/** Go programs of test/fixtures, compiled once per test file: static, with library sources from Debian's packages. */

import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture } from './fixture-process.js';
import { runCommand } from './mount-process.js';

const GO_PATH = '/usr/share/gocode';
const FSNOTIFY = `${GO_PATH}/src/github.com/fsnotify/fsnotify`;

let directory: string | undefined;
let fsnotify: Promise<string> | undefined;

/** The reason why the fsnotify program cannot be compiled; undefined if it can. */
export const WITHOUT_FSNOTIFY = !hasCommand('go')
	? 'needs the package golang-go'
	: !existsSync(FSNOTIFY)
		? 'needs the package golang-github-fsnotify-fsnotify-dev'
		: undefined;

/** The path of the compiled fixtures/fsnotify; every user can execute it. */
export function fsnotifyProgram(): Promise<string> {
	fsnotify ??= build('fsnotify');
	return fsnotify;
}

async function build(name: string): Promise<string> {
	directory ??= mkdtempSync(join(tmpdir(), 'cmfs-go-'));
	chmodSync(directory, 0o755);
	const env = { GO111MODULE: 'off', GOPATH: GO_PATH, GOCACHE: join(directory, 'cache'), CGO_ENABLED: '0' };
	const program = join(directory, name);
	const go = await runCommand('go', ['build', '-o', program, fixture(`${name}/main.go`)], { env, ms: 120_000 });
	if (go.code !== 0) throw new Error(`go build ${name}: ${go.stderr}`);
	return program;
}

/** Call it in afterAll. */
export function removeGoPrograms(): void {
	if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
	directory = undefined;
	fsnotify = undefined;
}

export function hasCommand(name: string): boolean {
	return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)));
}
