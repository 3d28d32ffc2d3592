import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** Takes the key; returns false when it is taken. Waits for a transaction that is about to take it. */
export async function takeKey(
  session: Session,
  caller: string,
  key: string,
  digest: Uint8Array,
): Promise<boolean> {
  return (await session.rows(take, [toText(caller), toText(key), digest])).length > 0
}

export async function saveResponse(
  session: Session,
  caller: string,
  key: string,
  response: Uint8Array,
): Promise<void> {
  await session.rows(save, [toText(caller), toText(key), response])
}

export async function readKey(
  session: Session,
  caller: string,
  key: string,
): Promise<{ readonly digest: Uint8Array; readonly response: Uint8Array | null } | undefined> {
  const [row] = await session.rows<{ digest: Uint8Array; response: Uint8Array | null }>(read, [
    toText(caller),
    toText(key),
  ])
  return row
}

/** Forgets keys that are older than a day. */
export async function forgetKeys(session: Session, keptMs: number): Promise<void> {
  await session.rows(forget, [keptMs])
}

const take = {
  name: 'take-idempotency-key',
  text: `
    insert into idempotency_key (caller, key, digest) values ($1, $2, $3)
    on conflict (caller, key) do nothing
    returning caller`,
}

const save = {
  name: 'save-idempotent-response',
  text: `update idempotency_key set response = $3 where caller = $1 and key = $2`,
}

const read = {
  name: 'read-idempotency-key',
  text: `select digest, response from idempotency_key where caller = $1 and key = $2`,
}

const forget = {
  name: 'forget-idempotency-keys',
  text: `
    delete from idempotency_key where (caller, key) in (
      select caller, key from idempotency_key where at < now_ms() - $1::bigint order by at limit 1000
      for update skip locked
    )`,
}
