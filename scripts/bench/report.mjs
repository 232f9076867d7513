// @ts-check
/* Renders the results as text or Markdown tables, and compares them with the bars. Imported by bench; pure. */

/**
 * @typedef {object} Results
 * @property {1} schema
 * @property {string} date
 * @property {boolean} quick
 * @property {Record<string, string>} machine
 * @property {Record<string, string>} versions
 * @property {{ name: string, description: string }} loop
 * @property {import('./targets.mjs').Missing[]} missing
 * @property {import('./warm.mjs').Row[]} [warm]
 * @property {{ name: string, description: string, rows: import('./warm.mjs').Row[] }} [warmAgain]
 * @property {Awaited<ReturnType<typeof import('./warm.mjs').warmUpcalls>>} [warmUpcalls]
 * @property {Record<string, import('./warm.mjs').ColdCell>} [afterFlip]
 * @property {Record<string, import('./flips.mjs').FlipRow>} [flips]
 * @property {Awaited<ReturnType<typeof import('./program.mjs').startUp>>} [start]
 * @property {Awaited<ReturnType<typeof import('./program.mjs').runStart>>} [run]
 * @property {Awaited<ReturnType<typeof import('./program.mjs').saveLatency>>} [saves]
 * @property {Awaited<ReturnType<typeof import('./program.mjs').scale>>} [scale]
 * @property {Awaited<ReturnType<typeof import('./program.mjs').idle>>} [idle]
 * @property {Awaited<ReturnType<typeof import('./program.mjs').coldWalks>>[]} [walks]
 * @property {Awaited<ReturnType<typeof import('./cluster.mjs').cluster>>} [cluster]
 * @property {string[]} failures Parts whose measurement failed, each with the reason: `PART: REASON`.
 * @property {Bar[]} bars
 */

/** @typedef {{ name: string, bar: string, measured: string, met: boolean }} Bar */
/** @typedef {{ title: string, text?: string, head: string[], rows: string[][] }} Table */

const F1_RATIO = 1.5;
const F2_TIMES = 20;
const SAVE_P99_MS = 150;
const FLIPS_PER_SECOND = 1000;
const START_CPU_S = 5;
const START_MIB = 250;
const IDLE_PERCENT = 0.2;
const PROPAGATION_P50_MS = 10;
const PROPAGATION_P99_MS = 50;
const REQUESTS_PER_MINUTE = 20;
const MIB = 1024 * 1024;

/** @param {number} value */
function short(value) {
	if (!Number.isFinite(value)) return '–';
	const magnitude = Math.abs(value);
	if (magnitude >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
	return value.toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2);
}

/** @param {number | undefined} count */
function counted(count) {
	return count === undefined ? 'not counted' : Number.isInteger(count) && count < 1000 ? String(count) : short(count);
}

/**
 * Compares the results with their bars.
 *
 * @param {Omit<Results, 'bars'>} results
 * @returns {Bar[]}
 */
