/**
 * Selects the user who runs the server: PostgreSQL refuses root, so root uses an existing unprivileged user.
 */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { IsthmusError } from '../../model/errors.ts'

export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const candidates = ['postgres', 'nobody']

/**
 * Returns undefined if the server runs as the current user. @throws EMBEDDED_PERMISSION when root finds no
 * suitable user
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readUsers()
  for (const name of candidates) {
    const user = users.find((row) => row.name === name)
    if (user !== undefined) return user
  }
  throw new IsthmusError(
    'EMBEDDED_PERMISSION',
    `PostgreSQL does not run as root and none of the users ${candidates.join(', ')} exists: add one, start as an ordinary user, or set DATABASE_URL`,
  )
}

/**
 * Returns true if the user may access every directory of the path by its permission bits (access control
 * lists are not checked).
 */
export function reachableBy(user: ServerUser, target: string): boolean {
  let at = path.resolve(target)
  for (;;) {
    if (!mayEnter(user, at)) return false
    const parent = path.dirname(at)
    if (parent === at) return true
    at = parent
  }
}

/** The `code` of a system error; undefined for anything else. */
export function errnoOf(problem: unknown): string | undefined {
  if (!(problem instanceof Error) || !('code' in problem)) return undefined
  return typeof problem.code === 'string' ? problem.code : undefined
}

function mayEnter(user: ServerUser, directory: string): boolean {
  const { mode, uid, gid } = statSync(directory)
  if (uid === user.uid) return (mode & 0o100) !== 0
  if (gid === user.gid) return (mode & 0o010) !== 0
  return (mode & 0o001) !== 0
}

function readUsers(): readonly ServerUser[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => Number.isInteger(uid) && Number.isInteger(gid))
}
