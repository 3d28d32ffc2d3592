import type { Session } from '../database.ts'
import { fromText, toText } from '../text.ts'

/** Linked, healthy native ids for sentinel reads. */
export async function readSentinels(
  session: Session,
  system: string,
  entity: string,
  count: number,
  except: string,
): Promise<readonly string[]> {
  const rows = await session.rows<{ rid: string }>(sentinels, [system, entity, count, toText(except)])
  return rows.map(({ rid }) => fromText(rid))
}

/** The account that the store was filled from. */
export async function readFingerprint(session: Session, system: string): Promise<string | undefined> {
  const [row] = await session.rows<{ value: string }>(fingerprint, [system])
  return row === undefined ? undefined : fromText(row.value)
}

/** Stores the account that the store was filled from. */
export async function saveFingerprint(session: Session, system: string, value: string): Promise<void> {
  await session.rows(save, [system, toText(value)])
}

/** Written only when it differs from the last observed one. */
export async function noteFingerprint(session: Session, system: string, seen: string): Promise<void> {
  await session.rows(note, [system, toText(seen)])
}

/**
 * Returns the remembered and the last observed account, which is remembered from now on. Undefined where none
 * is remembered.
 */
export async function acceptSeenAccount(
  session: Session,
  system: string,
): Promise<{ readonly before: string; readonly seen: string | undefined; readonly now: number } | undefined> {
  const [row] = await session.rows<{ before: string; seen: string | null; now: number }>(accept, [system])
  if (row === undefined) return undefined
  const { before, seen, now } = row
  return { before: fromText(before), seen: seen === null ? undefined : fromText(seen), now }
}

/** True when a create that was begun before this time is open. */
export async function openCreatesBefore(
  session: Session,
  system: string,
  entity: string,
  before: number,
): Promise<boolean> {
  const [row] = await session.rows<{ found: boolean }>(creates, [system, entity, before])
  return row?.found ?? false
}

const sentinels = {
  name: 'read-sentinels',
  text: `
    select rid
    from member
    where system = $1 and entity = $2 and rid is not null and rid <> $4 and state = 'linked' and lane = 'open'
    limit $3`,
}

const fingerprint = { name: 'read-fingerprint', text: `select value from fingerprint where system = $1` }

const save = {
  name: 'save-fingerprint',
  text: `
    insert into fingerprint (system, value) values ($1, $2)
    on conflict (system) do update set value = excluded.value`,
}

const note = {
  name: 'note-fingerprint',
  text: `update fingerprint set seen = $2 where system = $1 and seen is distinct from $2`,
}

const accept = {
  name: 'accept-account',
  text: `
    with known as (select system, value, seen from fingerprint where system = $1 for update)
    update fingerprint f set value = coalesce(k.seen, f.value)
    from known k
    where f.system = k.system
    returning k.value as before, k.seen, now_ms() as now`,
}

const creates = {
  name: 'open-creates-before',
  text: `
    select exists (
      select 1 from intent
      where system = $1 and entity = $2 and state = 'open' and operation = 'create' and created_at < $3
    ) as found`,
}
