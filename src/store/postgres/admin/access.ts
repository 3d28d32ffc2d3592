/** Tokens of the admin API, and the record of who was shown values. */
import type { AccessStore, AccessToken } from '../../access-contract.ts'
import { createdTokenBody, disclosureBody } from '../../access-journal.ts'
import type { PostgresContext } from '../context.ts'
import {
  type AccessTokenColumns,
  insertAccessToken,
  readAccessToken,
  readAccessTokens,
  revokeAccessToken,
  touchAccessToken,
} from '../sql/access-tokens.ts'
import { readNow } from '../sql/read-now.ts'
import { fromText } from '../text.ts'

/** Creates the part of the `AdminStore` for access. */
export function createPostgresAccess(context: PostgresContext): AccessStore {
  const { database, journal } = context
  return {
    accessTokens: async () =>
      (await readAccessTokens(database.session('reading access tokens'))).map(toToken),
    findAccessToken: async (hash) => {
      const session = database.session('reading an access token')
      const row = await readAccessToken(session, hash)
      if (row?.unrecorded === true) await touchAccessToken(session, hash)
      return row === undefined ? undefined : toToken(row)
    },
    createAccessToken: (draft, actor) =>
      journal.borrow((append) =>
        database.transaction('creating an access token', async (session) => {
          const row = await insertAccessToken(session, draft, actor)
          if (row === undefined) return undefined
          await append(session, [{ kind: 'person', actor, body: createdTokenBody(draft) }], row.created_at)
          return toToken(row)
        }),
      ),
    revokeAccessToken: (name, actor) =>
      journal.borrow((append) =>
        database.transaction('revoking an access token', async (session) => {
          const at = await revokeAccessToken(session, name)
          if (at === undefined) return false
          await append(session, [{ kind: 'person', actor, body: { revokedToken: name } }], at)
          return true
        }),
      ),
    recordDisclosure: (disclosure, actor) =>
      journal.borrow((append) =>
        database.transaction('recording a disclosure', async (session) => {
          const body = disclosureBody(disclosure)
          await append(session, [{ kind: 'disclosure', actor, body }], await readNow(session))
        }),
      ),
  }
}

function toToken(row: AccessTokenColumns): AccessToken {
  const { last_used_at: lastUsedAt, revoked_at: revokedAt } = row
  return {
    name: row.name,
    roles: row.roles,
    createdAt: row.created_at,
    createdBy: fromText(row.created_by),
    expiresAt: row.expires_at,
    ...(lastUsedAt === null ? {} : { lastUsedAt }),
    ...(revokedAt === null ? {} : { revokedAt }),
  }
}
