import type { Session } from '../database.ts'

/** A token as stored in its table. */
export interface TokenRow {
  readonly generation: number
  readonly expiresAt: number
  readonly document: Uint8Array
}

/** The newest token of a credential. */
export async function readToken(session: Session, key: string): Promise<TokenRow | undefined> {
  const [row] = await session.rows<{ generation: number; expires_at: number; document: Buffer }>(read, [key])
  return row && { generation: row.generation, expiresAt: row.expires_at, document: row.document }
}

/** Stores a token, unless a newer one exists. */
export async function writeToken(session: Session, key: string, token: TokenRow): Promise<void> {
  await session.rows(write, [key, token.generation, token.expiresAt, token.document])
}

const read = { name: 'read-token', text: `select generation, expires_at, document from token where key = $1` }

const write = {
  name: 'write-token',
  text: `
    insert into token (key, generation, expires_at, document) values ($1, $2, $3, $4)
    on conflict (key) do update
      set generation = excluded.generation, expires_at = excluded.expires_at, document = excluded.document
      where token.generation < excluded.generation`,
}
