/** Selects the workload of a pod and one of its containers, by kubectl's names. Pure. */

import { ConfigMapFsError } from '../base/errors.js';
import { closest } from '../base/suggestion.js';
import type { ManifestObject } from '../model/manifest-object.js';
import { MAX_NAME_BYTES } from '../model/validation.js';
import type { Container, Pod } from './pod-spec.js';
import {
	apiGroup,
	builtInKind,
	customNames,
	GENERATED_SUFFIX,
	isCustomGroup,
	member,
	type Templated,
	WORKLOAD_KINDS,
	type WorkloadKind,
	workloadKind,
	workloadKindOfName,
} from './workload-kinds.js';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';
/** Entries of a list in a message. */
const MAX_LISTED = 10;
/** Candidates that a suggestion is chosen from. */
const MAX_COMPARED = 100;
const KINDS_TEXT = 'Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob';

/** Marks a Helm hook, which Helm creates at another time than the rest of its chart. */
const HELM_HOOK = 'helm.sh/hook';

/** Whether the object has a pod template, or names the workload that has it. */
export function isWorkload(object: Templated): boolean {
	return workloadKind(object) !== undefined || workloadRef(object) !== undefined;
}

/** The workloads of built-in kinds; if there are none, the custom resources with a pod template. */
export function workloadsOf<T extends Templated>(objects: readonly T[]): readonly T[] {
	const builtIn = objects.filter((object) => builtInKind(object) !== undefined);
	return builtIn.length > 0 ? builtIn : objects.filter(isWorkload);
}

