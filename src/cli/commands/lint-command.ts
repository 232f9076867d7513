/**
 * `configmapfs lint`: what is likely to be wrong with workloads and the objects that they name, from the manifests
 * alone. Nothing is started and nothing is mounted.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { ObjectPlaces } from '../../explain/object-places.js';
import { Snapshot, type WantedConfigMaps } from '../../explain/snapshot.js';
import { lintWorkloads } from '../../explain/workload-lint.js';
import { parseFlags } from '../../go/flags.js';
import type { PodCatalog } from '../../inputs/pod-catalog.js';
import { configMapNames } from '../../inputs/pod-references.js';
import type { RunCluster } from '../../inputs/pod-sources.js';
import type { ManifestObject } from '../../model/manifest-object.js';
import { decodePod } from '../../pod/decode/pod.js';
import { RULE_LIST } from '../../pod/lint/rule-list.js';
import { selectWorkload } from '../../pod/workload.js';
import type { CliContext } from '../context.js';
import { readSnapshotFlags, SNAPSHOT_OPTIONS } from '../flags/snapshot-flags.js';
import type { CommandHelp, HelpOptions } from '../print/help.js';
import { type LintReport, lintReport, lintText } from '../print/lint-report.js';
import { type StandardOutput, standardOutput } from '../print/standard-output.js';
import { styleFor } from '../print/style.js';
import { commandLogger } from '../print/text-logger.js';
import { counted } from '../print/wording.js';
import { podSources } from './pod-sources.js';

const OUTPUT = { group: 'Output:' } as const;
const RULES = { group: 'Rules:' } as const;

const LINT_FLAGS = {
	...SNAPSHOT_OPTIONS,
	container: { ...SNAPSHOT_OPTIONS.container, describe: 'Check only this container and its volumes (default: all)' },
	walk: { ...RULES, type: 'boolean', describe: 'Also check for applications that walk their volumes' },
	strict: { ...RULES, type: 'boolean', describe: 'Exit with status 1 for warnings, too' },
	'list-rules': { ...RULES, type: 'boolean', describe: 'Print every rule on one line, and exit' },
	output: {
		...OUTPUT,
		alias: 'o',
		choices: ['text', 'json'],
		value: 'FORMAT',
		describe: 'Print text (default), as compilers do, or json',
	},
} as const satisfies HelpOptions;

/** Exit status when something was found. */
const FOUND = 1;

/** Everything that the command line says. Errors: USAGE. */
function readLine(args: readonly string[]) {
	const flags = parseFlags('lint', LINT_FLAGS, args);
	return {
		listRules: flags.is('list-rules'),
		pod: readSnapshotFlags(flags, 'lint'),
		walk: flags.is('walk'),
		strict: flags.is('strict'),
		isJson: flags.last('output') === 'json',
	};
}

type LintLine = ReturnType<typeof readLine>;

/**
 * Returns the exit status: 1 when there is an error among the findings, with `--strict` or a warning.
 * Errors: ConfigMapFsError when nothing could be looked at; what was found until then is printed.
 */
export async function lintCommand(context: CliContext, output: StandardOutput = standardOutput()): Promise<number> {
	const line = readLine(context.args);
	if (line.listRules) {
		output.write(ruleLines());
		return 0;
	}
	const { report, failure } = await lint(line, context, output.say);
	print(report, line, context, output);
	if (failure !== undefined) throw failure;
	const { errors, warnings } = report.summary;
	return errors > 0 || (line.strict && warnings > 0) ? FOUND : 0;
}

function print(report: LintReport, { isJson }: LintLine, { env }: CliContext, output: StandardOutput): void {
	if (isJson) {
		output.write(`${JSON.stringify(report, undefined, 2)}\n`);
		return;
	}
	output.write(lintText(report, styleFor(output.isTerminal, env)));
	const { workloads } = report.summary;
	if (output.isTerminal && report.findings.length === 0 && workloads > 0) {
		output.write(`no findings in ${counted(workloads, 'workload')}\n`);
	}
}

