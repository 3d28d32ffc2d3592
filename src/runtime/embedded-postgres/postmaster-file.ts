/**
 * Reads `postmaster.pid`, in which a running server describes itself, and checks whether it is still valid.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from './server-user.ts'

export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly socketDirectory: string
  /** `starting`, `ready`, `stopping`, … */
  readonly status: string
}

export function pidFile(databaseDirectory: string): string {
  return path.join(databaseDirectory, 'postmaster.pid')
}

/** Returns undefined if no server uses the directory according to the file. */
export function readPostmaster(databaseDirectory: string): Postmaster | undefined {
  try {
    const lines = readFileSync(pidFile(databaseDirectory), 'utf8').split('\n')
    return {
      pid: Number(lines[0]),
      port: Number(lines[3]),
      socketDirectory: lines[4] ?? '',
      status: (lines[7] ?? '').trim(),
    }
  } catch (problem) {
    if (errnoOf(problem) === 'ENOENT') return undefined
    throw problem
  }
}

/**
 * Returns true only for a live PostgreSQL of this directory (its real path, which may be deleted by now), not
 * for a zombie or another program with the same process id.
 */
export function isServing(postmaster: Postmaster, databaseDirectory: string): boolean {
  if (!(postmaster.pid > 0) || !processExists(postmaster.pid)) return false
  if (!existsSync('/proc/self/stat')) return true // can't be determined here; a failed connection will show it
  try {
    const stat = readFileSync(`/proc/${postmaster.pid}/stat`, 'utf8')
    // The state follows the program's name, which is in parentheses and may contain any characters.
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
    const command = readFileSync(`/proc/${postmaster.pid}/cmdline`, 'utf8').split('\0')
    return state !== 'Z' && state !== 'X' && command.includes(databaseDirectory)
  } catch {
    return false // it ended in the meantime
  }
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (problem) {
    return errnoOf(problem) === 'EPERM'
  }
}
