/**
 * NOTIFY as an announcement. A separate connection listens on the channel; its notices name rows, a table, or
 * nothing:
 *
 * - `{"table":"customers","key":["4711"],"deleted":false}`: that row is read
 * - `customers`: the table's feed is read · an empty payload: every feed is
 *
 * Notices are sent when their transaction commits, so the row is visible by then. They are not kept for a
 * disconnected listener.
 */
import type pg from 'pg'
import { z } from 'zod'
import { IsthmusError } from '../../model/errors.ts'
import type { ChangedRecord, SystemListener } from '../kit/contract.ts'
import type { PostgresClient } from './client.ts'
import type { PostgresConfig } from './config.ts'
import { databaseFailure, GivenUp, NotConnected } from './failures.ts'
import { quoted } from './statements.ts'

const noticeSchema = z.object({
  table: z.string(),
  key: z.array(z.union([z.string(), z.number()])).min(1),
  deleted: z.boolean().optional(),
})

type Notice = z.infer<typeof noticeSchema>

/** A connection that is silent for this long is checked; network devices drop idle ones silently. */
const askEveryMs = 30_000
const responseWithinMs = 10_000

/** Listens until the signal aborts. @throws IsthmusError POSTGRES_UNAVAILABLE when the connection is lost */
export async function listen(
  client: PostgresClient,
  { tables, listen: channel = '' }: PostgresConfig,
  listener: SystemListener,
  signal: AbortSignal,
): Promise<void> {
  const session = await opened(client)
  session.on('notification', ({ payload }) => emit(tables, listener, payload ?? ''))
  try {
    await session.query(`listen ${quoted(channel)}`)
    // Changes announced before listening began.
    listener.touched()
    await untilLost(session, signal)
  } catch (problem) {
    if (!signal.aborted) throw lost(problem)
  } finally {
    await session.end().catch(() => undefined)
  }
}

async function opened(client: PostgresClient): Promise<pg.Client> {
  try {
    return await client.alone()
  } catch (problem) {
    throw lost(problem)
  }
}

function lost(problem: unknown): IsthmusError {
  const { message } = databaseFailure(problem, 'Listening')
  return new IsthmusError('POSTGRES_UNAVAILABLE', message, { cause: problem })
}

/** Ends when the signal aborts; rejects when the connection ends or does not respond. */
async function untilLost(session: pg.Client, signal: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const asking = setInterval(() => {
    const late = setTimeout(() => ended.reject(new GivenUp('time-out')), responseWithinMs)
    session.query('select').then(
      () => clearTimeout(late),
      (problem: unknown) => {
        clearTimeout(late)
        ended.reject(problem)
      },
    )
  }, askEveryMs)
  const stop = (): void => ended.resolve()
  session.once('error', ended.reject)
  session.once('end', () => ended.reject(new NotConnected(undefined)))
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    await ended.promise
  } finally {
    clearInterval(asking)
    signal.removeEventListener('abort', stop)
  }
}

function emit(tables: PostgresConfig['tables'], listener: SystemListener, payload: string): void {
  const notice = noticeOf(payload)
  const table = notice?.table ?? payload.trim()
  if (table === '') listener.touched()
  for (const [resource, config] of Object.entries(tables)) {
    if ((config.table ?? resource) !== table) continue
    const isRow = notice !== undefined && notice.key.length === config.key.length
    if (isRow) listener.changed([rowOf(resource, notice)])
    else listener.touched(resource)
  }
}

function rowOf(resource: string, { key, deleted }: Notice): ChangedRecord & { readonly resource: string } {
  const nativeId = nativeIdFrom(key.map(String))
  return deleted === true ? { resource, nativeId, deleted } : { resource, nativeId }
}

/** In the format of PostgreSQL's own `json_build_array`. */
function nativeIdFrom(parts: readonly string[]): string {
  const [only = ''] = parts
  return parts.length === 1 ? only : `[${parts.map((part) => JSON.stringify(part)).join(', ')}]`
}

function noticeOf(payload: string): Notice | undefined {
  if (!payload.startsWith('{')) return undefined
  try {
    return noticeSchema.safeParse(JSON.parse(payload)).data
  } catch {
    return undefined
  }
}
