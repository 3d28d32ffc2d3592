/**
 * OAuth tokens in the integration's schema, so that all its processes use one token and one of them renews
 * it.
 *
 * The renewing process holds a session lock on a connection of its own while it calls the authorization
 * server: no transaction is open during that call, and a process that dies releases the lock at once. The new
 * token is committed before any caller gets it.
 */
import { createHash } from 'node:crypto'
import { IsthmusError } from '../../model/errors.ts'
import type { StoredToken, TokenStore } from '../../model/token-store.ts'
import type { PostgresContext } from './context.ts'
import { storeError } from './failures.ts'
import { lockNumber } from './sql/session-locks.ts'
import { readToken, type TokenRow, writeToken } from './sql/tokens.ts'

/** Longer than one token request may take; after that some process holds the lock permanently. */
const lockTimeoutMs = 90_000

/** Tokens of the API client that several processes share, as rows of `token`. */
export class PostgresTokenStore implements TokenStore {
  readonly #context: PostgresContext

  constructor(context: PostgresContext) {
    this.#context = context
  }

  async read(key: string): Promise<StoredToken | undefined> {
    const row = await readToken(this.#context.database.session('reading a token'), key)
    return row === undefined ? undefined : this.#open(key, row)
  }

  async renew(
    key: string,
    decide: (current: StoredToken | undefined) => Promise<StoredToken | undefined>,
  ): Promise<StoredToken | undefined> {
    const client = await this.#context.database.connectAlone('locking a token')
    try {
      try {
        await lockNumber(client, this.#lockNumber(key), lockTimeoutMs)
      } catch (problem) {
        throw storeError(problem, 'locking a token')
      }
      const decided = await decide(await this.read(key))
      if (decided !== undefined) await this.#write(key, decided)
      return await this.read(key)
    } finally {
      // Ends the session, and with it the lock.
      await client.end().catch(() => undefined)
    }
  }

  async #write(key: string, token: StoredToken): Promise<void> {
    const { generation, expiresAt, ...rest } = token
    const plain = Buffer.from(JSON.stringify(rest), 'utf8')
    const document = this.#context.codec.encode(plain, placeOf(key))
    await writeToken(this.#context.database.session('keeping a token'), key, {
      generation,
      expiresAt,
      document,
    })
  }

  #open(key: string, { generation, expiresAt, document }: TokenRow): StoredToken {
    const plain = this.#context.codec.decode(document, placeOf(key))
    const rest: unknown = JSON.parse(Buffer.from(plain).toString('utf8'))
    if (isTokenRest(rest)) return { ...rest, generation, expiresAt }
    throw new IsthmusError('STORE_DOCUMENT_UNREADABLE', `token.document of ${key} is not a token`)
  }

  /** In the space of single 64-bit numbers: all other locks are pairs, so they can't collide. */
  #lockNumber(key: string): string {
    const name = `${this.#context.database.schema} token ${key}`
    return createHash('sha256').update(name).digest().readBigInt64BE().toString()
  }
}

function placeOf(key: string): { table: string; column: string; rowId: string } {
  return { table: 'token', column: 'document', rowId: key }
}

function isTokenRest(value: unknown): value is Omit<StoredToken, 'generation' | 'expiresAt'> {
  return typeof value === 'object' && value !== null && 'accessToken' in value && 'issuedAt' in value
}
