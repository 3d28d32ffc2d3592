/**
 * Connections and transactions: the store uses `pg` only through this file.
 *
 * Connections are pipelined: statements submitted together are sent together and executed in that order,
 * which saves a round trip for each. COPY can't share a connection in that way and has connections of its
 * own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { IsthmusError } from '../../model/errors.ts'
import { codeOf, isConnectionLost, isRepeatable, storeError } from './failures.ts'
import { GatheringSocket } from './gathering-socket.ts'
import { joinedSession } from './joined.ts'

/** A prepared statement; its name is that of its file. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/**
 * Where statements run: in a transaction, or each on its own. In a transaction, statements submitted without
 * waiting in between are executed in order; after a failed one, the server refuses the following ones.
 */
export interface Session {
  rows<Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>
}

/** Options of a database connection. */
export interface DatabaseOptions {
  readonly connection: string
  readonly schema: string
  readonly poolSize: number
}

/** How a transaction begins. */
export interface TransactionOptions {
  /**
   * The first statements only read or lock: they may be sent together with the begin. Statements that write
   * must not, since they would be committed on their own if the server refused to begin.
   *
   * @default false
   */
  readonly opensWithReads?: boolean
}

/** Connections for COPY and migrations. */
const plainPoolSize = 2
const attemptsMax = 8
const connectTimeoutMs = 10_000
/**
 * With the ten seconds of `pg`, a process at rest opened a connection, and prepared its statements again,
 * every few seconds.
 */
const idleTimeoutMillis = 300_000
/** Guards against a hanging statement; comparing a million listed records takes seconds. */
const statementTimeoutMs = 120_000
const idleInTransactionMs = 30_000

export class Database {
  readonly schema: string
  readonly #pool: pg.Pool
  readonly #plainPool: pg.Pool
  readonly #options: DatabaseOptions
  #closed = false

  constructor(options: DatabaseOptions) {
    this.schema = options.schema
    this.#options = options
    const gathering = { pipeline: true, stream: () => new GatheringSocket() }
    this.#pool = poolOf({ ...clientConfig(options), ...gathering, max: options.poolSize })
    this.#plainPool = poolOf({ ...clientConfig(options), max: plainPoolSize })
  }