export function judge(results) {
	/** @type {Bar[]} */
	const bars = [];
	/** @param {string} name @param {string} bar @param {string} measured @param {boolean} met */
	const add = (name, bar, measured, met) => bars.push({ name, bar, measured, met });
	const { warm, warmUpcalls, flips, saves, scale, idle, walks } = results;

	if (warm !== undefined) {
		for (const target of ['kernel', 'kernel, rootless']) {
			const cells = warm.flatMap(({ name, bar, cells }) => {
				const ratio = cells[target]?.ratio;
				return bar && ratio !== undefined ? [{ name, ratio }] : [];
			});
			if (cells.length === 0) continue;
			const worst = cells.reduce((a, b) => (b.ratio > a.ratio ? b : a));
			const measured = `${short(worst.ratio)} at most (${worst.name})`;
			add(`warm reads, ${target}`, `at most ${F1_RATIO} times tmpfs`, measured, worst.ratio <= F1_RATIO);
		}
		const read = warm.find(({ name }) => name === 'open+read+close vol/key')?.cells;
		const [ours, theirs] = [read?.kernel, read?.['fuse-native']];
		if (ours !== undefined && theirs !== undefined) {
			const times = theirs.us / ours.us;
			add(
				'warm open+read+close',
				`${F2_TIMES} times faster than fuse-native`,
				`${short(times)} times faster`,
				times >= F2_TIMES,
			);
		}
	}
	for (const [target, { operations, upcalls, byName }] of Object.entries(warmUpcalls ?? {})) {
		const measured = upcalls === 0 ? '0' : `${upcalls} (${Object.keys(byName).join(', ')})`;
		add(`requests in ${short(operations)} warm operations, ${target}`, '0', measured, upcalls === 0);
	}
	const kernel = flips?.kernel;
	if (kernel !== undefined) {
		const runs = [kernel.pacedEasy, kernel.paced, kernel.fastest];
		const wrong = runs.reduce((sum, { seen }) => {
			return sum + (seen === undefined ? 0 : seen.mixed + seen.torn + seen.missing + seen.backwards);
		}, 0);
		add('wrong reads during flips', '0 mixed, torn, missing', String(wrong), wrong === 0);
		for (const [text, run] of /** @type {const} */ ([
			['16 readers that pause 5 ms', kernel.pacedEasy],
			['16 readers that never pause', kernel.paced],
		])) {
			const met = run.perSecond >= FLIPS_PER_SECOND * 0.99;
			add(`flips per second, ${text}`, `${FLIPS_PER_SECOND} sustained`, short(run.perSecond), met);
		}
	}
	if (saves !== undefined) {
		const { p99 } = saves.all;
		add('from a manifest save to readable, p99', `below ${SAVE_P99_MS} ms`, `${short(p99)} ms`, p99 < SAVE_P99_MS);
	}
	const large = scale?.find(({ count }) => count === 10_000);
	if (large !== undefined) {
		const cpu = large.cpu.daemon + large.cpu.server;
		add('10 000 ConfigMaps, CPU until ready', `below ${START_CPU_S} s`, `${short(cpu)} s`, cpu < START_CPU_S);
		const beyond = (large.resident.daemon + large.resident.server - large.payloadBytes) / MIB;
		const bar = `below ${START_MIB} MiB beyond the payload`;
		add('10 000 ConfigMaps, resident memory', bar, `${short(beyond)} MiB`, beyond < START_MIB);
	}
	for (const { count, targets } of walks ?? []) {
		const ours = targets.kernel?.findMs;
		for (const peer of ['bindfs', 'sshfs']) {
			const theirs = targets[peer]?.findMs;
			if (ours === undefined || theirs === undefined) continue;
			const measured = `${short(ours / theirs)} of ${peer}`;
			add(`cold find of ${short(count)} ConfigMaps`, `at most ${peer}'s time`, measured, ours <= theirs);
		}
	}
	if (idle !== undefined) {
		const percent = (idle.daemon?.cpuPercent ?? 0) + (idle.server?.cpuPercent ?? 0);
		add('idle CPU', `below ${IDLE_PERCENT} % of a core`, `${percent.toFixed(3)} %`, percent < IDLE_PERCENT);
	}
	const { cluster } = results;
	if (cluster !== undefined) {
		const { p50, p99, idle: rest } = cluster;
		const name = 'from the response to a PATCH to readable';
		add(`${name}, p50`, `below ${PROPAGATION_P50_MS} ms`, `${short(p50)} ms`, p50 < PROPAGATION_P50_MS);
		add(`${name}, p99`, `below ${PROPAGATION_P99_MS} ms`, `${short(p99)} ms`, p99 < PROPAGATION_P99_MS);
		const { requestsPerMinute } = rest;
		const met = requestsPerMinute < REQUESTS_PER_MINUTE;
		add('API requests per minute, idle', `below ${REQUESTS_PER_MINUTE}`, short(requestsPerMinute), met);
		const percent = (rest.daemon?.cpuPercent ?? 0) + (rest.server?.cpuPercent ?? 0);
		const bar = `below ${IDLE_PERCENT} % of a core`;
		add('idle CPU with a cluster', bar, `${percent.toFixed(3)} %`, percent < IDLE_PERCENT);
	}
	if (results.run !== undefined) {
		const { afterReadyMs } = results.run;
		add('`run`, from ready volumes to the command', 'at most 30 ms', `${short(afterReadyMs)} ms`, afterReadyMs <= 30);
	}
	return bars;
}

/**
 * All results as tables.
 *
 * @param {Results} results
 * @returns {Table[]}
 */
