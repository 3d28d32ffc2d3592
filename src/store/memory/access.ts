/** Tokens of the admin API on the memory store. */
import type { AccessStore, AccessToken, AccessTokenDraft } from '../access-contract.ts'
import { createdTokenBody, disclosureBody } from '../access-journal.ts'
import { appendJournal, type MemoryContext } from './tables.ts'

const useRecordedMs = 60_000

/** Creates the part of the `AdminStore` for access. */
export function createMemoryAccess(context: MemoryContext): AccessStore {
  const rows: { hash: string; token: AccessToken }[] = []
  const valid = (name: string) =>
    rows.find(({ token }) => token.name === name && token.revokedAt === undefined)
  return {
    accessTokens: async () =>
      rows
        .map(({ token }) => token)
        .reverse()
        .sort((a, b) => Number(a.revokedAt !== undefined) - Number(b.revokedAt !== undefined)),
    findAccessToken: async (hash) => {
      const row = rows.find((one) => one.hash === textOf(hash))
      const now = context.now()
      if (row === undefined || row.token.revokedAt !== undefined || row.token.expiresAt <= now)
        return undefined
      const found = row.token
      if ((found.lastUsedAt ?? 0) < now - useRecordedMs) row.token = { ...found, lastUsedAt: now }
      return found
    },
    createAccessToken: async (draft: AccessTokenDraft, actor) => {
      if (valid(draft.name) !== undefined) return undefined
      const { name, roles, expiresAt } = draft
      const token = { name, roles: [...roles], createdAt: context.now(), createdBy: actor, expiresAt }
      rows.push({ hash: textOf(draft.hash), token })
      appendJournal(context, [{ kind: 'person', actor, body: createdTokenBody(draft) }])
      return token
    },
    revokeAccessToken: async (name, actor) => {
      const row = valid(name)
      if (row === undefined) return false
      row.token = { ...row.token, revokedAt: context.now() }
      appendJournal(context, [{ kind: 'person', actor, body: { revokedToken: name } }])
      return true
    },
    recordDisclosure: async (disclosure, actor) => {
      appendJournal(context, [{ kind: 'disclosure', actor, body: disclosureBody(disclosure) }])
    },
  }
}

function textOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}
