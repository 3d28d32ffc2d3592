/** What the journal says about access: the same in both stores. */
import type { AccessTokenDraft, Disclosure } from './access-contract.ts'

/** The body of a line about a new token. */
export function createdTokenBody({
  name,
  roles,
  expiresAt,
}: AccessTokenDraft): Readonly<Record<string, unknown>> {
  return { createdToken: name, roles, expiresAt }
}

/** The body of a line about values that were shown. */
export function disclosureBody({ route, recordIds, address }: Disclosure): Readonly<Record<string, unknown>> {
  return { route, recordIds, ...(address === undefined ? {} : { address }) }
}
