/** Entry point of the server process. Its one argument is a `ServerConfig` as JSON. */

import type { ServerConfig } from './journal/server-protocol.js';
import { serve } from './server/serve.js';

await serve(JSON.parse(process.argv[2] ?? '{}') as ServerConfig);