  /** A connection outside of the pool, for session locks and notifications. */
  async connectAlone(what: string): Promise<pg.Client> {
    this.#assertOpen()
    const client = new pg.Client({ ...clientConfig(this.#options), statement_timeout: 0 })
    client.on('error', ignoreProblem)
    try {
      await client.connect()
      return client
    } catch (problem) {
      throw storeError(problem, what)
    }
  }

  /** A session whose statements are committed individually. */
  session(what: string): Session {
    return {
      rows: <Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
        const joined = joinedSession(this)
        return joined === undefined
          ? this.#repeating(what, (client) => sessionOn(client).rows<Row>(statement, values))
          : joined.rows<Row>(statement, values)
      },
    }
  }

  /**
   * Runs statements that only read, on one connection: those submitted together are sent together. Repeated
   * as a whole.
   */
  async reading<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    const joined = joinedSession(this)
    return joined === undefined ? this.#repeating(what, (client) => work(sessionOn(client))) : work(joined)
  }

  /**
   * Runs a transaction. Repeated when the server rolled it back for reasons of concurrency, so `work` must
   * not have side effects of its own.
   *
   * @throws STORE_COMMIT_UNKNOWN, STORE_UNAVAILABLE, STORE_CONTENTION, STORE_DISK_FULL, STORE_QUERY_FAILED
   */
  async transaction<T>(
    what: string,
    work: (session: Session) => Promise<T>,
    { opensWithReads = false }: TransactionOptions = {},
  ): Promise<T> {
    // What fails in a joined transaction ends all of it, and repeats all of it where that is possible.
    const joined = joinedSession(this)
    if (joined !== undefined) return await work(joined)
    return this.#repeating(what, async (client) => {
      const begun = client.query('begin')
      let result: T
      try {
        if (!opensWithReads) await begun
        result = await work(opensWithReads ? after(begun, sessionOn(client)) : sessionOn(client))
      } catch (problem) {
        await rollBack(client, problem)
        throw problem
      }
      await commit(client, what)
      return result
    })
  }

  /** Runs on one connection without a transaction: for migrations and COPY. */
  async withClient<T>(what: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect(what, this.#plainPool)
    let lost = false
    try {
      return await work(client)
    } catch (problem) {
      lost = true // whatever state it is in, it isn't used again
      throw storeError(problem, what)
    } finally {
      client.release(lost)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all([this.#pool.end(), this.#plainPool.end()])
  }

  async #repeating<T>(what: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#connect(what)
      let lost = false
      try {
        return await work(client)
      } catch (problem) {
        lost = isConnectionLost(problem) || isCommitUnknown(problem)
        if (!isRepeatable(problem) || attempt === attemptsMax) throw storeError(problem, what)
      } finally {
        client.release(lost)
      }
      await sleep(Math.random() * 5 * attempt)
    }
  }

  async #connect(what: string, pool = this.#pool): Promise<pg.PoolClient> {
    this.#assertOpen()
    try {
      return await pool.connect()
    } catch (problem) {
      throw storeError(problem, what)
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new IsthmusError('STORE_CLOSED', 'the store is closed')
  }
}

/** A session on a connection that the caller holds. */
export function sessionOn(client: pg.ClientBase): Session {
  return {
    rows: async <Row extends pg.QueryResultRow>(
      { name, text }: Statement,
      values: readonly unknown[],
    ): Promise<Row[]> => (await client.query<Row>({ name, text, values: [...values] })).rows,
  }
}

/** The same session, whose results count only once the transaction has really begun. */
function after(begun: Promise<unknown>, session: Session): Session {
  return {
    rows: async <Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      const [, rows] = await Promise.all([begun, session.rows<Row>(statement, values)])
      return rows
    },
  }
}

/**
 * Without listeners a restart of the server would end this process; the running statement reports the error.
 */
function poolOf(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, idleTimeoutMillis })
  pool.on('error', ignoreProblem)
  pool.on('connect', (client) => client.on('error', ignoreProblem))
  return pool
}

async function commit(client: pg.PoolClient, what: string): Promise<void> {
  try {
    await client.query('commit')
  } catch (problem) {
    // An error response means that the server rolled back; without a response the outcome is unknown.
    if (codeOf(problem) !== '' && !isConnectionLost(problem)) throw problem
    throw new IsthmusError('STORE_COMMIT_UNKNOWN', `${what}: the connection was lost during the commit`, {
      cause: problem,
    })
  }
}

function isCommitUnknown(problem: unknown): boolean {
  return problem instanceof IsthmusError && problem.code === 'STORE_COMMIT_UNKNOWN'
}

async function rollBack(client: pg.PoolClient, problem: unknown): Promise<void> {
  if (isConnectionLost(problem)) return
  try {
    await client.query('rollback')
  } catch {
    // The connection is gone, and the transaction with it; the first error is the one to report.
  }
}

function ignoreProblem(): void {}

function clientConfig({ connection, schema }: DatabaseOptions): pg.ClientConfig {
  return {
    connectionString: connection,
    application_name: 'isthmus',
    // `public` is excluded, so that no object is shadowed or created there.
    options: `-c search_path=${schema} -c idle_in_transaction_session_timeout=${idleInTransactionMs}`,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    keepAlive: true,
    types: { getTypeParser: typeParser },
  }
}

/** Every bigint of the schema is a time, a counter or a revision: far below 2^53. */
function typeParser(id: number, format?: 'text' | 'binary') {
  if (id === pg.types.builtins.INT8) return Number
  return pg.types.getTypeParser(id, format ?? 'text')
}
