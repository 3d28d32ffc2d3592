/** Prepares the directories of the embedded database for the user who runs the server. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import { errnoOf, reachableBy, type ServerUser } from './server-user.ts'

export interface Directories {
  /** Real path of the cluster. */
  readonly database: string
  readonly log: string
  /** Directory of the socket: a short path, accessible only by its owner. */
  readonly socket: string
  /** One file per runtime that uses the server. */
  readonly runtimes: string
}

/** The kernel's limit for a socket path, less the name that PostgreSQL gives the socket. */
const socketDirectoryBytesMax = 107 - '/.s.PGSQL.65535.lock'.length
const logBytesMax = 10_000_000
/**
 * Used by root if the server's user can't access the data directory (for example in `/root`); the data
 * directory then contains a link.
 */
const sharedRoot = '/var/lib/isthmus'

/** Creates missing directories. @throws EMBEDDED_PERMISSION, EMBEDDED_PATH_TOO_LONG, EMBEDDED_DISK_FULL */
export function prepareDirectories(dataDirectory: string, user: ServerUser | undefined): Directories {
  try {
    mkdirSync(dataDirectory, { recursive: true })
    const root = realpathSync(dataDirectory)
    const id = createHash('sha256').update(root).digest('hex').slice(0, 12)
    const runtimes = path.join(root, 'runtimes')
    mkdirSync(runtimes, { recursive: true, mode: 0o700 })
    const log = path.join(root, 'database.log')
    if (existsSync(log) && statSync(log).size > logBytesMax) truncateSync(log)
    return {
      database: databaseDirectory(root, id, user),
      log,
      socket: socketDirectory(root, id, user),
      runtimes,
    }
  } catch (cause) {
    throw describeDirectoryProblem(dataDirectory, cause)
  }
}

function databaseDirectory(root: string, id: string, user: ServerUser | undefined): string {
  const database = path.join(root, 'database')
  if (existsSync(database)) return realpathSync(database)
  if (user === undefined || reachableBy(user, root)) return database
  mkdirSync(sharedRoot, { recursive: true, mode: 0o755 })
  // A new name each time: after deleting the data directory, users expect to start over and not to find the
  // old cluster again.
  const elsewhere = mkdtempSync(path.join(sharedRoot, `${id}-`))
  owned(elsewhere, user)
  try {
    symlinkSync(elsewhere, database)
  } catch (problem) {
    rmdirSync(elsewhere)
    if (errnoOf(problem) !== 'EEXIST') throw problem
  }
  return realpathSync(database)
}

/**
 * Uses a directory next to the database if the path is short enough, or else one for temporary files. There,
 * a directory of this name that another user created is not used, because its owner could read the traffic.
 */
function socketDirectory(root: string, id: string, user: ServerUser | undefined): string {
  const owner = user?.uid ?? process.getuid?.()
  const temporary = [tmpdir(), '/tmp', '/var/tmp'].map((base) => path.join(base, `isthmus-${id}`))
  for (const directory of [path.join(root, 'socket'), ...temporary]) {
    const base = path.dirname(directory)
    if (Buffer.byteLength(directory) > socketDirectoryBytesMax || !existsSync(base)) continue
    if (user !== undefined && !reachableBy(user, base)) continue
    if (!existsSync(directory)) {
      mkdirSync(directory, { mode: 0o700 })
      owned(directory, user)
    }
    const found = lstatSync(directory)
    if (!found.isDirectory() || (owner !== undefined && found.uid !== owner)) continue
    chmodSync(directory, 0o700)
    return directory
  }
  throw new IsthmusError(
    'EMBEDDED_PATH_TOO_LONG',
    `no usable directory for the database socket in ${root}, ${tmpdir()}, /tmp or /var/tmp (at most ${socketDirectoryBytesMax} bytes)`,
  )
}

export function owned(directory: string, user: ServerUser | undefined): void {
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
}

/** Moves a finished cluster to its final path; returns false if another process was first. */
export function moveIntoPlace(fresh: string, database: string): boolean {
  try {
    renameSync(fresh, database)
    return true
  } catch (problem) {
    const code = errnoOf(problem)
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw problem
  }
}

export function describeDirectoryProblem(directory: string, cause: unknown): unknown {
  if (cause instanceof IsthmusError) return cause
  const code = errnoOf(cause)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new IsthmusError('EMBEDDED_DISK_FULL', `no space left for the embedded database in ${directory}`, {
      cause,
    })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const name = process.getuid?.() ?? 'this user'
    return new IsthmusError(
      'EMBEDDED_PERMISSION',
      `user ${name} may not write the embedded database's directory ${directory}`,
      { cause },
    )
  }
  return new IsthmusError('EMBEDDED_START_FAILED', `preparing ${directory}`, { cause })
}
