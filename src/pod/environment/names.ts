/** Names of environment variables: what clusters of today and of yesterday accept, and what a shell can use. */

import { envNameFaults, strictEnvNameFaults } from '../decode/validation.js';

/** Source: POSIX.1-2017 base definitions, 3.235 Name. */
const SHELL_NAME = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

/** What an API server says of a name that is not empty, nothing if it is good. `isStrict`: as before 1.32. */
export function environmentNameFaults(name: string, isStrict: boolean): readonly string[] {
	return isStrict ? strictEnvNameFaults(name) : envNameFaults(name);
}

/** Whether `$NAME` works in a shell. Programs see other names all the same. */
export function isShellName(name: string): boolean {
	return SHELL_NAME.test(name);
}
