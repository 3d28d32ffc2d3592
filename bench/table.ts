/**
 * The figures of the project in one table: what each is measured against, what it should reach, and what it is now. They are measured one after the other,
 * which takes about half an hour; run it on a quiet machine, since the times of a busy one say nothing.
 */
import { benchFirstLoad } from './first-load.ts'
import { benchFullRun } from './full-run.ts'
import { benchGuard } from './guard.ts'
import { benchRealtime } from './realtime.ts'
import { benchSize } from './size.ts'
import { nowMs, rounded } from './statistics.ts'
import { benchStatus } from './status.ts'
import { benchWide } from './wide.ts'

export interface TableOptions {
  /** Share of the usual number of records; for a first impression. @default 1 */
  readonly scale: number
  readonly say: (line: string) => void
}

/** One line of the table. */
export interface Figure {
  readonly figure: string
  readonly anchor: string
  readonly goal: string
  readonly now: string
}

type Measured = (records: (usual: number) => number) => Promise<readonly Figure[]>

const silent = (): void => {}

const measured: readonly Measured[] = [
  async (records) => {
    const result = await benchRealtime({
      records: records(5000),
      bursts: 3,
      pacedPerSecond: 100,
      pacedSeconds: 10,
      say: silent,
    })
    const { isthmus, postgres } = result.cpuMsPerRecord
    const calls = `the two calls alone: ${result.baseline.p50Ms} / ${result.baseline.p99Ms} ms`
    return [
      row(
        'real time: rate',
        'the two calls alone',
        '≥ Node-RED (peers)',
        `${result.share} ×, ${result.recordsPerSecond}/s`,
      ),
      row(
        'real time: CPU per record',
        'Node + PostgreSQL',
        '≤ 0.45 + 0.15 ms',
        `${isthmus} + ${postgres} ms`,
      ),
      row('real time: p50 / p99 at 100/s', calls, '≤ 5 / 15 ms', `${result.p50Ms} / ${result.p99Ms} ms`),
    ]
  },
  async (records) => {
    const { seconds, listOnlySeconds, peakRssMb } = await benchFullRun({
      records: records(1_000_000),
      say: silent,
    })
    const ratio = rounded(seconds / listOnlySeconds)
    return [
      row('unchanged full run', `listing alone: ${listOnlySeconds} s`, '≤ 2 ×', `${ratio} ×, ${seconds} s`),
      row('unchanged full run: memory', 'peak of the process', '≤ 300 MB', `${peakRssMb} MB`),
    ]
  },
  async (records) => {
    const result = await benchFirstLoad({ records: records(100_000), say: silent })
    const now = `${result.recordsPerSecond}/s, PostgreSQL ${result.postgresCpuMsPerRecord} ms each`
    return [row('first load', 'Salesforce → empty S/4HANA', '≥ 1000/s', now)]
  },
  async (records) => {
    const result = await benchSize({ records: records(2000), fields: 20, say: silent })
    const { record, member, intent } = result.hotShare
    const bytes = `${result.liveBytesPerRecord}, documents ${result.documentBytes}`
    return [
      row('bytes per record', '20 fields × 2 systems', '≤ 2500', bytes),
      row('WAL per edit', 'one written field', '≤ 3000', `${result.walPerEdit}`),
      row('HOT updates', 'record / member / intent', '≥ 0.8', `${record} / ${member} / ${intent}`),
    ]
  },
  async (records) => {
    const { belowUs, beyondUs } = await benchGuard({ records: records(300_000), rounds: 70, say: silent })
    const now = `${Math.round((beyondUs / belowUs) * 100) / 100} ×`
    return [row('guard beyond its fixed limit', 'below it', '≤ 1.05 ×', now)]
  },
  async (records) => {
    const result = await benchWide({ records: records(500), fields: 500, say: silent })
    const now = `${result.nodeMsPerCreate} ms, ${result.latePerCreate} late`
    return [row('create of 500 fields', 'Node, late intents', '≤ 8 ms, 0 late', now)]
  },
  async (records) => {
    const usual = records(1_000_000)
    const { atRest, allQueued } = await benchStatus({ records: usual, rounds: 7, say: silent })
    const now = `${atRest.ms} ms, all queued ${allQueued.ms} ms`
    return [row('status', `${usual} records`, '≤ 50 ms', now)]
  },
]

/** Measures all figures and prints each line once it is known. */
export async function benchTable({
  scale,
  say,
}: TableOptions): Promise<{ readonly figures: readonly Figure[] }> {
  const startedAt = nowMs()
  const figures: Figure[] = []
  say(line({ figure: 'figure', anchor: 'against', goal: 'goal', now: 'now' }))
  for (const measure of measured) {
    const rows = await measure((usual) => Math.max(50, Math.round(usual * scale)))
    for (const one of rows) say(line(one))
    figures.push(...rows)
  }
  say(
    `measured in ${Math.round((nowMs() - startedAt) / 60_000)} min, at ${scale} × the usual number of records`,
  )
  return { figures }
}

function row(figure: string, anchor: string, goal: string, now: string): Figure {
  return { figure, anchor, goal, now }
}

function line({ figure, anchor, goal, now }: Figure): string {
  return `${figure.padEnd(32)}${anchor.padEnd(42)}${goal.padEnd(20)}${now}`
}
