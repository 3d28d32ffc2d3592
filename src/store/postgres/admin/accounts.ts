/** The account that a system responds as. */
import type { AccountVerdict } from '../../admin-contract.ts'
import type { PostgresContext } from '../context.ts'
import { acceptSeenAccount } from '../sql/systems.ts'

/** Implements `AdminStore.acceptAccount`. */
export async function acceptAccount(
  context: PostgresContext,
  system: string,
  actor: string,
): Promise<AccountVerdict> {
  return context.journal.borrow((append) =>
    context.database.transaction('accepting an account', async (session) => {
      const known = await acceptSeenAccount(session, system)
      if (known === undefined) return { kind: 'unknown' }
      const { before, seen, now } = known
      if (seen === undefined || seen === before) return { kind: 'same', account: before }
      await append(session, [{ kind: 'person', actor, body: { acceptedAccount: system, before, seen } }], now)
      return { kind: 'accepted', before, account: seen }
    }),
  )
}