export function tables(results) {
	/** @type {Table[]} */
	const all = [];
	const { warm, warmAgain, afterFlip, flips, start, run, saves, scale, idle, walks } = results;
	if (results.bars.length > 0) {
		all.push({
			title: 'Bars',
			head: ['what', 'bar', 'measured', 'met'],
			rows: results.bars.map(({ name, bar, measured, met }) => [name, bar, measured, met ? 'yes' : 'NO']),
		});
	}
	if (warm !== undefined) all.push(warmTable(warm, 'Warm reads: times tmpfs (us; requests to user space)', true));
	if (warmAgain !== undefined) {
		const { name, rows } = warmAgain;
		all.push({
			...warmTable(rows, `Warm reads, measured again with ${name}`, false),
			text: `${warmAgain.description}.`,
		});
	}
	if (afterFlip !== undefined) {
		const base = afterFlip.tmpfs;
		all.push({
			title: 'A flip, and the first readers after it',
			text: 'One ConfigMap with five keys of 1 KiB. Requests in brackets. The time of a flip excludes the removal of the old generation.',
			head: ['', 'flip, us', 'first open+read+close, us', 'times tmpfs', 'second, us'],
			rows: Object.entries(afterFlip).map(([name, cell]) => {
				/** @param {number} us @param {number} upcalls */
				const both = (us, upcalls) => (name === 'tmpfs' ? short(us) : `${short(us)} (${counted(upcalls)})`);
				return [
					name,
					both(cell.flipUs, cell.flipUpcalls),
					both(cell.firstUs, cell.firstUpcalls),
					short(cell.firstUs / (base?.firstUs ?? Number.NaN)),
					both(cell.secondUs, cell.secondUpcalls),
				];
			}),
		});
	}
	if (flips !== undefined) {
		all.push({
			title: 'Flips per second over 100 ConfigMaps with five keys of 1 KiB',
			text: 'Wrong reads: missing, torn, mixed, backwards. On tmpfs, as with kubelet, a generation can be removed while a process reads it.',
			head: ['', 'run', 'flips per second', 'us per flip', 'us per removal', 'checks per second', 'wrong reads'],
			rows: Object.entries(flips).flatMap(([name, row]) =>
				/** @type {const} */ ([
					['alone', row.alone, 'without readers'],
					['pacedEasy', row.pacedEasy, '1 000 requested, 16 readers with 5 ms pauses'],
					['paced', row.paced, '1 000 requested, 16 readers without pause'],
					['fastest', row.fastest, 'as many as possible, 16 readers without pause'],
				]).map(([, cell, text]) => flipRow(name, text, cell)),
			),
		});
	}
	if (saves !== undefined) {
		all.push({
			title: `From the end of a manifest save to the first read of the new bytes, ${saves.saves} saves, ms`,
			head: ['', 'p50', 'p99', 'max'],
			rows: /** @type {const} */ (['rename', 'truncate', 'all']).map((method) => {
				const { p50, p99, max } = saves[method];
				const text = { rename: 'new file renamed over the old', truncate: 'truncated and written', all: 'both' };
				return [text[method], short(p50), short(p99), short(max)];
			}),
		});
	}
	if (run !== undefined) {
		all.push({
			title: `From the start of \`run\` to the first instruction of its command, ${run.rounds} starts, medians, ms`,
			head: [
				'with FUSE',
				'without FUSE',
				'of which a bare node',
				'of which from ready volumes to the command',
				'the slowest of these',
			],
			rows: [[run.kernelMs, run.directoryMs, run.nodeMs, run.afterReadyMs, run.worstAfterReadyMs].map(short)],
		});
	}
	if (start !== undefined) {
		all.push({
			title: `From start to "ready", ${start.rounds} starts, ms`,
			head: ['ready', 'slowest', 'of which two starts of a bare node', 'of which ours', 'for comparison: --version'],
			rows: [[start.readyMs, start.slowestMs, 2 * start.nodeMs, start.oursMs, start.versionMs].map(short)],
		});
	}
	if (scale !== undefined) {
		all.push({
			title: 'Many ConfigMaps with five keys of 1 KiB, from one List in JSON',
			head: ['ConfigMaps', 'ready, s', 'CPU daemon + server, s', 'resident daemon + server, MiB', 'payload, MiB'],
			rows: scale.map(({ count, readyMs, cpu, resident, payloadBytes }) => [
				counted(count),
				short(readyMs / 1000),
				`${short(cpu.daemon)} + ${short(cpu.server)}`,
				`${short(resident.daemon / MIB)} + ${short(resident.server / MIB)}`,
				short(payloadBytes / MIB),
			]),
		});
	}
	for (const { count, rounds, targets } of walks ?? []) {
		const base = targets.tmpfs;
		all.push({
			title: `First walks over a fresh mount of ${short(count)} ConfigMaps, ${rounds} rounds`,
			head: ['', 'find, ms', 'times tmpfs', 'then grep -r, ms', 'times tmpfs'],
			rows: Object.entries(targets).map(([name, { findMs, grepMs }]) => [
				name,
				short(findMs),
				short(findMs / (base?.findMs ?? Number.NaN)),
				short(grepMs),
				short(grepMs / (base?.grepMs ?? Number.NaN)),
			]),
		});
	}
	if (idle !== undefined) {
		all.push({
			title: `Idle with 100 ConfigMaps for ${idle.seconds} s`,
			head: ['', 'wake-ups', 'CPU, % of a core'],
			rows: [
				['daemon', String(idle.daemon?.wakeUps), String(idle.daemon?.cpuPercent.toFixed(3))],
				['server', String(idle.server?.wakeUps), String(idle.server?.cpuPercent.toFixed(3))],
			],
		});
	}
	const { cluster } = results;
	if (cluster !== undefined) {
		const { edits, p50, p99, max, idle: rest } = cluster;
		all.push({
			title: `From the response to a PATCH to the first read of the new bytes, ${short(edits)} edits, ms`,
			text: "A real kube-apiserver and etcd on the same machine. Kubelet's documented delay is its sync period, 60 to 90 s, plus the delay of its cache.",
			head: ['', 'p50', 'p99', 'max'],
			rows: [
				['configmapfs', short(p50), short(p99), short(max)],
				['kubelet, as documented', '60 000 to 90 000', '', ''],
			],
		});
		/** @param {string} name @param {typeof rest.daemon} process */
		const row = (name, process) => {
			const resident = short((process?.residentBytes ?? 0) / MIB);
			return [name, String(process?.wakeUps), String(process?.cpuPercent.toFixed(3)), resident];
		};
		all.push({
			title: `Idle with ${rest.objects} ConfigMaps of a cluster for ${rest.seconds} s: ${short(rest.requestsPerMinute)} API requests per minute`,
			head: ['', 'wake-ups', 'CPU, % of a core', 'resident, MiB'],
			rows: [row('daemon', rest.daemon), row('server', rest.server)],
		});
	}
	const notMeasured = [
		...results.missing.map(({ name, reason }) => [name, reason]),
		...results.failures.map((line) => line.split(/: (.*)/s).slice(0, 2)),
	];
	if (notMeasured.length > 0) all.push({ title: 'Not measured', head: ['what', 'why'], rows: notMeasured });
	return all;
}

