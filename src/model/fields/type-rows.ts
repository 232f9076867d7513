/**
 * The notation of the tables of fields (types only).
 *
 * A row is the name of a Go type and its fields, separated by white space. A field is `MARK NAME :TYPE @RELEASE` without
 * the blanks, and only the name is required:
 * - `+` the field is used; `-` a local process lacks it, so a warning or a flag exists; no mark: it is ignored;
 * - `:TYPE` the type of the field, or of the items of its list; absent for texts, numbers, maps of texts and free values;
 * - `@RELEASE` the release of Kubernetes that brought the field; absent if it is 1.20 or older, or that of its type.
 */
export type TypeRows = Readonly<Record<string, string>>;
