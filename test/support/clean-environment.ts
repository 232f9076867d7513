/**
 * Gives every test file, and the programs that it starts, the same environment on every machine. vitest.config.ts runs it
 * before each file. A test of one of these variables passes it to its own program.
 */

/** Variables that lead programs to a cluster, runtime directory, supervisor, proxy, terminal or repository of the user. */
const OTHERS = [
	...['KUBECONFIG', 'KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT', 'XDG_RUNTIME_DIR', 'NOTIFY_SOCKET'],
	...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
	...['NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES', 'LANGUAGE', 'BASH_ENV', 'ENV', 'PROMPT_COMMAND', 'CDPATH'],
	...['POSIXLY_CORRECT', 'GOFLAGS', 'GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE'],
];

for (const name of OTHERS) delete process.env[name];
// The user's hooks and signatures must not affect repositories of tests.
process.env.GIT_CONFIG_GLOBAL = '/dev/null';
// Tests compare messages of other programs.
process.env.LC_ALL = 'C.UTF-8';
// Other users must be able to read files that tests create for them.
process.umask(0o022);
