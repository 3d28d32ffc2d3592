/**
 * A private PostgreSQL for a runtime without a `DATABASE_URL`: a real, durable server that is reachable only
 * through a unix socket.
 *
 * A runtime *owns* a server from its start or adoption (if an earlier process was killed, or a second runtime
 * uses the same directory) until {@link EmbeddedPostgres.stop}. Meanwhile the server is watched: after a
 * crash it is restarted; if its directory was deleted it is stopped and the loss is reported, because it
 * would continue to acknowledge commits that are not stored.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import { untilSharedWakeUp } from '../../model/shared-wake-up.ts'
import { findBinaries } from './binaries.ts'
import { prepareDirectories } from './directories.ts'
import { isServing, type Postmaster } from './postmaster-file.ts'
import { enterRuntime, leaveRuntime, othersRunning } from './runtimes.ts'
import { adoptOrStart, describing, ensureCluster, type ServerSetup, stopServer } from './server-process.ts'
import { serverUser } from './server-user.ts'

export interface EmbeddedPostgresOptions {
  /**
   * Directory of the cluster, its log and the list of its runtimes; created if missing (for example
   * `.isthmus`).
   */
  readonly dataDir: string
  /** Further server settings, by name. @default none */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether the server stops when this process dies, if the operating system supports it. @default true */
  readonly stopWithParent?: boolean
  /**
   * Called when the server can't be kept running. @default none; {@link EmbeddedPostgres.problem} still
   * returns the reason
   */
  readonly onProblem?: (problem: IsthmusError) => void
}

export interface EmbeddedPostgres {
  /** Connection string for a PostgreSQL client. */
  readonly connection: string
  /** True if the server was already running. */
  readonly adopted: boolean
  /** Process id of the server. */
  pid(): number
  /** The reason if the server can't be kept running. */
  problem(): IsthmusError | undefined
  /** Releases the server; the last runtime that releases it stops it. */
  stop(): Promise<void>
}

/** A server that ends closes its connections as well, so this bounds only how soon it is started again. */
const watchMs = 10_000

/**
 * Starts or adopts the server of a data directory.
 *
 * @throws EMBEDDED_BINARIES_MISSING, EMBEDDED_PERMISSION, EMBEDDED_DISK_FULL, EMBEDDED_PATH_TOO_LONG,
 *   EMBEDDED_VERSION_MISMATCH, EMBEDDED_START_FAILED
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = serverUser()
  const setup: ServerSetup = {
    binaries: findBinaries(user),
    directories: prepareDirectories(options.dataDir, user),
    user,
    settings: options.settings ?? {},
    stopWithParent: options.stopWithParent ?? true,
  }
  const runtime = enterRuntime(setup.directories.runtimes)
  try {
    const server = await describing(options.dataDir, async () => {
      await ensureCluster(setup)
      return adoptOrStart(setup)
    })
    return watchedServer({ setup, runtime, dataDir: options.dataDir }, server, options.onProblem)
  } catch (problem) {
    leaveRuntime(setup.directories.runtimes, runtime)
    throw problem
  }
}

function watchedServer(
  {
    setup,
    runtime,
    dataDir,
  }: { readonly setup: ServerSetup; readonly runtime: string; readonly dataDir: string },
  first: Postmaster & { readonly adopted: boolean },
  onProblem: ((problem: IsthmusError) => void) | undefined,
): EmbeddedPostgres {
  const { database, runtimes } = setup.directories
  let server: Postmaster = first
  let problem: IsthmusError | undefined
  let looking: Promise<void> | undefined
  const report = (found: IsthmusError): void => {
    problem = found
    onProblem?.(found)
  }
  const checkServer = async (): Promise<void> => {
    try {
      // The cluster may be in another directory that the server's user can access; without the data directory
      // it can't be found again.
      const gone = [database, dataDir].find(
        (place) => !existsSync(place === database ? path.join(place, 'PG_VERSION') : place),
      )
      if (gone !== undefined) {
        await stopServer(server, database)
        report(directoryGone(gone))
      } else if (!isServing(server, database)) {
        server = await adoptOrStart(setup)
      }
    } catch (found) {
      report(found instanceof IsthmusError ? found : restartFailed(database, found))
    }
  }
  let stopping = false
  let timer: NodeJS.Timeout | undefined
  const lookLater = (): void => {
    if (stopping || problem !== undefined) return
    timer = setTimeout(
      () => {
        looking = checkServer().finally(lookLater)
      },
      untilSharedWakeUp(watchMs, performance.now()),
    ).unref()
  }
  lookLater()
  return {
    connection: connectionString(first),
    adopted: first.adopted,
    pid: () => server.pid,
    problem: () => problem,
    stop: async () => {
      stopping = true
      clearTimeout(timer)
      await looking
      leaveRuntime(runtimes, runtime)
      if (!othersRunning(runtimes, runtime)) await stopServer(server, database)
    },
  }
}

function connectionString({ socketDirectory, port }: Postmaster): string {
  return `postgresql://postgres@localhost:${port}/postgres?host=${encodeURIComponent(socketDirectory)}`
}

function directoryGone(database: string): IsthmusError {
  return new IsthmusError(
    'EMBEDDED_DIRECTORY_GONE',
    `the embedded database's directory ${database} was deleted while the server ran`,
  )
}

function restartFailed(database: string, cause: unknown): IsthmusError {
  return new IsthmusError('EMBEDDED_START_FAILED', `starting the server on ${database} again`, { cause })
}
