/**
 * A private PostgreSQL for a runtime without a `DATABASE_URL`: real, durable, reached through a unix socket only.
 *
 * A server is *ours* from the start or by adoption (a process before us was killed, or a second runtime uses the same directory) until
 * {@link EmbeddedPostgres.stop}. In between it is watched: one that died is started again, one whose directory was deleted is ended and
 * reported, since it would go on acknowledging commits into nothing.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import { findBinaries } from './binaries.ts'
import { prepareDirectories } from './directories.ts'
import { isServing, type Postmaster } from './postmaster-file.ts'
import { enterRuntime, leaveRuntime, othersRunning } from './runtimes.ts'
import { adoptOrStart, describing, ensureCluster, type ServerSetup, stopServer } from './server-process.ts'
import { serverUser } from './server-user.ts'

export interface EmbeddedPostgresOptions {
  /** Directory that holds the cluster, its log and the list of its users; made if missing (for example `.isthmus`). */
  readonly dataDir: string
  /** Further server settings, by name. @default none */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether the server stops when this process dies, where the system can arrange it. @default true */
  readonly stopWithParent?: boolean
  /** Told when the server can't be kept running. @default nobody is told; {@link EmbeddedPostgres.problem} still answers */
  readonly onProblem?: (problem: IsthmusError) => void
}

export interface EmbeddedPostgres {
  /** Connection string for a PostgreSQL client. */
  readonly connection: string
  /** True when the server ran already. */
  readonly adopted: boolean
  /** Process id of the server. */
  pid(): number
  /** Why the server can't be kept running, if so. */
  problem(): IsthmusError | undefined
  /** Leaves the server; the last runtime that leaves stops it. */
  stop(): Promise<void>
}

const watchMs = 250

/**
 * Starts or adopts the server of a data directory.
 *
 * @throws EMBEDDED_BINARIES_MISSING, EMBEDDED_PERMISSION, EMBEDDED_DISK_FULL, EMBEDDED_PATH_TOO_LONG, EMBEDDED_VERSION_MISMATCH,
 * EMBEDDED_START_FAILED
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
    clearInterval(timer)
    onProblem?.(found)
  }
  const look = async (): Promise<void> => {
    try {
      // The cluster may lie elsewhere, where the server's user can reach it; without the data directory nobody finds it again.
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
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined
    })
  }, watchMs)
  timer.unref()
  return {
    connection: connectionString(first),
    adopted: first.adopted,
    pid: () => server.pid,
    problem: () => problem,
    stop: async () => {
      clearInterval(timer)
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
