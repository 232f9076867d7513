/**
 * `--log-level trace`: one line for each request and one for its reply, on the server's standard error.
 *
 *     rx 42 LOOKUP n1 "app.yaml" p1234
 *     tx 42 ok n7 0100644 12 bytes 38us
 */

import { SafeOutput } from '../../native/safe-output.js';
import { describeReply, describeRequest } from '../../wire/describe.js';
import type { SessionTrace } from './session-options.js';

/** Writes each request before it is answered: if the server crashes, the last line names the cause. */
export function makeTrace(output: Pick<SafeOutput, 'write'> = new SafeOutput(2)): SessionTrace {
	let started = 0;
	return {
		received(request) {
			output.write(`rx ${request.unique} ${describeRequest(request)}\n`);
			started = performance.now();
		},
		answered(request, reply, length) {
			const us = Math.round((performance.now() - started) * 1000);
			output.write(`tx ${request.unique} ${describeReply(request.opcode, reply, length)} ${us}us\n`);
		},
	};
}
