/** The node of the pod: this machine stands in for it. */

import { statfsSync } from 'node:fs';
import { availableParallelism, hostname, totalmem } from 'node:os';
import type { PodSurroundings } from '../../pod/pod-objects.js';

const LOOPBACK = '127.0.0.1';

export function localSurroundings(): PodSurroundings {
	return {
		nodeName: hostname(),
		hostIP: LOOPBACK,
		podIP: LOOPBACK,
		cpuCount: availableParallelism(),
		memoryBytes: totalmem(),
		diskBytes: diskBytes(),
	};
}

/** Size of the file system of `/`. Unit: bytes. */
function diskBytes(): number {
	const { blocks, bsize } = statfsSync('/');
	return blocks * bsize;
}
