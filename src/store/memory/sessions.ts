/** Sessions of people on the memory store. */
import { type Session, type SessionStore, startedSessionBody } from '../session-contract.ts'
import { appendJournal, type MemoryContext } from './tables.ts'

const useRecordedMs = 60_000

interface Row {
  readonly hash: string
  session: Session
  ended: boolean
}

/** Creates the part of the `AdminStore` for sessions. */
export function createMemorySessions(context: MemoryContext): SessionStore {
  const rows: Row[] = []
  const isValid = ({ session, ended }: Row, idleMs: number): boolean => {
    const now = context.now()
    return !ended && session.expiresAt > now && session.seenAt > now - idleMs
  }
  return {
    startSession: async (draft) => {
      const { hash, replaces, ...rest } = draft
      for (const row of rows) if (replaces !== undefined && row.hash === textOf(replaces)) row.ended = true
      const now = context.now()
      const session = { ...rest, id: String(rows.length + 1), createdAt: now, seenAt: now }
      rows.push({ hash: textOf(hash), session, ended: false })
      appendJournal(context, [{ kind: 'person', actor: draft.actor, body: startedSessionBody(draft) }])
      return session
    },
    findSession: async (hash, idleMs) => {
      const row = rows.find((one) => one.hash === textOf(hash))
      if (row === undefined || !isValid(row, idleMs)) return undefined
      const found = row.session
      if (found.seenAt < context.now() - useRecordedMs) row.session = { ...found, seenAt: context.now() }
      return found
    },
    sessions: async (idleMs) =>
      rows
        .filter((row) => isValid(row, idleMs))
        .map(({ session }) => session)
        .reverse(),
    endSession: async (id, actor) => {
      const row = rows.find(({ session }) => session.id === id)
      if (row === undefined || !isValid(row, Number.POSITIVE_INFINITY)) return false
      row.ended = true
      appendJournal(context, [{ kind: 'person', actor, body: { endedSession: id } }])
      return true
    },
  }
}

function textOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}
