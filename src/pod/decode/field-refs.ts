/**
 * Decodes `fieldRef` and `resourceFieldRef` of a variable or of a file in a volume. Pure.
 * Source: kubernetes v1.32 validateObjectFieldSelector, validateContainerResourceFieldSelector.
 */

import { labelKeyFaults } from '../../model/validation.js';
import type { FieldRef, ResourceFieldRef } from '../pod-spec.js';
import { decodeDivisor } from './divisor.js';
import { invalidText, type ObjectReader, truncated, unsupportedText } from './object-reader.js';
import {
	annotationKeyFaults,
	CONTAINER_RESOURCES,
	fieldLabelFault,
	isContainerResource,
	splitFieldPath,
} from './validation.js';

/** `supported`: the sorted field paths without a subscript that a variable, or a volume, may have. */
export function decodeFieldRef(reader: ObjectReader, supported: ReadonlySet<string>): FieldRef {
	const version = reader.text('apiVersion') || 'v1';
	const fieldPath = reader.text('fieldPath');
	const fault = fieldPathFault(version, fieldPath, supported);
	if (fault !== undefined) reader.fault('fieldPath', fault);
	else checkSubscript(reader, fieldPath);
	// `spec.host` is the old name of `spec.nodeName`.
	return { kind: 'fieldRef', fieldPath: fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath };
}

function fieldPathFault(version: string, fieldPath: string, supported: ReadonlySet<string>): string | undefined {
	if (fieldPath === '') return 'Required value';
	if (version !== 'v1') {
		return invalidText(fieldPath, `error converting fieldPath: unsupported pod version: ${truncated(version)}`);
	}
	const fault = fieldLabelFault(fieldPath);
	if (fault !== undefined) return fault;
	const { path, subscript } = splitFieldPath(fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath);
	return subscript !== undefined || supported.has(path) ? undefined : unsupportedText(path, supported);
}

function checkSubscript(reader: ObjectReader, fieldPath: string): void {
	const { path, subscript } = splitFieldPath(fieldPath);
	if (subscript === undefined) return;
	if (path === 'metadata.annotations') reader.check('', subscript.toLowerCase(), annotationKeyFaults);
	else reader.check('', subscript, labelKeyFaults);
}

/** In a volume the reference must name a container. */
export function decodeResourceFieldRef(reader: ObjectReader, use: 'env' | 'volume'): ResourceFieldRef {
	const containerName = reader.optionalText('containerName');
	const resource = reader.text('resource');
	if (use === 'volume' && containerName === undefined) reader.required('containerName');
	else if (resource === '') reader.required('resource');
	else if (!isContainerResource(resource)) reader.fault('resource', unsupportedText(resource, CONTAINER_RESOURCES));
	return { kind: 'resourceFieldRef', containerName, resource, divisor: decodeDivisor(reader, resource) };
}
