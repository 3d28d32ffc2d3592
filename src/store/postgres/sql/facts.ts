import { type Fact, factKey } from '../../fact-contract.ts'
import type { Session } from '../database.ts'

/** When the fact was established; undefined when it was not. */
export async function factAt(session: Session, fact: Fact): Promise<number | undefined> {
  const { kind, entity, system, detail } = factKey(fact)
  const [row] = await session.rows<{ at: number }>(read, [kind, entity, system, detail])
  return row?.at
}

/** Stores a fact with its time. */
export async function saveFact(session: Session, fact: Fact, at: number): Promise<void> {
  const { kind, entity, system, detail } = factKey(fact)
  await session.rows(save, [kind, entity, system, detail, at])
}

const read = {
  name: 'fact-at',
  text: `select at from fact where kind = $1 and entity = $2 and system = $3 and detail = $4`,
}

const save = {
  name: 'save-fact',
  text: `
    insert into fact (kind, entity, system, detail, at) values ($1, $2, $3, $4, $5)
    on conflict (kind, entity, system, detail) do update set at = excluded.at`,
}
