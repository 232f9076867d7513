/**
 * Passes each signal that this process receives on to the application once, and stops and continues together with it.
 * To a shell and its job control the two are one program.
 *
 * The terminal sends its signals to the complete foreground process group, so the application has received them
 * already. Node does not report the sender. While our group is in the foreground these signals count as the terminal's,
 * so a `kill -INT` of this process alone does not reach the application. A signal of another kind that is sent to the
 * complete group (`kill -TERM -- -GROUP`) reaches it twice.
 */

import { isInForeground } from '../../native/proc.js';

/** Receives the signals. */
export interface SignalReceiver {
	/** `isDelivered`: the terminal has sent the signal to the application already. */
	receive(signal: NodeJS.Signals, isDelivered: boolean): void;
	/** Whether a process runs. */
	readonly isRunning: boolean;
	/** Whether that process is stopped. */
	readonly isStopped: boolean;
}

/**
 * The signals that can be caught and that users and programs send. The others are those that the kernel sends for
 * faults and limits of a process, and SIGTTIN and SIGTTOU, which reach the complete group.
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

/**
 * The signals that a terminal sends to its foreground process group. Source: termios(3), ISIG; ioctl_tty(2),
 * TIOCSWINSZ.
 */
const OF_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGWINCH'] as const);

/** Within this time a signal of the terminal reaches every process of the group. Unit: milliseconds. */
const SOON_MS = 5;

export class SignalRelay {
	readonly #receiver: SignalReceiver;
	readonly #isInForeground: () => boolean;
	readonly #relay = (signal: NodeJS.Signals) => this.#receive(signal);
	readonly #onChild = () => {
		if (this.#receiver.isStopped) this.#stopToo();
	};
	/** This process has stopped together with the application, and has not received SIGCONT since. */
	#stoppedToo = false;
	/** Number of times that the terminal has stopped both. */
	#terminalStops = 0;

	/** Starts to relay. */
	constructor(receiver: SignalReceiver, foreground: () => boolean = isInForeground) {
		this.#receiver = receiver;
		this.#isInForeground = foreground;
		for (const signal of RELAYED) process.on(signal, this.#relay);
		// The kernel sends it when a child stops, too.
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
		const isDelivered = OF_TERMINAL.has(signal) && this.#isInForeground();
		if (signal === 'SIGTSTP' && isDelivered) this.#terminalStops++;
		this.#receiver.receive(signal, isDelivered);
		if (signal === 'SIGTSTP' && !this.#receiver.isRunning) this.#stopToo();
	}

	/**
	 * A shell continues the complete group, and only if it was stopped. An application that is still stopped did not
	 * receive that signal, unless the terminal has stopped it again, in which case SIGTSTP is about to arrive here.
	 */
	#continue(): void {
		const isDelivered = this.#stoppedToo;
		this.#stoppedToo = false;
		if (!this.#receiver.isStopped) {
			this.#receiver.receive('SIGCONT', isDelivered);
			return;
		}
		const stops = this.#terminalStops;
		const decide = () => {
			if (this.#receiver.isStopped && this.#terminalStops === stops) this.#receiver.receive('SIGCONT', false);
		};
		// However late the timer fires, Node handles signals between the timer and the immediate.
		setTimeout(() => setImmediate(decide), SOON_MS);
	}

	/**
	 * Stops this process with the signal of the terminal, so that a shell sees its job stopped. The kernel ignores that
	 * signal if no shell could continue the process. Returns after SIGCONT.
	 */
	#stopToo(): void {
		this.#stoppedToo = true;
		process.removeListener('SIGTSTP', this.#relay);
		process.kill(process.pid, 'SIGTSTP');
		process.on('SIGTSTP', this.#relay);
	}
}
