/** File name patterns as in .gitignore. Pure. */

/** Whether a path, or a directory above it, matches. */
export type PathMatch = (path: string) => boolean;

/**
 * `*` and `?` match within one name, `**` matches any number of names, `[…]` one of several characters. A pattern matches at
 * any depth; one that begins with a slash matches absolute paths. A leading `./` has no meaning.
 */
export function matchGlob(pattern: string): PathMatch {
	const clean = pattern.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
	const regex = new RegExp(`^${clean.startsWith('/') ? '' : '(?:.*/)?'}${expression(clean)}(?:/.*)?$`, 's');
	return (path) => regex.test(path.replace(/^(\.\/)+/, ''));
}

const TOKEN = /\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?[^\]/]+\]|[\s\S]/g;
const SPECIAL: Readonly<Record<string, string>> = {
	'**/': '(?:.*/)?',
	'/**': '/.*',
	'**': '.*',
	'*': '[^/]*',
	'?': '[^/]',
};

function expression(pattern: string): string {
	return pattern.replace(TOKEN, (token) => {
		const special = SPECIAL[token];
		if (special !== undefined) return special;
		if (token.length === 1) return token.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
		const isNegated = token[1] === '!';
		const characters = token.slice(isNegated ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
		return `[${isNegated ? '^' : ''}${characters}]`;
	});
}
