/** Something that is wrong and what to do about it. */

export interface Advice {
	/** What is so, and what comes of it. */
	readonly text: string;
	/** What to do. */
	readonly cure: string;
}

/** One sentence, the cure at the end. */
export function adviceText({ text, cure }: Advice): string {
	return `${text}; ${cure}`;
}
