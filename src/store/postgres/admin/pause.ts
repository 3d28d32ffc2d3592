/** A person pauses the work, and resumes it. */
import type { PostgresContext } from '../context.ts'
import { deletePause, insertPause } from '../sql/pause.ts'
import { readNow } from '../sql/read-now.ts'

/** Implements `AdminStore.pause`. */
export function pauseWork(
  context: PostgresContext,
  actor: string,
  reason: string | undefined,
): Promise<boolean> {
  return context.journal.borrow((append) =>
    context.database.transaction('pausing the work', async (session) => {
      if (!(await insertPause(session, actor, reason))) return false
      const body = { paused: true, ...(reason === undefined ? {} : { reason }) }
      await append(session, [{ kind: 'person', actor, body }], await readNow(session))
      return true
    }),
  )
}

/** Implements `AdminStore.resume`. */
export function resumeWork(context: PostgresContext, actor: string): Promise<boolean> {
  return context.journal.borrow((append) =>
    context.database.transaction('resuming the work', async (session) => {
      if (!(await deletePause(session))) return false
      await append(session, [{ kind: 'person', actor, body: { paused: false } }], await readNow(session))
      return true
    }),
  )
}
