/** Processor time of other processes (Linux): what a busy machine can't blur the way it blurs wall-clock figures. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const tickMs = 10

/** User and system time of a process so far, in ms; 0 when it is gone or this is not Linux. */
export function cpuMsOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks; the fields after it don't.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * tickMs
  } catch {
    return 0
  }
}

/** Processor time of all processes that work in a directory or below, those that ended excepted. */
export function cpuMsBelow(directory: string): number {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && worksIn(Number(name), directory))
      .reduce((sum, name) => sum + cpuMsOf(Number(name)), 0)
  } catch {
    return 0
  }
}

function worksIn(pid: number, directory: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)
  } catch {
    return false
  }
}
