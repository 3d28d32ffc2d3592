/**
 * Connections to the database, with limits on their number, their duration, and how late a statement may be
 * sent.
 */
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { UsageError } from '../../model/errors.ts'
import type { CallContext } from '../kit/contract.ts'
import type { ConnectorBinding } from '../kit/define-connector.ts'
import type { PostgresConfig } from './config.ts'
import { GivenUp, isRolledBack, NotConnected, TooLate } from './failures.ts'

/** A statement with its parameters. All of them are sent as text, so that no digit is lost. */
export interface Statement {
  readonly text: string
  readonly values: readonly (string | null | readonly string[])[]
}

/** A row as text by column. */
export type TextRow = Readonly<Record<string, string | null>>

/** The database interface of the operations. */
export interface PostgresClient {
  /** A read: one statement. Repeated once on a new connection when an idle one turned out to be closed. */
  read(statement: Statement, context: CallContext): Promise<readonly TextRow[]>
  /** A write: one statement, sent once, committed on its own. */
  write(statement: Statement, context: CallContext): Promise<readonly TextRow[]>
  /** A connection for several statements. It is closed when the signal aborts. @throws NotConnected */
  lease(signal: AbortSignal): Promise<Lease>
  /** A connection outside of the pool, for LISTEN. */
  alone(): Promise<pg.Client>
  close(): Promise<void>
}

/** A connection in exclusive use. */
export interface Lease {
  readonly session: pg.ClientBase
  /** Releases it; `broken` closes it. May be called more than once. */
  end(broken: boolean): void
}

/** Idle connections are closed after this: servers and network devices drop them silently later on. */
const idleMs = 30_000

/** Every value is received as text: the meaning of a type is defined by `TYPES.md`, not by the driver. */
const textTypes: pg.CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }

/** Opens the pool without connecting. @throws UsageError CONNECTOR_CONFIG_INVALID */
export function postgresClient(config: PostgresConfig, binding: ConnectorBinding): PostgresClient {
  const { timing, dependencies } = binding
  const settings = clientConfig(config, binding)
  const pool = new pg.Pool({
    ...settings,
    max: config.pool ?? Math.min(10, timing.concurrency),
    idleTimeoutMillis: idleMs,
  })
  // Without a listener, the end of an idle connection would terminate this process; the next statement
  // reports it.
  pool.on('error', ignore)
  pool.on('connect', (client) => client.on('error', ignore))

  const once = async (
    statement: Statement,
    limitMs: number,
    { signal, startBefore }: CallContext,
  ): Promise<readonly TextRow[]> => {
    const client = await connected(pool, signal)
    if (startBefore !== undefined && dependencies.clock.monotonic() >= startBefore) {
      client.release()
      throw new TooLate()
    }
    return bounded(client, limitMs, signal, async () => {
      const { text, values } = statement
      return (await client.query<TextRow>({ text, values: [...values], types: textTypes })).rows
    })
  }

  return {
    read: async (statement, context) => {
      try {
        return await once(statement, timing.readTimeoutMs, context)
      } catch (problem) {
        // The server may have closed an idle connection in the meantime; only its next statement shows it.
        const isDead = problem instanceof Error && !isRolledBack(problem) && !context.signal.aborted
        if (!isDead) throw problem
        return once(statement, timing.readTimeoutMs, context)
      }
    },
    write: (statement, context) => once(statement, timing.writeTimeoutMs, context),
    lease: (signal) => leased(pool, signal),
    alone: async () => {
      const client = new pg.Client({ ...settings, statement_timeout: 0, keepAlive: true })
      client.on('error', ignore)
      await client.connect()
      return client
    },
    close: () => pool.end(),
  }
}

function ignore(): void {
  // Reported by the statement that encounters it.
}

async function connected(pool: pg.Pool, signal: AbortSignal): Promise<pg.PoolClient> {
  if (signal.aborted) throw new NotConnected(new GivenUp('stopped'))
  try {
    return await pool.connect()
  } catch (problem) {
    throw new NotConnected(problem)
  }
}

async function leased(pool: pg.Pool, signal: AbortSignal): Promise<Lease> {
  const session = await connected(pool, signal)
  let over = false
  const end = (broken: boolean): void => {
    signal.removeEventListener('abort', drop)
    if (over) return
    over = true
    session.release(broken)
  }
  const drop = (): void => end(true)
  signal.addEventListener('abort', drop, { once: true })
  return { session, end }
}

/**
 * Runs one statement; a connection whose statement was abandoned or interrupted is closed, since the
 * statement may still be running.
 */
async function bounded<T>(
  client: pg.PoolClient,
  limitMs: number,
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  let giveUp: (reason: GivenUp) => void = ignore
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = reject
  })
  const onAbort = (): void => giveUp(new GivenUp('stopped'))
  const timer = setTimeout(() => giveUp(new GivenUp('time-out')), limitMs)
  signal.addEventListener('abort', onAbort, { once: true })
  let broken = true
  try {
    const running = run()
    running.catch(ignore) // it may end after it was abandoned
    const result = await Promise.race([running, givenUp])
    broken = false
    return result
  } catch (problem) {
    broken = !(problem instanceof pg.DatabaseError) || problem.severity !== 'ERROR'
    throw problem
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    client.release(broken)
  }
}

function clientConfig(config: PostgresConfig, { name, timing }: ConnectorBinding): pg.ClientConfig {
  const place = `systems.${name}.url`
  const address = addressOf(config.url, place)
  const ssl = tlsOptions(config, address.host)
  return {
    connectionString: config.url,
    // Applies to each of our statements: times in UTC, intervals and bytes in one format, regardless of the
    // role's defaults.
    options: '-c TimeZone=UTC -c IntervalStyle=iso_8601 -c DateStyle=ISO -c bytea_output=hex',
    application_name: `isthmus ${name}`,
    statement_timeout: Math.max(timing.readTimeoutMs, timing.writeTimeoutMs),
    idle_in_transaction_session_timeout: 60_000,
    connectionTimeoutMillis: Math.min(10_000, timing.readTimeoutMs),
    keepAlive: true,
    ...(ssl === undefined ? {} : { ssl }),
  }
}

/** The host of the address; undefined for a socket in the file system. */
function addressOf(url: string, place: string): { readonly host: string | undefined } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isPostgres = parsed?.protocol === 'postgresql:' || parsed?.protocol === 'postgres:'
  if (parsed === undefined || !isPostgres) {
    throw new UsageError(
      'CONNECTOR_CONFIG_INVALID',
      `${place}: expected postgresql://user:password@host/database.`,
    )
  }
  const setting = [...parsed.searchParams.keys()].find((key) => /^ssl|^options$/i.test(key))
  if (setting !== undefined) {
    throw new UsageError(
      'CONNECTOR_CONFIG_INVALID',
      `${place}: "${setting}" is not for the address; TLS is set by tls.`,
    )
  }
  const host = parsed.searchParams.get('host') ?? parsed.hostname
  return { host: host === '' || host.startsWith('/') ? undefined : decodeURIComponent(host) }
}

/**
 * Certificates are verified whenever the connection leaves the machine, unless that is explicitly switched
 * off.
 */
function tlsOptions({ tls }: PostgresConfig, host: string | undefined): ConnectionOptions | undefined {
  if (tls === false || host === undefined) return undefined
  const isLoopback = host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
  if (tls === undefined) return isLoopback ? undefined : { rejectUnauthorized: true }
  const { ca, certificate, key, serverName } = tls
  return {
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}
