/**
 * `configmapfs env`: prints the environment that a container would get, as lines for programs, as a table for people, or
 * as JSON. It starts and mounts nothing.
 *
 * Programs that read `text`, `export` and `dotenv` need the values of Secrets, so these formats print them, but not to a
 * terminal. The table and JSON end up in logs and reports, so they mask them. `--show-secrets` prints them everywhere.
 * Without `--env-inherit` only the pod's own variables are printed, while `run` adds some of the caller's.
 */

import { ConfigMapFsError, EXIT_STATUS } from '../../base/errors.js';
import { ProblemReporter } from '../../control/problem-reporter.js';
import { ObjectLocations } from '../../explain/object-locations.js';
import { Snapshot } from '../../explain/snapshot.js';
import { parseFlags } from '../../go/flags.js';
import { readGivenVariables } from '../../inputs/given-variables.js';
import { PodReader } from '../../inputs/pod-reader.js';
import { configMapNames } from '../../inputs/pod-references.js';
import { openPodSources } from '../../inputs/pod-sources.js';
import { buildEnvironment } from '../../pod/environment/builder.js';
import type { Environment } from '../../pod/environment/environment.js';
import { podHostname } from '../../pod/environment/hostname.js';
import type { Missing } from '../../pod/notices.js';
import { inheritedEnvironment } from '../../run/container/inherited-environment.js';
import { localSurroundings } from '../../run/container/surroundings.js';
import { type CliContext, inputEnvironment } from '../context.js';
import { ENV_OPTIONS, readEnvFlags } from '../flags/env-flags.js';
import { FLAG_POD_OPTIONS } from '../flags/flag-pod-flags.js';
import { readSnapshotFlags, SNAPSHOT_OPTIONS } from '../flags/snapshot-flags.js';
import { explainText } from '../print/env-explain.js';
import { type EnvReport, envReport } from '../print/env-report.js';
import { ENV_TEXT_FORMATS, type EnvTextFormat, envText } from '../print/env-text.js';
import { eventLog } from '../print/event-log.js';
import type { CommandHelp, HelpOptions } from '../print/help.js';
import { type StandardOutput, standardOutput } from '../print/standard-output.js';
import { styleFor } from '../print/style.js';
import { commandLogger } from '../print/text-logger.js';

const OUTPUT = { group: 'Output:' } as const;

const { 'keep-args': _keepArgs, ...envOptions } = ENV_OPTIONS;

const ENV_FLAGS = {
	...SNAPSHOT_OPTIONS,
	...FLAG_POD_OPTIONS,
	...envOptions,
	'env-inherit': {
		...envOptions['env-inherit'],
		describe:
			'Start from these of your own variables: none (default), path (as run does) or all, and others by name, as in ' +
			'path,JAVA_HOME',
	},
	explain: {
		...OUTPUT,
		type: 'boolean',
		describe: 'Print a table: where each value comes from, and what it overrides',
	},
	output: {
		...OUTPUT,
		alias: 'o',
		choices: [...ENV_TEXT_FORMATS, 'json'],
		value: 'FORMAT',
		describe:
			'Print text (default): NAME=value; export: for a shell; dotenv: for a .env file; json: the same as --explain',
	},
	'show-secrets': {
		...OUTPUT,
		type: 'boolean',
		describe: 'Print values of Secrets also on a terminal, with --explain and in JSON',
	},
} as const satisfies HelpOptions;

/** Reads the command line. Errors: USAGE. */
function readLine(args: readonly string[]) {
	const flags = parseFlags('env', ENV_FLAGS, args);
	if (flags.afterDash !== undefined) {
		throw new ConfigMapFsError('USAGE', '"env" does not start a command; use configmapfs run … -- COMMAND');
	}
	const output = (flags.last('output') ?? 'text') as EnvTextFormat | 'json';
	const explain = flags.is('explain');
	if (explain && output !== 'text' && output !== 'json') {
		throw new ConfigMapFsError('USAGE', `--explain prints a table or JSON, not -o ${output}; drop one of the two`);
	}
	return {
		pod: readSnapshotFlags(flags, 'env'),
		...readEnvFlags(flags, 'none'),
		explain,
		output,
		showSecrets: flags.is('show-secrets'),
	};
}

type EnvLine = ReturnType<typeof readLine>;

/**
 * Returns the exit status: 66 if the container could not start; the table or JSON has the variables known so far.
 * Errors: ConfigMapFsError, CONFIGMAP_NOT_FOUND among them; then nothing was printed.
 */