/** The workload whose pod template an Argo Rollout uses. Source: argo-rollouts v1.8, ObjectRef. */
function workloadRef({ apiVersion, value }: Templated): (Templated & { readonly name: string }) | undefined {
	if (!isCustomGroup(apiGroup(apiVersion))) return undefined;
	const ref = member(member(value, 'spec'), 'workloadRef');
	const [version, kind, name] = ['apiVersion', 'kind', 'name'].map((one) => member(ref, one));
	if (typeof version !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined;
	return builtInKind({ apiVersion: version, kind }) && { apiVersion: version, kind, name };
}

function isHelmHook({ value }: Templated): boolean {
	return member(member(member(value, 'metadata'), 'annotations'), HELM_HOOK) !== undefined;
}

/** The name, or `migrate-local` for an object with only `generateName: migrate-`; empty without either. */
export function workloadName(object: Pick<ManifestObject, 'name' | 'value'>): string {
	if (object.name !== '') return object.name;
	const prefix = member(member(object.value, 'metadata'), 'generateName');
	return typeof prefix === 'string' && prefix !== '' ? `${prefix}${GENERATED_SUFFIX}` : '';
}

/** `deployment/web`. */
export function workloadTitle(object: ManifestObject): string {
	return `${object.kind.toLowerCase()}/${workloadName(object)}`;
}

/**
 * Selects one workload. `wanted` is `KIND/NAME` with any of kubectl's names for the kind, or a name alone; undefined
 * selects the only one, without Helm hooks, and without custom resources if there is another. With `namespace`, objects
 * of other namespaces are ignored; an object without a namespace belongs to every namespace. The last of several objects
 * with the same key counts. A Rollout with a workloadRef selects the workload that it names.
 * Errors: USAGE if `wanted` is malformed, has an unknown kind or matches several; INPUT_MISSING if it matches none.
 */
export function selectWorkload(
	objects: readonly ManifestObject[],
	wanted?: string,
	namespace?: string,
): ManifestObject {
	const inNamespace = objects.filter(
		(object) => namespace === undefined || object.namespace === undefined || object.namespace === namespace,
	);
	const all = lastOfEqual(inNamespace.filter(isWorkload));
	if (all.length === 0) throw new ConfigMapFsError('INPUT_MISSING', noWorkloadText(objects, namespace));
	const found =
		wanted === undefined ? workloadsOf(all.filter((one) => !isHelmHook(one))) : all.filter(matcher(wanted, all));
	const [match] = found;
	if (match === undefined) {
		throw new ConfigMapFsError('INPUT_MISSING', wanted === undefined ? onlyHooksText(all) : notFoundText(wanted, all));
	}
	if (found.length > 1) throw new ConfigMapFsError('USAGE', ambiguousText(found));
	return referred(match, all);
}

/** The workload that the object names, or else the object. */
function referred(object: ManifestObject, workloads: readonly ManifestObject[]): ManifestObject {
	const ref = workloadKind(object) === undefined ? workloadRef(object) : undefined;
	if (ref === undefined) return object;
	const found = workloads.find(
		(one) =>
			one.kind === ref.kind &&
			one.name === ref.name &&
			apiGroup(one.apiVersion) === apiGroup(ref.apiVersion) &&
			(one.namespace ?? object.namespace) === (object.namespace ?? one.namespace),
	);
	if (found !== undefined) return found;
	const target = `${ref.kind.toLowerCase()}/${ref.name}`;
	const text = `${titleAndLocation(object)} uses the pod template of ${target}, which was not found`;
	throw new ConfigMapFsError('INPUT_MISSING', `${text}; add its manifest with -f`);
}

/**
 * Selects a container by name, including init containers. Without a name it is the pod's default container by
 * annotation, or else the first. Errors: INPUT_MISSING with kubectl's text.
 */
export function selectContainer(pod: Pod, name?: string): Container {
	const { containers, initContainers } = pod.spec;
	if (name !== undefined) {
		const named = [...containers, ...initContainers].find((container) => container.name === name);
		if (named !== undefined) return named;
	}
	const annotated = pod.metadata.annotations.get(DEFAULT_CONTAINER);
	const fallback =
		[...containers, ...initContainers].find((container) => container.name === annotated) ?? containers[0];
	if (name === undefined && fallback !== undefined) return fallback;
	const names = [...containers.map((one) => one.name), ...initContainers.map((one) => `${one.name} (init)`)];
	throw new ConfigMapFsError(
		'INPUT_MISSING',
		`container ${name ?? ''} not found in pod ${pod.metadata.name}, have: ${listed(names)}; choose one of them with -c`,
	);
}

/**
 * kubectl's line about a container that was not named; undefined if there was no choice, or the pod names its default.
 * Source: kubectl v1.32 pkg/cmd/util/podcmd, FindOrDefaultContainerByName.
 */
export function defaultedContainerText(pod: Pod, selected: Container): string | undefined {
	const { containers, initContainers } = pod.spec;
	const names = [...containers.map(({ name }) => name), ...initContainers.map(({ name }) => `${name} (init)`)];
	const annotated = pod.metadata.annotations.get(DEFAULT_CONTAINER);
	if (names.length < 2 || annotated === selected.name) return undefined;
	return `Defaulted container "${selected.name}" out of: ${names.join(', ')}; choose another with -c`;
}

/** Whether the text is `KIND/NAME` with a known kind, so that it cannot be the name of a command. */
export function namesWorkloadKind(wanted: string): boolean {
	const [kind = '', name] = wanted.split('/');
	return name !== undefined && workloadKindOfName(kind.split('.')[0] ?? '') !== undefined;
}

function matcher(wanted: string, workloads: readonly ManifestObject[]): (object: ManifestObject) => boolean {
	const parts = wanted.split('/');
	const [left = '', right] = parts;
	if (parts.length > 2 || left === '' || right === '') {
		throw new ConfigMapFsError('USAGE', `invalid workload "${wanted}"; write KIND/NAME, for example deploy/web`);
	}
	if (right === undefined) return (object) => workloadName(object) === left;
	const dot = left.indexOf('.');
	const kindName = dot < 0 ? left : left.slice(0, dot);
	// `deployments.apps` and `deployments.v1.apps` mean the same.
	const group = dot < 0 ? undefined : left.slice(dot + 1).replace(/^v[0-9][a-z0-9]*\./, '');
	const kind = workloadKindOfName(kindName);
	const isOfGroup = (version: string) => group === undefined || apiGroup(version) === group;
	const isCustom = (object: ManifestObject) =>
		builtInKind(object) === undefined &&
		customNames(object.kind).includes(kindName.toLowerCase()) &&
		isOfGroup(object.apiVersion);
	if (kind?.apiVersions.some(isOfGroup) !== true && !workloads.some(isCustom)) {
		throw new ConfigMapFsError('USAGE', unknownKindText(left, kindName, kind));
	}
	return (object) =>
		workloadName(object) === right &&
		(builtInKind(object) === undefined ? isCustom(object) : object.kind === kind?.kind && isOfGroup(object.apiVersion));
}

function unknownKindText(left: string, kindName: string, kind: WorkloadKind | undefined): string {
	const meant =
		kind?.names[0] ??
		nearest(
			kindName.toLowerCase(),
			WORKLOAD_KINDS.flatMap(({ names }) => names),
		);
	const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
	const kinds = WORKLOAD_KINDS.map(({ names }) => names[0]).join(', ');
	return `unknown kind of workload "${left}", have: ${kinds}${hint}`;
}

function noWorkloadText(objects: readonly ManifestObject[], namespace: string | undefined): string {
	const others = [...new Set(objects.map((object) => `${object.kind}/${workloadName(object)} (${object.location})`))];
	const where = namespace === undefined ? '' : ` in namespace "${namespace}"`;
	const found = others.length === 0 ? '' : `; found ${listed(others)}`;
	const isElsewhere = namespace !== undefined && objects.some(isWorkload);
	const cure = isElsewhere ? 'choose its namespace with -n' : `add the manifest of a ${KINDS_TEXT} with -f`;
	return `no workload${where}${found}; ${cure}`;
}

function onlyHooksText(hooks: readonly ManifestObject[]): string {
	const [example] = hooks;
	const wanted = example === undefined ? '' : shortTitle(example);
	return `no workload besides Helm hooks: ${listed(hooks.map(titleAndLocation))}; name one to use it, such as ${wanted}`;
}

function notFoundText(wanted: string, workloads: readonly ManifestObject[]): string {
	const name = wanted.slice(wanted.indexOf('/') + 1);
	const near = nearest(name, workloads.map(workloadName));
	const meant = workloads.find((object) => workloadName(object) === near);
	const cure = meant === undefined ? 'choose one of them' : `did you mean ${workloadTitle(meant)}?`;
	return `workload "${wanted}" not found, have: ${listed(workloads.map(titleAndLocation))}; ${cure}`;
}

function ambiguousText(found: readonly ManifestObject[]): string {
	const [title, ...otherTitles] = new Set(found.map(workloadTitle));
	if (otherTitles.length === 0) {
		const list = found.map((object) => `${object.namespace ?? 'none given'} (${object.location})`);
		return `several workloads ${title}, in namespaces: ${listed(list)}; choose one with -n`;
	}
	const [example] = found;
	const wanted = example === undefined ? '' : shortTitle(example);
	return `several workloads: ${listed(found.map(titleAndLocation))}; choose one of them, such as ${wanted}`;
}

/** `deploy/web`. */
function shortTitle(object: ManifestObject): string {
	const kind = builtInKind(object);
	return kind === undefined ? workloadTitle(object) : `${kind.names.at(-1)}/${workloadName(object)}`;
}

function titleAndLocation(object: ManifestObject): string {
	return `${workloadTitle(object)} (${object.location})`;
}

function lastOfEqual(objects: readonly ManifestObject[]): readonly ManifestObject[] {
	const byKey = new Map<string, ManifestObject>();
	for (const object of objects) byKey.set(`${object.namespace ?? ''}/${workloadTitle(object)}`, object);
	return [...byKey.values()];
}

function listed(texts: readonly string[]): string {
	const more = texts.length - MAX_LISTED;
	return texts.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** The closest name. Long names and long lists are not compared, so that a hostile manifest costs no time. */
function nearest(name: string, names: readonly string[]): string | undefined {
	const isShort = (one: string) => one.length <= MAX_NAME_BYTES;
	return isShort(name) ? closest(name, names.filter(isShort).slice(0, MAX_COMPARED)) : undefined;
}
