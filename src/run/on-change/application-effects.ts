/** What `--on-change` can do to an application: the real effects of a ChangeReactor. */

import type { Logger } from '../../base/log.js';
import type { Application } from '../application/application.js';
import type { ProcessSurroundings } from '../application/spawn.js';
import { ChangeCalls } from './change-call.js';
import { ChangeCommands } from './change-command.js';
import type { ChangeEffects } from './change-reactor.js';

export interface ApplicationEffectsOptions {
	readonly application: Pick<Application, 'send' | 'restart' | 'isRunning'>;
	/** Where and as whom the application was started; undefined before that. */
	readonly surroundings: () => Omit<ProcessSurroundings, 'stdin'> | undefined;
	readonly log: Logger;
}

export function applicationEffects(options: ApplicationEffectsOptions): ChangeEffects {
	const { application, surroundings, log } = options;
	const commands = new ChangeCommands({
		surroundings: () => (application.isRunning ? surroundings() : undefined),
		log,
	});
	const calls = new ChangeCalls({ log });
	return {
		signal: (signal) => application.send(signal),
		restart: () => application.restart(),
		exec: (command, changes) => commands.run(command, changes),
		http: (method, url) => calls.call(method, url),
		close() {
			commands.close();
			calls.close();
		},
	};
}