/** `failure`: there is nothing to look at, which may be because of what was found. */
async function lint(
	{ pod: flags, walk }: LintLine,
	context: CliContext,
	say: (line: string) => void,
): Promise<{ readonly report: LintReport; readonly failure: ConfigMapFsError | undefined }> {
	const log = commandLogger(say);
	const { sources, cluster, defaultNamespace } = await podSources(flags, context, log);
	const snapshot = await Snapshot.read({ sources, cluster, keepGoing: true });
	const chosen = await chooseWorkloads(snapshot.catalog, { ...flags, cluster });
	const { workloads } = chosen;
	await snapshot.readFromCluster(workloads.flatMap((object) => wantedConfigMaps(object, defaultNamespace)));
	const violations = snapshot.problems
		.filter(({ isLogged }) => isLogged !== true)
		.map(({ place, reason }) => ({ location: place, text: reason }));
	const found = lintWorkloads({
		workloads,
		catalog: snapshot.catalog,
		places: new ObjectPlaces(snapshot.versions),
		violations,
		container: flags.container,
		defaultNamespace,
		walk,
		secretsElsewhere: cluster !== undefined,
	});
	const report = lintReport(found);
	// Of a manifest that cannot be read nobody knows what is in it.
	const isExplained = flags.workload === undefined && report.summary.errors > 0;
	return { report, failure: isExplained ? undefined : chosen.failure };
}

interface WorkloadChoice {
	/** `KIND/NAME`; undefined: all. */
	readonly workload: string | undefined;
	readonly namespace: string | undefined;
	readonly cluster: RunCluster | undefined;
}

interface ChosenWorkloads {
	readonly workloads: readonly ManifestObject[];
	/** Why there are none. */
	readonly failure: ConfigMapFsError | undefined;
}

/** Those at hand, or the one that the cluster has. Errors: USAGE, and those of the cluster. */
async function chooseWorkloads(
	{ workloads: local, candidates }: Pick<PodCatalog, 'workloads' | 'candidates'>,
	{ workload: wanted, namespace, cluster }: WorkloadChoice,
): Promise<ChosenWorkloads> {
	const inNamespace = local.filter(
		(object) => namespace === undefined || object.namespace === undefined || object.namespace === namespace,
	);
	if (wanted === undefined && inNamespace.length > 0) return { workloads: inNamespace, failure: undefined };
	if (wanted === undefined && cluster !== undefined) {
		const text = 'which workload of the cluster is missing; add KIND/NAME, such as deploy/web';
		throw new ConfigMapFsError('USAGE', text);
	}
	try {
		return { workloads: [selectWorkload(candidates, wanted, namespace)], failure: undefined };
	} catch (error) {
		if (!(error instanceof ConfigMapFsError) || error.code !== 'INPUT_MISSING') throw error;
		if (cluster === undefined || wanted === undefined) return { workloads: [], failure: error };
		return { workloads: [await cluster.readWorkload(wanted)], failure: undefined };
	}
}

function wantedConfigMaps(object: ManifestObject, defaultNamespace: string): readonly WantedConfigMaps[] {
	const { pod } = decodePod(object, { defaultNamespace });
	if (pod === undefined) return [];
	const { initContainers, containers } = pod.spec;
	const names = [...initContainers, ...containers].flatMap((container) => configMapNames(pod, container));
	return [{ namespace: pod.metadata.namespace, names }];
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
	summary: 'Find likely mistakes in workloads and their ConfigMaps',
	usage: ['lint [KIND/NAME] -f SOURCE... [flags]'],
	description:
		'Find likely mistakes in workloads and in the ConfigMaps and Secrets that they name, from the manifests alone: ' +
		'mounts that never update, paths that collide, references to missing objects.',
	options: LINT_FLAGS,
	epilogue: EPILOGUE,
};
