/**
 * The commands in the documents, and tables for those that cannot run unchanged in a test. test/unit/documents.test.ts
 * checks that every row of the tables is used.
 */

import { existsSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import {
	type Block,
	blocksOf,
	type Command,
	commandsOf,
	commentedCommands,
	exampleFiles,
	markdownFiles,
} from './documents.js';

/** Programs that a script in test/fixtures/documents/bin replaces on the stage, with the reason. */
export const STAND_INS: Readonly<Record<string, string>> = {
	docker: 'the tests have no container engine; the script binds the source of -v and runs the command',
	helm: 'Debian has no package for it; the script prints a manifest',
	npm: 'each command takes minutes, and some run the tests; the script checks that package.json has it',
	sudo: 'the commands already run as root; the script runs the command',
};

export interface Endless {
	readonly shows: RegExp;
	/** The text to type after that output. Default: Ctrl-C. */
	readonly types?: string;
	/** The reason why the command cannot run on this machine. */
	readonly missing?: string | undefined;
}

/** Commands, other than mounts, that do not end on their own. */
export const ENDLESS: Readonly<Record<string, Endless>> = {
	'configmapfs run -f examples/run/app.yaml --on-change signal:HUP --keep-args -- examples/run/checkout.sh': {
		shows: /checkout: \{/,
	},
	'configmapfs run -f examples/run/app.yaml -- inotifywait -m /etc/app/config': {
		shows: /Watches established/,
		missing: existsSync('/usr/bin/inotifywait') ? undefined : 'needs the package inotify-tools',
	},
	'configmapfs run -f examples/run/nginx.yaml --on-change signal:HUP': {
		shows: /start worker process/,
		missing: !existsSync('/usr/sbin/nginx')
			? 'needs the package nginx-light'
			: process.getuid?.() !== 0
				? 'nginx as root of a user namespace changes the owner of files to a user that does not exist there'
				: undefined,
	},
	'configmapfs run -k examples/run/kustomize --on-change restart': { shows: /queue orders-dev/ },
	'configmapfs run -f k8s/ -R deploy/web -c sidecar -- sh': { shows: /[#$] $/, types: 'exit\n' },
};

/** The commands in a block of a document or in the comments of an example; a test types them in order. */
export interface Script {
	readonly location: string;
	readonly commands: readonly Command[];
	readonly needsCluster: boolean;
}

export function scripts(): readonly Script[] {
	const blocks = markdownFiles().flatMap((file) =>
		blocksOf(file).map((block) => ({
			location: `${block.file}:${block.line}`,
			commands: [...commandsOf(block), ...configurationCommands(block)],
		})),
	);
	const comments = exampleFiles().map((file) => ({ location: file, commands: commentedCommands(file) }));
	return [...blocks, ...comments]
		.filter(({ commands }) => commands.length > 0)
		.map((script) => ({ ...script, needsCluster: script.commands.some(({ text }) => needsCluster(text)) }));
}

/** Whether a command needs a cluster: its flags refer to one, or it mounts without a local source. */
function needsCluster(text: string): boolean {
	if (/^kubectl |\(kubectl |--context|--from-cluster|--user/.test(text)) return true;
	return /^configmapfs mount /.test(text) && !/ (-f|-k|--create) /.test(text);
}

/** The commands in configuration files within a document: systemd units, fstab lines, steps of a CI job. */
function configurationCommands({ file, language, line, lines }: Block): readonly Command[] {
	const command = (text: string): Command => ({ location: `${file}:${line}`, text, output: undefined });
	if (language === 'ini') {
		return lines.flatMap((content) => {
			const text = /^ExecStart=\S*\/(configmapfs .*)$/.exec(content)?.[1];
			return text === undefined ? [] : [command(text)];
		});
	}
	if (language === 'fstab') {
		return lines.flatMap((content) => {
			const [, target] = content.split(/\s+/);
			return [command(`echo '${content}' > fstab`), command(`mount --fstab fstab ${target} && umount ${target}`)];
		});
	}
	if (language !== 'yaml') return [];
	const { jobs = {} } = (parseAllDocuments(lines.join('\n'))[0]?.toJS() ?? {}) as {
		readonly jobs?: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
	};
	return Object.values(jobs)
		.flatMap(({ steps }) => steps)
		.flatMap(({ run }) => (run === undefined ? [] : [command(run)]));
}
