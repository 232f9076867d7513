/**
 * `configmapfs lint`: finds likely mistakes in workloads and the objects that they name, from the manifests alone. It
 * starts and mounts nothing.
 */

import { PassThrough, type Readable } from 'node:stream';
import { ConfigMapFsError } from '../../base/errors.js';
import { matchGlob } from '../../base/glob.js';
import { closest } from '../../base/suggestion.js';
import { FileLines } from '../../explain/file-lines.js';
import { ObjectLocations } from '../../explain/object-locations.js';
import { Snapshot } from '../../explain/snapshot.js';
import { withoutSuppressed } from '../../explain/suppression.js';
import { chooseWorkloads, wantedConfigMaps } from '../../explain/workload-choice.js';
import { lintWorkloads } from '../../explain/workload-lint.js';
import { type ParsedFlags, parseFlags } from '../../go/flags.js';
import { openPodSources } from '../../inputs/pod-sources.js';
import { RULE_LIST } from '../../pod/lint/rule-list.js';
import { type CliContext, inputEnvironment } from '../context.js';
import { readSnapshotFlags, SNAPSHOT_OPTIONS } from '../flags/snapshot-flags.js';
import { eventLog } from '../print/event-log.js';
import type { CommandHelp, HelpOptions } from '../print/help.js';
import { lintGithub } from '../print/lint-github.js';
import { checkedText, type LintReport, lintReport, lintText } from '../print/lint-report.js';
import { lintSarif } from '../print/lint-sarif.js';
import { type StandardOutput, standardOutput } from '../print/standard-output.js';
import { styleFor } from '../print/style.js';
import { commandLogger } from '../print/text-logger.js';

const OUTPUT = { group: 'Output:' } as const;
const RULES = { group: 'Rules:' } as const;

const { validate: _validate, ...snapshotOptions } = SNAPSHOT_OPTIONS;

const LINT_FLAGS = {
	...snapshotOptions,
	container: { ...snapshotOptions.container, describe: 'Check only this container and its volumes (default: all)' },
	walk: { ...RULES, type: 'boolean', describe: 'Also check for applications that walk their volumes' },
	disable: { ...RULES, type: 'string', value: 'RULE[,RULE]', describe: 'Turn off rules; may be repeated' },
	exclude: { ...RULES, type: 'string', value: 'GLOB', describe: 'Skip files of directories, such as charts/**' },
	strict: { ...RULES, type: 'boolean', describe: 'Exit with status 1 for warnings, too' },
	'list-rules': { ...RULES, type: 'boolean', describe: 'Print every rule on one line, and exit' },
	output: {
		...OUTPUT,
		alias: 'o',
		choices: ['text', 'json', 'github', 'sarif'],
		value: 'FORMAT',
		describe: 'Print text (default), as compilers do, or json; for GitHub Actions github or sarif',
	},
} as const satisfies HelpOptions;

/** Exit status if there are findings. */
const FOUND = 1;

/** Reads the command line. Errors: USAGE. */
function readLine(args: readonly string[]) {
	const flags = parseFlags('lint', LINT_FLAGS, args);
	return {
		listRules: flags.is('list-rules'),
		pod: readSnapshotFlags(flags, 'lint'),
		walk: flags.is('walk'),
		strict: flags.is('strict'),
		disabled: readDisabled(flags),
		exclude: flags.all('exclude').map(matchGlob),
		format: flags.last('output') ?? 'text',
	};
}

/** Errors: USAGE if there is no such rule. */
function readDisabled(flags: ParsedFlags): ReadonlySet<string> {
	const names = flags.all('disable').flatMap((list) => list.split(','));
	const rules = RULE_LIST.map(({ rule }) => rule);
	for (const name of names) {
		if (rules.includes(name)) continue;
		const near = closest(name, rules);
		const cure = near === undefined ? 'see "configmapfs lint --list-rules"' : `did you mean ${near}?`;
		throw new ConfigMapFsError('USAGE', `invalid argument "${name}" for "--disable": unknown rule; ${cure}`);
	}
	return new Set(names);
}

type LintLine = ReturnType<typeof readLine>;

/**
 * Returns the exit status: 1 if the findings contain an error, or with `--strict` a warning.
 * Errors: ConfigMapFsError if there is nothing to check; findings up to then are printed.
 */
export async function lintCommand(context: CliContext, output: StandardOutput = standardOutput()): Promise<number> {
	const line = readLine(context.args);
	if (line.listRules) {
		output.write(ruleLines());
		return 0;
	}
	const { report, failure } = await lint(line, context, output.message);
	print(report, line, context, output);
	if (failure !== undefined) throw failure;
	const { errors, warnings } = report.summary;
	return errors > 0 || (line.strict && warnings > 0) ? FOUND : 0;
}

/** The formats for programs. */
const FORMATS: Readonly<Record<string, (report: LintReport) => string>> = {
	json: (report) => `${JSON.stringify(report, undefined, 2)}\n`,
	github: lintGithub,
	sarif: lintSarif,
};

