import type { StoredLensSet } from '../../lens-sets.ts'
import type { Session } from '../database.ts'

interface LensSetColumns {
  readonly id: number
  readonly system: string
  readonly entity: string
  readonly digest: string
  readonly scope: string
  readonly fields: Readonly<Record<string, string>>
  readonly current: boolean
  readonly legacy: boolean
  readonly joined_at: number
}

export async function readLensSets(session: Session): Promise<StoredLensSet[]> {
  const rows = await session.rows<LensSetColumns & Record<string, unknown>>(read, [])
  return rows.map(({ id, system, entity, digest, scope, fields, current, legacy, joined_at: joinedAt }) => ({
    id,
    system,
    entity,
    digest,
    scope,
    fields,
    current,
    legacy,
    joinedAt,
  }))
}

export async function retireLensSets(session: Session, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await session.rows(retire, [ids])
}

export async function addLensSet(session: Session, set: Omit<StoredLensSet, 'id'>): Promise<void> {
  const { system, entity, digest, scope, fields, current, legacy, joinedAt } = set
  await session.rows(add, [system, entity, digest, scope, JSON.stringify(fields), current, legacy, joinedAt])
}

const read = {
  name: 'read-lens-sets',
  text: `
    select id, system, entity, digest, scope, fields, current, legacy, joined_at
    from lens_set
    order by id`,
}

const retire = {
  name: 'retire-lens-sets',
  text: `update lens_set set current = false where id = any($1::integer[])`,
}

const add = {
  name: 'add-lens-set',
  text: `
    insert into lens_set (system, entity, digest, scope, fields, current, legacy, joined_at, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, now_ms())`,
}
