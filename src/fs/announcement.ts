/**
 * Comparison of mutations with announced operations. Pure.
 * Names of requests are strings with one character per byte; names of records are text.
 */

import type { Intent } from '../journal/record.js';

/** A mutation as a caller requests it. */
export type Mutation =
	| { readonly op: 'mkdir' | 'unlink' | 'rmdir'; readonly parent: number; readonly name: string }
	| { readonly op: 'symlink'; readonly parent: number; readonly name: string; readonly target: string }
	| { readonly op: 'setattr'; readonly id: number; readonly mode: number }
	| {
			readonly op: 'rename';
			readonly parent: number;
			readonly name: string;
			readonly newParent: number;
			readonly newName: string;
	  };

/** A name of a record in the form of requests: one character per byte. */
export function nameOf(name: string): string {
	return Buffer.from(name).toString('latin1');
}

/** The inode whose attributes answer the operation: the created or changed one, else its directory. */
export function subjectOf(intent: Intent): number {
	switch (intent.op) {
		case 'mkdir':
		case 'symlink':
			return intent.node.id;
		case 'setattr':
			return intent.id;
		default:
			return intent.parent;
	}
}

/** Whether a mutation is exactly the announced operation. */
export function isAnnounced(intent: Intent, mutation: Mutation): boolean {
	if (intent.op !== mutation.op) return false;
	switch (mutation.op) {
		case 'setattr':
			return intent.op === 'setattr' && intent.id === mutation.id && intent.mode === mutation.mode;
		case 'rename':
			return (
				intent.op === 'rename' &&
				intent.parent === mutation.parent &&
				intent.parent === mutation.newParent &&
				nameOf(intent.name) === mutation.name &&
				nameOf(intent.newName) === mutation.newName
			);
		case 'symlink':
			return (
				intent.op === 'symlink' &&
				intent.parent === mutation.parent &&
				nameOf(intent.name) === mutation.name &&
				nameOf(intent.node.target) === mutation.target
			);
		case 'mkdir':
		case 'unlink':
		case 'rmdir':
			return intent.op === mutation.op && intent.parent === mutation.parent && nameOf(intent.name) === mutation.name;
		default:
			return mutation satisfies never;
	}
}
