/** The actions of `--on-change` on an application: the effects of a ChangeReactor outside tests. */

import type { Logger } from '../../base/log.js';
import type { Application } from '../application/application.js';
import type { ProcessSurroundings } from '../application/spawn.js';
import { ChangeCalls } from './change-call.js';
import { ChangeCommands } from './change-command.js';
import type { ChangeEffects } from './change-reactor.js';

export interface ApplicationEffectsOptions {
	readonly application: Pick<Application, 'send' | 'restart' | 'isRunning'>;
	/** What the application was started with; undefined before that. */
	readonly surroundings: () => Omit<ProcessSurroundings, 'stdin'> | undefined;
	readonly log: Logger;
}

export function applicationEffects({ application, surroundings, log }: ApplicationEffectsOptions): ChangeEffects {
	const commands = new ChangeCommands({ surroundings: () => (application.isRunning ? surroundings() : undefined) });
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
