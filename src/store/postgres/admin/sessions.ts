/** Sessions of people at the admin API. */
import { type Session, type SessionStore, startedSessionBody } from '../../session-contract.ts'
import type { PostgresContext } from '../context.ts'
import {
  endReplaced,
  endSession,
  insertSession,
  pruneSessions,
  readSession,
  readSessions,
  type SessionColumns,
  touchSession,
} from '../sql/sessions.ts'
import { fromText } from '../text.ts'

/** Creates the part of the `AdminStore` for sessions. */
export function createPostgresSessions({ database, journal }: PostgresContext): SessionStore {
  return {
    startSession: (draft) =>
      journal.borrow((append) =>
        database.transaction('starting a session', async (session) => {
          if (draft.replaces !== undefined) await endReplaced(session, draft.replaces)
          await pruneSessions(session)
          const row = await insertSession(session, draft)
          const body = startedSessionBody(draft)
          await append(session, [{ kind: 'person', actor: draft.actor, body }], row.created_at)
          return toSession(row)
        }),
      ),
    findSession: async (hash, idleMs) => {
      const session = database.session('reading a session')
      const row = await readSession(session, hash, idleMs)
      if (row?.unrecorded === true) await touchSession(session, hash)
      return row === undefined ? undefined : toSession(row)
    },
    sessions: async (idleMs) =>
      (await readSessions(database.session('reading sessions'), idleMs)).map(toSession),
    endSession: (id, actor) =>
      journal.borrow((append) =>
        database.transaction('ending a session', async (session) => {
          if (!/^\d{1,15}$/.test(id)) return false
          const at = await endSession(session, Number(id))
          if (at === undefined) return false
          await append(session, [{ kind: 'person', actor, body: { endedSession: id } }], at)
          return true
        }),
      ),
  }
}

function toSession(row: SessionColumns): Session {
  return {
    id: String(row.id),
    kind: row.kind,
    actor: fromText(row.actor),
    name: fromText(row.name),
    roles: row.roles,
    ...(row.policy === null ? {} : { policy: row.policy }),
    ...(row.address === null ? {} : { address: fromText(row.address) }),
    createdAt: row.created_at,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
  }
}
