/** Tracks which runtimes use a server, with one file per process, so that the last one stops it. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { processExists } from './postmaster-file.ts'

let used = 0

/**
 * Registers this process and returns its name in the list. It registers before adopting the server, so that a
 * runtime that is stopping sees it.
 */
export function enterRuntime(directory: string): string {
  used += 1
  const name = `${process.pid}-${startedAt(process.pid)}-${used}`
  writeFileSync(path.join(directory, name), '')
  return name
}

export function leaveRuntime(directory: string, name: string): void {
  rmSync(path.join(directory, name), { force: true })
}

/** Returns true if another live runtime is registered; removes the entries of dead ones. */
export function othersRunning(directory: string, self: string): boolean {
  if (!existsSync(directory)) return false
  let others = false
  for (const name of readdirSync(directory)) {
    if (name === self) continue
    const [pid = '', started = ''] = name.split('-')
    if (processExists(Number(pid)) && startedAt(Number(pid)) === started) others = true
    else rmSync(path.join(directory, name), { force: true })
  }
  return others
}

/**
 * Returns the start time of a process, to distinguish it from a later one with the same id; `0` if the
 * operating system does not provide it.
 */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
  } catch {
    return '0'
  }
}
