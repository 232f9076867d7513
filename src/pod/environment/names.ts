/** Rules for names of environment variables: those of current clusters, of older ones, and of shells. */

import { envNameFaults, strictEnvNameFaults } from '../decode/validation.js';

/** Source: POSIX.1-2017 base definitions, 3.235 Name. */
const SHELL_NAME = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

/** The API server's faults of a name that is not empty. `isStrict`: the rule before 1.32. */
export function environmentNameFaults(name: string, isStrict: boolean): readonly string[] {
	return isStrict ? strictEnvNameFaults(name) : envNameFaults(name);
}

/** Whether `$NAME` works in a shell. Programs can read other names too. */
export function isShellName(name: string): boolean {
	return SHELL_NAME.test(name);
}
