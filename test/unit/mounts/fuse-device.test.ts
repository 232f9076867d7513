import { accessSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FUSE_FAULTS, fuseDeviceError, fuseDeviceFault, requireFuseDevice } from '../../../src/mounts/fuse-device.js';

function systemError(code: string): NodeJS.ErrnoException {
	return Object.assign(new Error(`${code}: it failed`), { code });
}

describe('fuseDeviceError', () => {
	test.each([
		['ENOENT', 'FUSE_DEVICE_MISSING', /^\/dev\/fuse does not exist; load the kernel module \("modprobe fuse"\), /],
		['ENODEV', 'FUSE_DEVICE_MISSING', /^cannot open \/dev\/fuse: the kernel module is not loaded; "modprobe fuse" /],
		['ENXIO', 'FUSE_DEVICE_MISSING', /^cannot open \/dev\/fuse: the kernel module is not loaded; "modprobe fuse" /],
		['EACCES', 'FUSE_DEVICE_DENIED', /^cannot open \/dev\/fuse: permission denied; "chmod 666 \/dev\/fuse" as root /],
		['EPERM', 'FUSE_DEVICE_DENIED', /^cannot open \/dev\/fuse: operation not permitted; in a container pass /],
		['EMFILE', 'FUSE_DEVICE_DENIED', /^cannot open \/dev\/fuse: EMFILE: it failed; use --driver directory$/],
	])('%s is %s, with its cure', (errno, code, message) => {
		const cause = systemError(errno);
		const error = fuseDeviceError(cause);
		expect(error).toMatchObject({ code, cause });
		expect(error.message).toMatch(message);
		expect(error.message).toMatch(/use --driver directory$/);
	});

	test('something that is not a system error keeps its text', () => {
		expect(fuseDeviceFault('odd').problem).toBe('cannot open /dev/fuse: odd');
	});
});

test('every fault has a problem and a cure, and names the driver that needs no device', () => {
	for (const { problem, cure } of Object.values(FUSE_FAULTS)) {
		expect(problem).toMatch(/^[a-z/]/);
		expect(cure).toMatch(/, or use --driver directory$/);
		expect(problem + cure).not.toMatch(/;|\.$/);
	}
});

test('requireFuseDevice agrees with access(2)', () => {
	let cause: unknown;
	try {
		accessSync('/dev/fuse', 6);
	} catch (error) {
		cause = error;
	}
	if (cause === undefined) expect(requireFuseDevice).not.toThrow();
	else expect(requireFuseDevice).toThrow(fuseDeviceError(cause).message);
});
