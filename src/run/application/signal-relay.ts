/**
 * Passes the signals that this process gets on to the application, each once, and stops and continues with it, so that
 * to a shell and its job control the two are one program.
 *
 * What the terminal sends goes to the whole foreground process group, so the application has it already. Node does not
 * tell who sent a signal; where our group is in the foreground, these signals are taken to be the terminal's. So
 * `kill -INT` of this process alone, while it is in the foreground of a terminal, does not reach the application. And
 * what somebody sends to the whole group by another signal (`kill -TERM -- -GROUP`) reaches it twice.
 */

import { isInForeground } from '../../native/proc.js';

/** Who gets the signals. */
export interface SignalReceiver {
	/** `isThere`: the application has it from the terminal already. */
	receive(signal: NodeJS.Signals, isThere: boolean): void;
	/** Whether a process runs. */
	readonly isRunning: boolean;
	/** Whether that process is stopped. */
	readonly isStopped: boolean;
}

/**
 * Every signal that can be caught and that people and programs send. Not those that the kernel sends to a process for
 * its own faults and limits, nor what stops a background process at the terminal, which reaches the whole group.
 * Source: signal(7).
 */
const RELAYED: readonly NodeJS.Signals[] = [
	'SIGHUP',
	'SIGINT',
	'SIGQUIT',
	'SIGABRT',
	'SIGUSR1',
	'SIGUSR2',
	'SIGALRM',
	'SIGTERM',
	'SIGCONT',
	'SIGTSTP',
	'SIGURG',
	'SIGVTALRM',
	'SIGWINCH',
	'SIGIO',
	'SIGPWR',
];

/** What a terminal sends to its foreground process group. Source: termios(3), ISIG; ioctl_tty(2), TIOCSWINSZ. */
const OF_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGWINCH'] as const);

/** A signal of the terminal reaches every process of the group within this long. Unit: milliseconds. */
const SOON_MS = 5;

export class SignalRelay {
	readonly #receiver: SignalReceiver;
	readonly #isInForeground: () => boolean;
	readonly #relay = (signal: NodeJS.Signals) => this.#receive(signal);
	readonly #onChild = () => {
		if (this.#receiver.isStopped) this.#stopToo();
	};
	/** Stopped with the application, and nobody has continued us since. */
	#stoppedToo = false;
	/** How often the terminal has stopped both. */
	#terminalStops = 0;

	/** Relays from now on. */
	constructor(receiver: SignalReceiver, foreground: () => boolean = isInForeground) {
		this.#receiver = receiver;
		this.#isInForeground = foreground;
		for (const signal of RELAYED) process.on(signal, this.#relay);
		// Sent when a child stops, too.
		process.on('SIGCHLD', this.#onChild);
	}

	close(): void {
		for (const signal of RELAYED) process.removeListener(signal, this.#relay);
		process.removeListener('SIGCHLD', this.#onChild);
	}

	#receive(signal: NodeJS.Signals): void {
		if (signal === 'SIGCONT') {
			this.#continue();
			return;
		}
		const isThere = OF_TERMINAL.has(signal) && this.#isInForeground();
		if (signal === 'SIGTSTP' && isThere) this.#terminalStops++;
		this.#receiver.receive(signal, isThere);
		if (signal === 'SIGTSTP' && !this.#receiver.isRunning) this.#stopToo();
	}

	/**
	 * A shell continues the whole group, and only when that was stopped. An application that is still stopped was not
	 * reached; unless the terminal has stopped it again meanwhile, which is a signal that we are about to hear of.
	 */
	#continue(): void {
		const isThere = this.#stoppedToo;
		this.#stoppedToo = false;
		if (!this.#receiver.isStopped) {
			this.#receiver.receive('SIGCONT', isThere);
			return;
		}
		const stops = this.#terminalStops;
		const decide = () => {
			if (this.#receiver.isStopped && this.#terminalStops === stops) this.#receiver.receive('SIGCONT', false);
		};
		// However late the timer is, Node looks for signals between the two.
		setTimeout(() => setImmediate(decide), SOON_MS);
	}

	/**
	 * As if the terminal had stopped us, so that a shell sees its job stopped, and where no shell could continue us the
	 * kernel does not stop us. Returns when we are continued.
	 */
	#stopToo(): void {
		this.#stoppedToo = true;
		process.removeListener('SIGTSTP', this.#relay);
		process.kill(process.pid, 'SIGTSTP');
		process.on('SIGTSTP', this.#relay);
	}
}
