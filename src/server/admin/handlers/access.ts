/** Who is calling, and the tokens. */
import { roleNames, tokenDays } from '../../../api/contract/tokens.ts'
import { IsthmusError } from '../../../model/errors.ts'
import { createSecret, hashSecret } from '../../../runtime/access-secrets.ts'
import type { AccessToken } from '../../../store/access-contract.ts'
import type { Handlers } from '../handler.ts'
import { conflict, invalid, notFound } from '../problems.ts'

const dayMs = 86_400_000

/** Handlers of the routes under Access. */
export const accessHandlers: Handlers<'getCaller' | 'listTokens' | 'createToken' | 'revokeToken'> = {
  getCaller: async (_parts, { caller: { name, kind, roles, expiresAt } }) => ({
    name,
    kind,
    roles: [...roles],
    expiresAt,
  }),
  listTokens: async (_parts, { dependencies }) => ({
    rows: (await dependencies.admin.accessTokens()).map(present),
  }),
  createToken: async ({ body: { name, roles, expiresAt: given } }, { dependencies, caller }) => {
    const beyond = roles.filter((role) => !caller.roles.includes(role))
    // Whoever may grant access must not be able to grant himself what he doesn't have.
    if (beyond.length > 0)
      throw new IsthmusError('API_FORBIDDEN', `the caller does not have the role ${beyond.join(', ')} itself`)
    const now = dependencies.now()
    // A person's session ends within hours; what a person creates does not end with it.
    const latest = caller.kind === 'token' ? caller.expiresAt : Number.POSITIVE_INFINITY
    const expiresAt = given ?? Math.min(now + tokenDays.default * dayMs, latest)
    if (expiresAt <= now) throw invalid([{ in: 'body', at: 'expiresAt', message: 'it is in the past' }])
    if (expiresAt > Math.min(now + tokenDays.max * dayMs, latest))
      throw invalid([
        {
          in: 'body',
          at: 'expiresAt',
          message: 'it is after the end of the caller’s own token, or over a year ahead',
        },
      ])
    const secret = createSecret()
    const draft = { name, hash: hashSecret(secret), roles: [...new Set(roles)], expiresAt }
    const created = await dependencies.admin.createAccessToken(draft, caller.actor)
    if (created === undefined) throw conflict(`there is a token "${name}" already`)
    return { ...present(created), secret }
  },
  revokeToken: async ({ params: { name } }, { dependencies, caller }) => {
    if (!(await dependencies.admin.revokeAccessToken(name, caller.actor)))
      throw notFound(`there is no token "${name}"`)
  },
}

function present({ roles, ...token }: AccessToken) {
  return { ...token, roles: roleNames.filter((role) => roles.includes(role)) }
}
