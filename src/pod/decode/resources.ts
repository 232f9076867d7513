/**
 * Decodes `resources` of a container or of a pod. Pure.
 * Source: kubernetes v1.37 core/validation, ValidateContainerResourceRequirements, validatePodResourceRequirements.
 */

import { formatQuantity, parseQuantity } from '../../go/quantity.js';
import type { ContainerResources } from '../pod-spec.js';
import type { ObjectReader } from './object-reader.js';

export function decodeResources(parent: ObjectReader): ContainerResources {
	const reader = parent.member('resources', 'ResourceRequirements');
	const limits = reader.quantities('limits');
	const requests = reader.quantities('requests');
	for (const [name, request] of requests) {
		const limit = limits.get(name);
		if (limit === undefined) continue;
		const fault = requestFault(name, request, limit);
		if (fault !== undefined) reader.invalidQuantity('requests', name, formatQuantity(request), fault);
	}
	return { limits, requests };
}

function requestFault(name: string, request: string, limit: string): string | undefined {
	const difference = parseQuantity(request).nanos - parseQuantity(limit).nanos;
	const limitText = `${name} limit of ${formatQuantity(limit)}`;
	if (!mayOvercommit(name)) return difference === 0n ? undefined : `must be equal to ${limitText}`;
	return difference > 0n ? `must be less than or equal to ${limitText}` : undefined;
}

/** Source: kubernetes v1.37 pkg/apis/core/v1/helper, IsOvercommitAllowed. */
function mayOvercommit(name: string): boolean {
	return (!name.includes('/') || name.includes('kubernetes.io/')) && !name.startsWith('hugepages-');
}
