/**
 * Prints a ConfigMap as kubectl does for `-o yaml`, `-o json` and `-o name`. YAML libraries for JavaScript fold, quote
 * and sort differently from kubectl, so this file writes the text.
 */

import { encodeGoJsonString, sortGoJsonKeys } from '../../go/json/encode.js';
import { formatGoYamlEntry, formatGoYamlMap } from '../../go/yaml/writer.js';

/** A ConfigMap to print. Name and namespace are as given, without defaults. */
export interface PrintableConfigMap {
	readonly name: string;
	/** Absent if it was not given; then it is not printed. */
	readonly namespace?: string;
	/** UTF-8 bytes. */
	readonly data: ReadonlyMap<string, Buffer>;
	readonly binaryData: ReadonlyMap<string, Buffer>;
}

/** The output formats that need no cluster and no template. */
export const OUTPUT_FORMATS = ['yaml', 'json', 'name'] as const;

export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

function decodeMap(map: ReadonlyMap<string, Buffer>, encoding: 'utf8' | 'base64'): ReadonlyMap<string, string> {
	return new Map([...map].map(([key, value]) => [key, value.toString(encoding)]));
}

function yamlMap(name: string, map: ReadonlyMap<string, string>): string {
	return map.size === 0 ? '' : `${name}:\n${formatGoYamlMap(map)}`;
}

/**
 * The object as YAML, keys sorted, with a line feed at its end.
 * Shape: apiVersion, binaryData, data, kind, metadata; a map without entries is left out.
 * Source: kubectl v1.32, create configmap --dry-run=client -o yaml.
 */
export function printConfigMapYaml(object: PrintableConfigMap): string {
	const namespace = object.namespace === undefined ? '' : formatGoYamlEntry('namespace', object.namespace);
	return [
		'apiVersion: v1\n',
		yamlMap('binaryData', decodeMap(object.binaryData, 'base64')),
		yamlMap('data', decodeMap(object.data, 'utf8')),
		'kind: ConfigMap\n',
		`metadata:\n  creationTimestamp: null\n${formatGoYamlEntry('name', object.name)}${namespace}`,
	].join('');
}

function jsonMap(entries: readonly (readonly [key: string, json: string])[], indent: string): string {
	const lines = entries.map(([key, json]) => `${indent}    ${encodeGoJsonString(key)}: ${json}`);
	return `{\n${lines.join(',\n')}\n${indent}}`;
}

function jsonStrings(map: ReadonlyMap<string, string>): string {
	const keys = sortGoJsonKeys(map.keys());
	return jsonMap(
		keys.map((key) => [key, encodeGoJsonString(map.get(key) ?? '')]),
		'    ',
	);
}

/**
 * The object as JSON, indented by four, with a line feed at its end.
 * Shape: kind, apiVersion, metadata, data, binaryData, which is the order of kubectl's Go types.
 * Source: kubectl v1.32, create configmap --dry-run=client -o json.
 */
export function printConfigMapJson(object: PrintableConfigMap): string {
	const metadata: [string, string][] = [['name', encodeGoJsonString(object.name)]];
	if (object.namespace !== undefined) metadata.push(['namespace', encodeGoJsonString(object.namespace)]);
	metadata.push(['creationTimestamp', 'null']);
	const fields: [string, string][] = [
		['kind', '"ConfigMap"'],
		['apiVersion', '"v1"'],
		['metadata', jsonMap(metadata, '    ')],
	];
	if (object.data.size > 0) fields.push(['data', jsonStrings(decodeMap(object.data, 'utf8'))]);
	if (object.binaryData.size > 0) fields.push(['binaryData', jsonStrings(decodeMap(object.binaryData, 'base64'))]);
	return `${jsonMap(fields, '')}\n`;
}

/** The object in the given format, with a line feed at its end. */
export function printConfigMap(object: PrintableConfigMap, format: OutputFormat): string {
	if (format === 'name') return `configmap/${object.name}\n`;
	return format === 'json' ? printConfigMapJson(object) : printConfigMapYaml(object);
}
