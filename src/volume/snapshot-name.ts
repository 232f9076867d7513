/**
 * Names of timestamped directories. Pure.
 * Source: kubelet v1.32 AtomicWriter, newTimestampDir: UTC time and an unsigned 32-bit decimal without padding.
 */

const PATTERN = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d{1,10}$/;

/** `..2026_11_21_04_03_39.2702205451`. Unit: `random` is an integer from 0 to 2^32 - 1. */
export function snapshotName(time: Date, random: number): string {
	const digits = (value: number, width: number) => String(value).padStart(width, '0');
	const date = [digits(time.getUTCFullYear(), 4), digits(time.getUTCMonth() + 1, 2), digits(time.getUTCDate(), 2)];
	const clock = [digits(time.getUTCHours(), 2), digits(time.getUTCMinutes(), 2), digits(time.getUTCSeconds(), 2)];
	return `..${[...date, ...clock].join('_')}.${random >>> 0}`;
}

export function isSnapshotName(name: string): boolean {
	return PATTERN.test(name);
}