/**
 * @param {readonly import('./warm.mjs').Row[]} warm
 * @param {string} title
 * @param {boolean} withCounts
 * @returns {Table}
 */
function warmTable(warm, title, withCounts) {
	const names = Object.keys(warm[0]?.cells ?? {});
	return {
		title,
		head: ['', ...names.map((name) => (name === 'tmpfs' ? 'tmpfs, us' : name))],
		rows: warm.map(({ name: operation, cells }) => [
			operation,
			...names.map((name) => {
				const cell = cells[name];
				if (cell === undefined) return '–';
				if (name === 'tmpfs') return short(cell.us);
				const count = withCounts && cell.upcalls !== undefined ? `; ${requests(cell)}` : '';
				return `${short(cell.ratio)} (${short(cell.us)}${count})`;
			}),
		]),
	};
}

/** Requests per operation; the total if it is small. @param {import('./warm.mjs').Cell} cell */
function requests({ upcalls = 0, count }) {
	if (upcalls === 0) return '0';
	return upcalls * 20 < count ? `${upcalls} in all` : short(upcalls / count);
}

/** @param {string} name @param {string} text @param {import('./flips.mjs').FlipCell} cell */
function flipRow(name, text, cell) {
	const { seen, perSecond, flipUs, removalUs, problems, upcallsPerFlip } = cell;
	const wrong =
		seen === undefined
			? ''
			: [seen.missing, seen.torn, seen.mixed, seen.backwards].map((count) => counted(count)).join(', ');
	return [
		name,
		text + (upcallsPerFlip === undefined ? '' : ` (${short(upcallsPerFlip)} requests per flip, removal included)`),
		short(perSecond),
		short(flipUs),
		short(removalUs),
		seen === undefined ? '' : short(seen.checks / cell.seconds),
		problems > 0 ? `${wrong}; ${problems} errors` : wrong,
	];
}

/**
 * @param {readonly Table[]} all
 * @param {'text' | 'markdown'} format
 */
export function render(all, format) {
	return all.map((table) => (format === 'markdown' ? markdown(table) : text(table))).join('\n\n');
}

/** @param {Table} table */
function markdown({ title, text, head, rows }) {
	/** @param {readonly string[]} cells */
	const line = (cells) => `| ${cells.join(' | ')} |`;
	const lines = [line(head), line(head.map(() => '---')), ...rows.map(line)];
	return [`### ${title}`, ...(text === undefined ? [] : [text]), lines.join('\n')].join('\n\n');
}

/** @param {Table} table */
function text({ title, head, rows }) {
	const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => (cells[column] ?? '').length)));
	/** @param {readonly string[]} cells */
	const line = (cells) =>
		cells
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join('  ')
			.trimEnd();
	return [title, line(head), ...rows.map(line)].map((row, index) => (index === 0 ? row : `  ${row}`)).join('\n');
}
