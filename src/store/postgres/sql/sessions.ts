import type { SessionDraft, SessionKind } from '../../session-contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** Columns that the statements return. */
export interface SessionColumns {
  readonly id: number
  readonly kind: SessionKind
  readonly actor: string
  readonly name: string
  readonly roles: readonly string[]
  readonly policy: string | null
  readonly address: string | null
  readonly created_at: number
  readonly seen_at: number
  readonly expires_at: number
}

export async function insertSession(session: Session, draft: SessionDraft): Promise<SessionColumns> {
  const { hash, kind, actor, name, roles, policy, address, expiresAt } = draft
  const values = [hash, kind, toText(actor), toText(name), roles, toText(address), expiresAt, policy ?? null]
  const [row] = await session.rows<SessionColumns>(insert, values)
  if (row === undefined) throw new RangeError('a session was not stored')
  return row
}

/** Returns the valid session with this hash, and whether its use has to be recorded. */
export async function readSession(
  session: Session,
  hash: Uint8Array,
  idleMs: number,
): Promise<(SessionColumns & { readonly unrecorded: boolean }) | undefined> {
  const [row] = await session.rows<SessionColumns & { unrecorded: boolean }>(one, [hash, idleMs])
  return row
}

export async function readSessions(session: Session, idleMs: number): Promise<readonly SessionColumns[]> {
  return session.rows<SessionColumns>(all, [idleMs])
}

export async function touchSession(session: Session, hash: Uint8Array): Promise<void> {
  await session.rows(touch, [hash])
}

/** Returns when it ended; undefined when there is no such session. */
export async function endSession(session: Session, id: number): Promise<number | undefined> {
  const [row] = await session.rows<{ ended_at: number }>(end, [id])
  return row?.ended_at
}

export async function endReplaced(session: Session, hash: Uint8Array): Promise<void> {
  await session.rows(replace, [hash])
}

/** Sessions that nobody can use any more are forgotten after a month; the journal keeps who had signed in. */
export async function pruneSessions(session: Session): Promise<void> {
  await session.rows(prune, [])
}

const columns = 'id, kind, actor, name, roles, policy, address, created_at, seen_at, expires_at'
const valid = 'ended_at is null and expires_at > now_ms()'

const insert = {
  name: 'insert-session',
  text: `
    insert into session (hash, kind, actor, name, roles, address, expires_at, policy)
    values ($1, $2, $3, $4, $5::text[], $6, $7, $8)
    returning ${columns}`,
}

const one = {
  name: 'read-session',
  text: `
    select ${columns}, seen_at < now_ms() - 60000 as unrecorded
    from session where hash = $1 and ${valid} and seen_at > now_ms() - $2::bigint`,
}

const all = {
  name: 'read-sessions',
  text: `
    select ${columns} from session where ${valid} and seen_at > now_ms() - $1::bigint
    order by id desc limit 1000`,
}

const touch = { name: 'touch-session', text: `update session set seen_at = now_ms() where hash = $1` }

const end = {
  name: 'end-session',
  text: `update session set ended_at = now_ms() where id = $1 and ${valid} returning ended_at`,
}

const replace = {
  name: 'end-replaced-session',
  text: `update session set ended_at = now_ms() where hash = $1 and ended_at is null`,
}

const prune = {
  name: 'prune-sessions',
  text: `delete from session where expires_at < now_ms() - 2592000000`,
}
