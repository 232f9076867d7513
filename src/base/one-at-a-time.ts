/** Runs work that must not overlap: items requested during a run are merged, and the merged item runs afterwards. */

export interface Work<Item> {
	/** Must not reject. */
	readonly act: (item: Item) => Promise<void>;
	readonly merge: (first: Item, second: Item) => Item;
}

export class OneAtATime<Item> {
	readonly #work: Work<Item>;
	#isBusy = false;
	#next: { readonly item: Item } | undefined;

	constructor(work: Work<Item>) {
		this.#work = work;
	}

	request(item: Item): void {
		this.#next = { item: this.#next === undefined ? item : this.#work.merge(this.#next.item, item) };
		if (!this.#isBusy) void this.#run();
	}

	/** Drops the item that waits for its run. */
	cancel(): void {
		this.#next = undefined;
	}

	async #run(): Promise<void> {
		this.#isBusy = true;
		try {
			for (let next = this.#take(); next !== undefined; next = this.#take()) await this.#work.act(next.item);
		} finally {
			this.#isBusy = false;
		}
	}

	#take(): { readonly item: Item } | undefined {
		const next = this.#next;
		this.#next = undefined;
		return next;
	}
}
