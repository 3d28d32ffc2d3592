/** One server process: creating the cluster, starting, adopting and stopping it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsthmusError } from '../../model/errors.ts'
import type { Binaries } from './binaries.ts'
import { type Directories, describeDirectoryProblem, moveIntoPlace, owned } from './directories.ts'
import { isServing, type Postmaster, pidFile, readPostmaster } from './postmaster-file.ts'
import { errnoOf, type ServerUser } from './server-user.ts'

export interface ServerSetup {
  readonly binaries: Binaries
  readonly directories: Directories
  readonly user: ServerUser | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly stopWithParent: boolean
}

const port = 5432
const startTimeoutMs = 60_000
const stopTimeoutMs = 20_000
/** util-linux's tool that ties a child's life to ours; searched in its usual locations. */
const setprivPaths = ['/usr/bin/setpriv', '/bin/setpriv']

const fixedSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  // A private server has no replicas, so less has to be written for the same durability.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '2GB',
  jit: 'off',
  // By default it wakes up five times a second as long as anything is written at all; the checkpointer writes
  // pages as well.
  bgwriter_delay: '2s',
  log_min_messages: 'warning',
}

/**
 * Creates the cluster if there is none: in a temporary directory that is then moved, so that two concurrent
 * starts don't interfere.
 */
export async function ensureCluster(setup: ServerSetup): Promise<void> {
  const { database, log } = setup.directories
  const versionFile = path.join(database, 'PG_VERSION')
  if (existsSync(versionFile)) {
    const found = readFileSync(versionFile, 'utf8').trim()
    if (found === setup.binaries.majorVersion) return
    throw new IsthmusError(
      'EMBEDDED_VERSION_MISMATCH',
      `${database} was created by PostgreSQL ${found}, the installed binaries are ${setup.binaries.majorVersion}`,
    )
  }
  const fresh = `${database}.new-${process.pid}`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  owned(fresh, setup.user)
  const args = ['-D', fresh, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8']
  args.push('--data-checksums', '--no-instructions')
  if (setup.settings.fsync === 'off') args.push('--no-sync')
  try {
    const child = spawnLogged(setup, setup.binaries.initdb, args)
    const code = await ended(child)
    if (code !== 0) throw startProblem(`initdb ended with ${code}`, log, setup)
    moveIntoPlace(fresh, database)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/** Takes over the server that runs on the directory, or starts one. */
export async function adoptOrStart(setup: ServerSetup): Promise<Postmaster & { readonly adopted: boolean }> {
  const { database } = setup.directories
  const until = performance.now() + startTimeoutMs
  while (performance.now() < until) {
    const found = readPostmaster(database)
    if (found === undefined) {
      const started = await startServer(setup, until)
      if (started !== undefined) return { ...started, adopted: false }
    } else if (!isServing(found, database)) {
      // Its process id may belong to another program by now, which PostgreSQL would take for a live server.
      rmSync(pidFile(database), { force: true })
    } else if (found.status === 'ready' && (await accepts(found))) {
      return { ...found, adopted: true }
    }
    await sleep(20)
  }
  throw startProblem(`the server was not ready within ${startTimeoutMs} ms`, setup.directories.log, setup)
}

/**
 * Returns undefined if another process was first, or if child processes of a killed server are still running;
 * check again.
 */
async function startServer(setup: ServerSetup, until: number): Promise<Postmaster | undefined> {
  const { database, socket, log } = setup.directories
  const settings = { ...fixedSettings, ...setup.settings, unix_socket_directories: socket }
  if (!existsSync(socket)) {
    // A runtime that stopped at the same time has removed it.
    mkdirSync(socket, { mode: 0o700 })
    owned(socket, setup.user)
  }
  const args = ['-D', database, '-p', String(port)]
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`)
  const setpriv = setup.stopWithParent ? setprivPaths.find((tool) => existsSync(tool)) : undefined
  const from = existsSync(log) ? readFileSync(log).length : 0
  const child =
    setpriv === undefined
      ? spawnLogged(setup, setup.binaries.postgres, args)
      : spawnLogged(setup, setpriv, ['--pdeathsig', 'INT', setup.binaries.postgres, ...args])
  let exit: number | string | undefined
  void ended(child).then((code) => {
    exit = code
  })
  child.unref()
  while (exit === undefined && performance.now() < until) {
    const found = readPostmaster(database)
    if (found !== undefined && found.pid === child.pid && found.status === 'ready') return found
    await sleep(5)
  }
  const said = tail(log, from)
  if (/lock file "postmaster.pid" already exists|shared memory block .* is still in use/.test(said)) {
    await sleep(100)
    return undefined
  }
  throw startProblem(`the server ended with ${exit}`, log, setup, said)
}

/** Stops a server, with increasing force if it takes too long, and removes its socket directory. */
export async function stopServer(postmaster: Postmaster, database: string): Promise<void> {
  await endProcess(postmaster, database)
  try {
    rmdirSync(postmaster.socketDirectory)
  } catch {
    // Already removed, or in use again by a runtime that is starting.
  }
}

async function endProcess(postmaster: Postmaster, database: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!isServing(postmaster, database)) return
    try {
      process.kill(postmaster.pid, signal)
    } catch (problem) {
      if (errnoOf(problem) === 'ESRCH') return
      throw problem
    }
    const until = performance.now() + stopTimeoutMs
    while (performance.now() < until && isServing(postmaster, database)) await sleep(5)
  }
}

/** Returns true if the socket accepts connections. */
export function accepts(postmaster: Postmaster): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path.join(postmaster.socketDirectory, `.s.PGSQL.${postmaster.port}`))
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}

/**
 * Uses a separate process group, so that Ctrl-C in a terminal reaches only this process, which then stops the
 * server in order.
 */
function spawnLogged({ directories, user }: ServerSetup, command: string, args: string[]): ChildProcess {
  const log = openSync(directories.log, 'a')
  try {
    return spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    })
  } finally {
    closeSync(log)
  }
}

function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.on('error', (problem) => resolve(errnoOf(problem) ?? problem.message))
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'nothing'))
  })
}

function tail(log: string, from: number): string {
  if (!existsSync(log)) return ''
  return readFileSync(log).subarray(from).toString('utf8').trim().split('\n').slice(-8).join(' | ')
}

function startProblem(what: string, log: string, setup: ServerSetup, said = tail(log, 0)): IsthmusError {
  const message = `${what} (${setup.directories.database}): ${said}`
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return new IsthmusError('EMBEDDED_DISK_FULL', message)
  }
  if (/Permission denied|EACCES|has wrong ownership|has invalid permissions/.test(`${said}${what}`)) {
    return new IsthmusError('EMBEDDED_PERMISSION', message)
  }
  return new IsthmusError('EMBEDDED_START_FAILED', message)
}

/** Wraps file system errors in the codes of this module. */
export async function describing<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (problem) {
    throw describeDirectoryProblem(directory, problem)
  }
}
