/** Entry point of the server process. Its one argument is a `ServerConfig` as JSON. */

import { serve } from './drivers/serve.js';
import type { ServerConfig } from './drivers/server-protocol.js';

await serve(JSON.parse(process.argv[2] ?? '{}') as ServerConfig);
