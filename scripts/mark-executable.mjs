// Makes the built entry points executable, as `bin` entries of a package must be when run from a checkout.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/main.js', import.meta.url), 0o755);
