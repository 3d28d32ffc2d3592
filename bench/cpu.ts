/** Processor time of other processes (Linux): what a busy machine can't blur the way it blurs wall-clock figures. */
import { readdirSync, readFileSync } from 'node:fs'

const tickMs = 10

interface ProcessLine {
  readonly pid: number
  readonly parent: number
  readonly cpuMs: number
}

/** User and system time of a process so far, in ms; 0 when it is gone or this is not Linux. */
export function cpuMsOf(pid: number | undefined): number {
  return pid === undefined ? 0 : (statOf(pid)?.cpuMs ?? 0)
}

/** PostgreSQL servers of this machine. */
export function postgresServers(): ReadonlySet<number> {
  const servers = pids().filter((pid) => /postgres\0-D\0/.test(textOf(`/proc/${pid}/cmdline`)))
  return new Set(servers)
}

/** Processor time of a process and its children, those that ended excepted. */
export function cpuMsOfFamily(parents: ReadonlySet<number>): number {
  return pids()
    .flatMap((pid) => statOf(pid) ?? [])
    .filter(({ pid, parent }) => parents.has(pid) || parents.has(parent))
    .reduce((sum, { cpuMs }) => sum + cpuMs, 0)
}

function pids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

function statOf(pid: number): ProcessLine | undefined {
  const stat = textOf(`/proc/${pid}/stat`)
  if (stat === '') return undefined
  // The name in parentheses may hold blanks; the fields after it don't.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
