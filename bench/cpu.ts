/** Processor time of other processes (Linux): less affected by a busy machine than wall-clock figures. */
import { readdirSync, readFileSync } from 'node:fs'

const tickMs = 10

interface ProcessLine {
  readonly pid: number
  readonly parent: number
  readonly cpuMs: number
  /** Processor time of its children that have ended. */
  readonly endedMs: number
}

/** Returns the user and system time of a process so far, in ms; 0 when it has ended or this is not Linux. */
export function cpuMsOf(pid: number | undefined): number {
  return pid === undefined ? 0 : (statOf(pid)?.cpuMs ?? 0)
}

/**
 * Returns the time for which the threads of a process have run, in ms, to the nanosecond: ticks of 10 ms are as large as what an idle process takes in a
 * second. The time of threads that have ended is missing.
 */
export function runMsOf(pid: number | undefined): number {
  const threads = `/proc/${pid}/task`
  return namesIn(threads).reduce((sum, thread) => {
    const [ranNs = ''] = textOf(`${threads}/${thread}/schedstat`).split(' ')
    return sum + Number(ranNs) / 1e6
  }, 0)
}

/** Returns the PostgreSQL servers that a process has started. */
export function postgresServersOf(parent: number | undefined): ReadonlySet<number> {
  const children = pids().filter((pid) => statOf(pid)?.parent === parent)
  return new Set(children.filter((pid) => /postgres\0-D\0/.test(textOf(`/proc/${pid}/cmdline`))))
}

/** Returns the processor time of processes and their children, including those that have ended. */
export function cpuMsOfFamily(parents: ReadonlySet<number>): number {
  return pids()
    .flatMap((pid) => statOf(pid) ?? [])
    .filter(({ pid, parent }) => parents.has(pid) || parents.has(parent))
    .reduce((sum, { pid, cpuMs, endedMs }) => sum + cpuMs + (parents.has(pid) ? endedMs : 0), 0)
}

function pids(): readonly number[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function statOf(pid: number): ProcessLine | undefined {
  const stat = textOf(`/proc/${pid}/stat`)
  if (stat === '') return undefined
  // The name in parentheses may contain spaces; the fields after it don't.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = (first: number): number => (Number(fields[first]) + Number(fields[first + 1])) * tickMs
  return { pid, parent: Number(fields[1]), cpuMs: ticks(11), endedMs: ticks(13) }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
