/**
 * A worker's liveness: a session lock on a connection of its own. The end of the process releases it at once,
 * whatever the process was doing; a connection that died unnoticed is covered by the lease time, and detected
 * here by periodic queries.
 *
 * Such a lock belongs to one server connection: a pooler in transaction mode can't be used in between.
 */
import type pg from 'pg'
import { untilSharedWakeUp } from '../../model/shared-wake-up.ts'
import type { WorkerSession } from '../contract.ts'
import type { PostgresContext } from './context.ts'
import { sessionOn } from './database.ts'
import { storeError } from './failures.ts'
import { lockWorker } from './sql/lock-worker.ts'
import { ping } from './sql/session-locks.ts'

/**
 * With the time for the answer well within a lease, so that a worker knows before anybody else may claim its
 * records.
 */
const askEveryMs = 15_000
const answerWithinMs = 5000

/** Implements `Store.registerWorker`. */
export async function registerWorker(context: PostgresContext): Promise<WorkerSession> {
  const client = await context.database.connectAlone('registering a worker')
  try {
    const id = await lockWorker(sessionOn(client), context.lockClass, `${process.pid}`)
    return watch(client, id)
  } catch (problem) {
    await endQuietly(client)
    throw storeError(problem, 'registering a worker')
  }
}

function watch(client: pg.Client, id: number): WorkerSession {
  const lost = new AbortController()
  let closed = false
  const lose = (): void => {
    clearTimeout(timer)
    if (!closed) lost.abort()
  }
  client.on('error', lose)
  client.on('end', lose)
  const ask = async (): Promise<void> => {
    const late = setTimeout(() => void endQuietly(client).finally(lose), answerWithinMs)
    try {
      await ping(client)
    } catch {
      lose() // whatever the reason: a session that doesn't respond can't be trusted
    } finally {
      clearTimeout(late)
    }
    askLater()
  }
  let timer: NodeJS.Timeout | undefined
  const askLater = (): void => {
    if (closed || lost.signal.aborted) return
    timer = setTimeout(() => void ask(), untilSharedWakeUp(askEveryMs, performance.now())).unref()
  }
  askLater()
  return {
    id,
    lost: lost.signal,
    close: async () => {
      closed = true
      clearTimeout(timer)
      await endQuietly(client)
    },
  }
}

async function endQuietly(client: pg.Client): Promise<void> {
  try {
    await client.end()
  } catch {
    // Ended already.
  }
}
