import type { AccessTokenDraft } from '../../access-contract.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** Columns that the statements return. */
export interface AccessTokenColumns {
  readonly name: string
  readonly roles: readonly string[]
  readonly created_at: number
  readonly created_by: string
  readonly expires_at: number
  readonly last_used_at: number | null
  readonly revoked_at: number | null
}

export async function readAccessTokens(session: Session): Promise<readonly AccessTokenColumns[]> {
  return session.rows<AccessTokenColumns>(all, [])
}

/** Returns the valid token with this hash, and whether its use has to be recorded. */
export async function readAccessToken(
  session: Session,
  hash: Uint8Array,
): Promise<(AccessTokenColumns & { readonly unrecorded: boolean }) | undefined> {
  const [row] = await session.rows<AccessTokenColumns & { unrecorded: boolean }>(one, [hash])
  return row
}

export async function touchAccessToken(session: Session, hash: Uint8Array): Promise<void> {
  await session.rows(touch, [hash])
}

/** Returns undefined when the name is taken. */
export async function insertAccessToken(
  session: Session,
  { name, hash, roles, expiresAt }: AccessTokenDraft,
  actor: string,
): Promise<AccessTokenColumns | undefined> {
  const [row] = await session.rows<AccessTokenColumns>(insert, [name, hash, roles, toText(actor), expiresAt])
  return row
}

/** Returns the time of the revocation; undefined when there is no such token. */
export async function revokeAccessToken(session: Session, name: string): Promise<number | undefined> {
  const [row] = await session.rows<{ revoked_at: number }>(revoke, [name])
  return row?.revoked_at
}

const columns = 'name, roles, created_at, created_by, expires_at, last_used_at, revoked_at'

const all = {
  name: 'read-access-tokens',
  text: `select ${columns} from access_token order by (revoked_at is not null), id desc limit 1000`,
}

const one = {
  name: 'read-access-token',
  text: `
    select ${columns}, (last_used_at is null or last_used_at < now_ms() - 60000) as unrecorded
    from access_token where hash = $1 and revoked_at is null and expires_at > now_ms()`,
}

const touch = {
  name: 'touch-access-token',
  text: `update access_token set last_used_at = now_ms() where hash = $1`,
}

const insert = {
  name: 'insert-access-token',
  text: `
    insert into access_token (name, hash, roles, created_by, expires_at) values ($1, $2, $3::text[], $4, $5)
    on conflict (name) where revoked_at is null do nothing
    returning ${columns}`,
}

const revoke = {
  name: 'revoke-access-token',
  text: `
    update access_token set revoked_at = now_ms() where name = $1 and revoked_at is null
    returning revoked_at`,
}
