/**
 * What a test file and every program that it starts inherit from who runs the tests, made the same for everybody. Set up
 * for each file by vitest.config.ts; a test that is about one of these gives it to its own program.
 */

/** Where programs would find another cluster, runtime directory, supervisor, proxy, terminal or repository than a test's. */
const OTHERS = [
	...['KUBECONFIG', 'KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT', 'XDG_RUNTIME_DIR', 'NOTIFY_SOCKET'],
	...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
	...['NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES', 'LANGUAGE', 'BASH_ENV', 'ENV', 'PROMPT_COMMAND', 'CDPATH'],
	...['POSIXLY_CORRECT', 'GOFLAGS', 'GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE'],
];

for (const name of OTHERS) delete process.env[name];
// A person's hooks and signatures are not for a test's repository.
process.env.GIT_CONFIG_GLOBAL = '/dev/null';
// Tests compare what other programs say.
process.env.LC_ALL = 'C.UTF-8';
// What a test makes for another user, he must be able to read.
process.umask(0o022);