export async function envCommand(context: CliContext, output: StandardOutput = standardOutput()): Promise<number> {
	const line = readLine(context.args);
	const masksValues = line.explain || line.output === 'json' || output.isTerminal;
	const report = await readReport(line, context, {
		message: output.message,
		showSecrets: line.showSecrets || !masksValues,
	});
	if (line.output === 'json') {
		output.write(`${JSON.stringify(report, undefined, 2)}\n`);
	} else if (line.explain) {
		const { isTerminal, width } = output;
		output.write(explainText(report, { width, style: styleFor(isTerminal, context.env) }));
	} else {
		if (report.missing.length > 0) throw new ConfigMapFsError('CONFIGMAP_NOT_FOUND', missingText(report));
		for (const { place, text } of report.warnings) output.message(`warning: ${place}: ${text}\n`);
		const { text, warnings } = envText(report.variables, line.output, output.isTerminal);
		for (const warning of warnings) output.message(`warning: ${warning}\n`);
		output.write(text);
	}
	if (report.missing.length === 0) return 0;
	output.message(`error: ${missingText(report)}\n`);
	return EXIT_STATUS.CONFIGMAP_NOT_FOUND;
}

async function readReport(
	line: EnvLine,
	context: CliContext,
	{ message, showSecrets }: { readonly message: (lines: string) => void; readonly showSecrets: boolean },
): Promise<EnvReport> {
	const log = commandLogger(message);
	const onEvent = eventLog(log);
	const given = readGivenVariables(line.given, context);
	const { sources, cluster, defaultNamespace } = await openPodSources(line.pod, {
		...inputEnvironment(context, log),
		onEvent,
	});
	const reporter = new ProblemReporter(onEvent);
	const snapshot = await Snapshot.read({ sources, cluster });
	// An invalid workload explains why none is found.
	reporter.update(snapshot.problems);
	const { catalog } = snapshot;
	const reader = new PodReader({
		catalog,
		wanted: line.pod.workload,
		flagPod: line.pod.flagPod,
		container: line.pod.container,
		namespace: line.pod.namespace,
		defaultNamespace,
		strictEnvNames: line.strictEnvNames,
		readFromCluster: cluster === undefined ? undefined : (wanted) => cluster.readWorkload(wanted),
		log,
	});
	const selected = await reader.read();
	const { pod, container } = selected;
	const { namespace } = pod.metadata;
	const names = configMapNames(pod, { ...container, volumeMounts: [] });
	await snapshot.readFromCluster([{ namespace, names }]);
	reporter.update(snapshot.problems);
	const objects = catalog.objects(namespace);
	const environment: Environment = buildEnvironment(pod, container, objects, localSurroundings(), {
		strictNames: line.strictEnvNames,
		given,
	});
	return envReport({
		selected,
		environment,
		objects,
		locations: new ObjectLocations(snapshot.versions),
		inherited: inheritedEnvironment(context.env, line.envInherit, podHostname(pod)),
		showSecrets,
	});
}

function missingText({ container, missing }: { readonly container: string; readonly missing: readonly Missing[] }) {
	const texts = missing.map(({ message }) => message).join('; ');
	return `container "${container}" cannot start: ${texts}; add it to a source, or make the reference optional`;
}

const EPILOGUE = `Examples:
  # Show what the container gets, and why
  configmapfs env -f deploy.yaml --explain

  # Set the variables in this shell, write a .env file, or get one value
  eval "$(configmapfs env -f deploy.yaml -o export)"
  configmapfs env -f deploy.yaml -o dotenv > .env
  configmapfs env -f deploy.yaml -o json |
    jq -r '.variables[] | select(.name == "PORT").value'

  # In CI: check whether the environment changed; values of Secrets are masked
  configmapfs env -k overlays/prod --explain > env.txt
  git diff --exit-code env.txt

  # Show a Deployment of staging with one key of mine
  configmapfs env --context staging -n shop -f my-key.yaml deploy/web --explain

Values of Secrets are printed into pipes and files (text, export, dotenv). They
are masked on a terminal, with --explain and in JSON, unless --show-secrets is
given. Only the pod's own variables are printed unless --env-inherit is given.

Exit status:
  0 printed                   69 the cluster cannot be reached
  64 wrong command line       74 the output cannot be written
  65 an input breaks a rule   77 the cluster refuses access
  66 an input is missing,     78 the kubeconfig is missing or wrong
     or an object or key that the container needs to start`;

export const envHelp: CommandHelp = {
	name: 'env',
	summary: "Print a container's environment, and where each variable comes from",
	usage: ['env [KIND/NAME] -f SOURCE... [flags]'],
	description: "Print the environment that a pod's container would get, exactly as kubelet builds it.",
	options: ENV_FLAGS,
	epilogue: EPILOGUE,
};