function print(report: LintReport, { format }: LintLine, { env }: CliContext, output: StandardOutput): void {
	const render = FORMATS[format];
	if (render !== undefined) {
		output.write(render(report));
		return;
	}
	output.write(lintText(report, styleFor(output.isTerminal, env)));
	const { workloads, configMaps, secrets } = report.summary;
	if (output.isTerminal && report.findings.length === 0 && workloads + configMaps + secrets > 0) {
		output.write(`${checkedText(report.summary)}: no findings\n`);
	}
}

/** `failure` is set if there is nothing to check and the findings do not explain why. */
async function lint(
	{ pod: flags, walk, disabled, exclude }: LintLine,
	context: CliContext,
	message: (lines: string) => void,
): Promise<{ readonly report: LintReport; readonly failure: ConfigMapFsError | undefined }> {
	const log = commandLogger(message);
	const environment = inputEnvironment(context, log);
	const chunks: Buffer[] = [];
	const { sources, cluster, defaultNamespace } = await openPodSources(flags, {
		...environment,
		stdin: () => recording(environment.stdin(), chunks),
		exclude: (path) => exclude.some((matches) => matches(path)),
		onEvent: eventLog(log),
	});
	const snapshot = await Snapshot.read({ sources, cluster, keepGoing: true });
	const chosen = await chooseWorkloads(snapshot.catalog, { ...flags, cluster });
	const { workloads } = chosen;
	await snapshot.readFromCluster(workloads.flatMap((object) => wantedConfigMaps(object, defaultNamespace)));
	const violations = snapshot.problems
		.filter(({ isLogged }) => isLogged !== true)
		.map(({ location, reason, warning }) => ({ location, text: reason, warning }));
	// A named workload or container is checked only with the objects that it refers to.
	const isPart = flags.workload !== undefined || flags.container !== undefined;
	const found = lintWorkloads({
		workloads,
		objects: isPart ? [] : snapshot.versions.filter(({ key }) => isIn(key.namespace, flags.namespace)),
		catalog: snapshot.catalog,
		locations: new ObjectLocations(snapshot.versions),
		violations,
		container: flags.container,
		defaultNamespace,
		walk,
		secretsElsewhere: cluster !== undefined,
	});
	const lines = new FileLines(context.cwd, new Map([['STDIN', () => Buffer.concat(chunks).toString('utf8')]]));
	const findings = withoutSuppressed(found.findings, { disabled, linesOf: (file) => lines.of(file) });
	const report = lintReport({ ...found, findings });
	// A manifest that cannot be read may contain the workload, so its errors explain why there is none.
	const { configMaps, secrets } = report.summary;
	const hasError = found.findings.some(({ severity }) => severity === 'error');
	const isExplained = flags.workload === undefined && (hasError || configMaps + secrets > 0);
	return { report, failure: isExplained ? undefined : chosen.failure };
}

/** The same bytes; a copy is added to `chunks`. */
function recording(stdin: Readable, chunks: Buffer[]): Readable {
	const copy = new PassThrough({
		destroy: (error, done) => {
			stdin.destroy();
			done(error);
		},
	});
	stdin.on('data', (chunk: Buffer | string) => chunks.push(Buffer.from(chunk)));
	stdin.on('error', (error) => copy.destroy(error));
	return stdin.pipe(copy);
}

function isIn(namespace: string, wanted: string | undefined): boolean {
	return wanted === undefined || namespace === wanted;
}

function ruleLines(): string {
	const width = Math.max(...RULE_LIST.map(({ rule }) => rule.length));
	const severity = Math.max(...RULE_LIST.map(({ severities }) => severities.join('/').length));
	return RULE_LIST.map(
		({ rule, severities, about }) => `${rule.padEnd(width)}  ${severities.join('/').padEnd(severity)}  ${about}\n`,
	).join('');
}

const EPILOGUE = `Examples:
  # Check every workload of a directory tree, with its ConfigMaps and Secrets
  configmapfs lint -f k8s/ -R

  # Check rendered manifests
  helm template chart/ | configmapfs lint -f -
  configmapfs lint -k overlays/prod

  # In CI: fail for warnings, too, or print a list for other programs
  configmapfs lint -f k8s/ -R --strict
  configmapfs lint -f k8s/ -R -o json |
    jq -r '.findings[] | "\\(.file):\\(.line) \\(.rule)"'

  # Turn off a rule everywhere, or with a comment at the line of one finding:
  #   subPath: app.conf  # configmapfs:ignore subpath-never-updates
  configmapfs lint -f k8s/ -R --disable unused-volume,blank-value

  # Check one container of one workload, or list the rules
  configmapfs lint -f k8s/ deploy/web -c app
  configmapfs lint --list-rules

Exit status:
  0 no errors                       69 the cluster cannot be reached
  1 errors, or --strict warnings    74 the output cannot be written
  64 wrong command line             77 the cluster refuses access
  65 an input breaks a rule         78 the kubeconfig is missing or wrong
  66 an input or a workload is missing`;

export const lintHelp: CommandHelp = {
	name: 'lint',
	summary: 'Find likely mistakes in workloads and ConfigMaps',
	usage: ['lint [KIND/NAME] -f SOURCE... [flags]'],
	description:
		'Find likely mistakes in workloads, ConfigMaps and Secrets, from the manifests alone: ' +
		'mounts that never update, paths that collide, references to missing objects.',
	options: LINT_FLAGS,
	epilogue: EPILOGUE,
};
