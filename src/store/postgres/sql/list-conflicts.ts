import type { Session } from '../database.ts'
import { newest } from '../paging.ts'

/** Columns that the statement returns. */
export interface ConflictColumns {
  readonly id: string
  readonly record_id: string
  readonly entity: string
  readonly field: string
  readonly policy: string
  readonly state: 'open' | 'decided'
  readonly winner: string | null
  readonly decided_by: string | null
  readonly at: number
  readonly candidates: Uint8Array
}

/** Newest first, after the given position. */
export function listConflicts(
  session: Session,
  limit: number,
  after: readonly [number, string] | undefined,
  state: 'open' | 'decided' | undefined,
): Promise<ConflictColumns[]> {
  const statement = state === undefined ? list : state === 'open' ? listOpen : listDecided
  return session.rows<ConflictColumns & Record<string, unknown>>(statement, [limit, ...(after ?? newest)])
}

export async function readConflict(session: Session, id: string): Promise<ConflictColumns | undefined> {
  const [row] = await session.rows<ConflictColumns & Record<string, unknown>>(read, [id])
  return row
}

/** Locked until the decision is committed. */
export async function lockConflict(session: Session, id: string): Promise<ConflictColumns | undefined> {
  const [row] = await session.rows<ConflictColumns & Record<string, unknown>>(lock, [id])
  return row
}

export async function decideConflict(
  session: Session,
  id: string,
  winner: string,
  actor: string,
): Promise<void> {
  await session.rows(decide, [id, winner, actor])
}

// One statement each, so that the index of the open ones can be used.
const list = listing('list-conflicts', 'true')
const listOpen = listing('list-conflicts-open', `state = 'open'`)
const listDecided = listing('list-conflicts-decided', `state = 'decided'`)

function listing(name: string, condition: string) {
  return {
    name,
    text: `
    select * from conflict
    where ${condition} and (at, id) < ($2, $3::uuid)
    order by at desc, id desc
    limit $1`,
  }
}

const read = { name: 'read-conflict', text: `select * from conflict where id = $1` }

const lock = { name: 'lock-conflict', text: `select * from conflict where id = $1 for no key update` }

const decide = {
  name: 'decide-conflict',
  text: `update conflict set state = 'decided', winner = $2, decided_by = $3 where id = $1`,
}
