/**
 * Operations that commit together: those that are called within `joinAll` use its transaction in place of their
 * own. Sessions and transactions find it in the asynchronous context of their caller.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'

/** A session of the database, as `database.ts` has it. */
interface Session {
  rows<Row extends pg.QueryResultRow>(
    statement: { readonly name: string; readonly text: string },
    values: readonly unknown[],
  ): Promise<Row[]>
}

/** How the common transaction ended. `unknown`: the connection was lost during the commit. */
export type End = 'committed' | 'rolled-back' | 'unknown'

interface Joined {
  /** What is joined: stores of other databases are not. */
  readonly owner: object
  readonly session: Session
  readonly atEnd: ((end: End) => void)[]
}

const context = new AsyncLocalStorage<Joined | undefined>()

/** The session of the transaction that this call is part of; undefined when it is on its own. */
export function joinedSession(owner: object): Session | undefined {
  const joined = context.getStore()
  return joined?.owner === owner ? joined.session : undefined
}

/** Calls back when the transaction that this call is part of has ended; returns false when it is on its own. */
export function whenJoinedEnds(callback: (end: End) => void): boolean {
  const joined = context.getStore()
  joined?.atEnd.push(callback)
  return joined !== undefined
}

/** Runs work on its own, although its caller is part of a transaction. */
export function apart<Result>(work: () => Result): Result {
  return context.run(undefined, work)
}

/** Runs work as a part of the transaction of `session`; `atEnd` has to be called when that has ended. */
export async function joinAll<Result>(
  owner: object,
  session: Session,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly atEnd: (end: End) => void }> {
  const callbacks: ((end: End) => void)[] = []
  const atEnd = (end: End) => {
    for (const callback of callbacks.splice(0)) callback(end)
  }
  try {
    return { result: await context.run({ owner, session, atEnd: callbacks }, work), atEnd }
  } catch (problem) {
    atEnd('rolled-back')
    throw problem
  }
}
