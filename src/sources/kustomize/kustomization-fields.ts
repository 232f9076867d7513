/**
 * The fields of a kustomization, and of the configuration of its plugins, that name files. Pure. Source: kustomize v5.5 api/types, Kustomization, and api/internal/builtins.
 */

/** The meaning of a name. */
export type ReferenceKind =
	/** A file; a text with several lines is the content itself. */
	| 'file'
	/** `[key=]file`. */
	| 'keyed-file'
	/** A file, or a directory with a kustomization. */
	| 'resource'
	/** As `resource`, and the file may itself name files; a text with several lines is the content itself. */
	| 'plugin'
	/** A directory with all of its content. */
	| 'tree';

export interface Reference {
	readonly kind: ReferenceKind;
	readonly text: string;
}

/** A path to names in a value; `*` stands for each element of a list. */
interface Field {
	readonly path: readonly string[];
	readonly kind: ReferenceKind;
}

const fields = (kind: ReferenceKind, ...paths: readonly string[]): readonly Field[] =>
	paths.map((path) => ({ path: path.split('.'), kind }));

const KUSTOMIZATION: readonly Field[] = [
	...fields('resource', 'resources.*', 'bases.*', 'components.*'),
	...fields('file', 'crds.*', 'configurations.*', 'openapi.path', 'replacements.*.path'),
	...fields('file', 'patches.*.path', 'patchesJson6902.*.path', 'patchesStrategicMerge.*'),
	...fields('keyed-file', 'configMapGenerator.*.files.*', 'secretGenerator.*.files.*'),
	...fields('file', 'configMapGenerator.*.envs.*', 'secretGenerator.*.envs.*'),
	...fields('file', 'configMapGenerator.*.env', 'secretGenerator.*.env'),
	...fields('plugin', 'generators.*', 'transformers.*', 'validators.*'),
	...fields('file', 'helmCharts.*.valuesFile', 'helmCharts.*.additionalValuesFiles.*'),
	...fields('file', 'helmChartInflationGenerator.*.values'),
];

/** The fields of the built-in plugins, by kind. */
const PLUGINS: Readonly<Record<string, readonly Field[]>> = {
	ConfigMapGenerator: [...fields('keyed-file', 'files.*'), ...fields('file', 'envs.*', 'env')],
	SecretGenerator: [...fields('keyed-file', 'files.*'), ...fields('file', 'envs.*', 'env')],
	PatchTransformer: fields('file', 'path'),
	PatchJson6902Transformer: fields('file', 'path'),
	PatchStrategicMergeTransformer: fields('file', 'paths.*'),
	ReplacementTransformer: fields('file', 'replacements.*.path'),
	HelmChartInflationGenerator: fields('file', 'valuesFile', 'additionalValuesFiles.*'),
};

/** Source: kustomize v5.5 api/types/helmchartargs.go, HelmDefaultHome. */
const CHART_HOME = 'charts';

/** The files that a kustomization names. */
export function kustomizationReferences(value: unknown): readonly Reference[] {
	const hasCharts = select(value, ['helmCharts', '*']).length > 0;
	const oldCharts = select(value, ['helmChartInflationGenerator', '*']);
	if (!hasCharts && oldCharts.length === 0) return references(value, KUSTOMIZATION);
	const homes = [...select(value, ['helmGlobals', 'chartHome']), ...select(oldCharts, ['*', 'chartHome'])];
	return [...references(value, KUSTOMIZATION), ...charts(homes)];
}

/** The files that the configuration of a plugin names; empty for unknown plugins. */
export function pluginReferences(value: unknown): readonly Reference[] {
	const [kind] = select(value, ['kind']);
	if (typeof kind !== 'string' || !Object.hasOwn(PLUGINS, kind)) return [];
	const named = references(value, PLUGINS[kind] ?? []);
	return kind === 'HelmChartInflationGenerator' ? [...named, ...charts(select(value, ['chartHome']))] : named;
}

function charts(homes: readonly unknown[]): readonly Reference[] {
	const texts = homes.filter((home) => typeof home === 'string' && home !== '');
	return (texts.length === 0 ? [CHART_HOME] : texts).map((text) => ({ kind: 'tree', text: String(text) }));
}

function references(value: unknown, table: readonly Field[]): readonly Reference[] {
	return table.flatMap(({ path, kind }) =>
		select(value, path).flatMap((text) => (typeof text === 'string' && text !== '' ? [{ kind, text }] : [])),
	);
}

/** The values at the end of a path; empty if the value has another shape. */
function select(value: unknown, path: readonly string[]): readonly unknown[] {
	const [step, ...rest] = path;
	if (step === undefined) return [value];
	if (typeof value !== 'object' || value === null) return [];
	if (step === '*') return Array.isArray(value) ? value.flatMap((item) => select(item, rest)) : [];
	// Go's decoder ignores the case of field names.
	const found = Object.entries(value).find(([name]) => name.toLowerCase() === step.toLowerCase());
	return found === undefined ? [] : select(found[1], rest);
}
