/** Signing in and out, and the sessions of people. */
import { z } from 'zod'
import { roleNames } from '../../../api/contract/tokens.ts'
import { IsthmusError } from '../../../model/errors.ts'
import { hashSecret } from '../../../runtime/access-secrets.ts'
import type { SignInMemory } from '../../../runtime/sign-in/sign-in.ts'
import { createSessionSecret, sessionMs } from '../../sign-in/session-cookie.ts'
import type { Handlers } from '../handler.ts'
import { notFound } from '../problems.ts'

/** Handlers of the routes about sessions. */
export const sessionHandlers: Handlers<
  'signInLocally' | 'startSignIn' | 'finishSignIn' | 'signOut' | 'listSessions' | 'endSession' | 'listAudit'
> = {
  signInLocally: async ({ body: { link } }, { dependencies: { admin, links, now }, visit }) => {
    // Taken first: a link that was used from the wrong place is known to somebody else.
    const person = links?.take(link)
    if (person === undefined || !visit.isLocal)
      throw new IsthmusError('API_LINK_REFUSED', 'the link is not valid, or not from here')
    const secret = createSessionSecret()
    const session = await admin.startSession({
      hash: hashSecret(secret),
      kind: 'local',
      actor: `local:${person}`,
      name: person,
      // Whoever may start the process may read its database as well.
      roles: roleNames,
      address: visit.address,
      expiresAt: now() + sessionMs.longest,
      ...(visit.sessionHash === undefined ? {} : { replaces: visit.sessionHash }),
    })
    visit.keepSession(secret)
    return { name: person, kind: 'local', roles: roleNames, expiresAt: session.expiresAt }
  },
  startSignIn: async (_parts, { dependencies: { signIn }, visit }) => {
    if (signIn === undefined) throw notFound('there is no identity provider')
    const { url, memory } = await signIn.begin()
    visit.keepSignIn(Buffer.from(JSON.stringify(memory)).toString('base64url'))
    return { location: url }
  },
  finishSignIn: async ({ query }, { dependencies: { admin, signIn, now }, visit }) => {
    if (signIn === undefined) throw notFound('there is no identity provider')
    const memory = memoryOf(visit.signIn)
    const person = await signIn.finish(new URLSearchParams(query), memory)
    const secret = createSessionSecret()
    await admin.startSession({
      hash: hashSecret(secret),
      kind: 'person',
      ...person,
      policy: signIn.policy,
      address: visit.address,
      expiresAt: now() + sessionMs.longest,
      ...(visit.sessionHash === undefined ? {} : { replaces: visit.sessionHash }),
    })
    visit.keepSession(secret)
    return { location: '/' }
  },
  signOut: async (_parts, { dependencies, caller, visit }) => {
    if (caller.sessionId === undefined) throw notFound('the request has a token, and no session')
    await dependencies.admin.endSession(caller.sessionId, caller.actor)
    visit.forgetSession()
  },
  listSessions: async (_parts, { dependencies, caller }) => ({
    rows: (await dependencies.admin.sessions(sessionMs.idle)).map(({ roles, ...session }) => ({
      ...session,
      roles: roleNames.filter((role) => roles.includes(role)),
      current: session.id === caller.sessionId,
    })),
  }),
  endSession: async ({ params: { id } }, { dependencies, caller }) => {
    if (!(await dependencies.admin.endSession(id, caller.actor))) throw notFound(`there is no session ${id}`)
  },
  listAudit: async ({ query: { limit, after } }, { dependencies }) => {
    const rows = await dependencies.admin.audit({
      limit,
      ...(after === undefined ? {} : { afterSeq: after }),
    })
    return { rows: rows.map((row) => ({ ...row, details: { ...row.details } })) }
  },
}

const memorySchema = z.strictObject({ state: z.string(), nonce: z.string(), verifier: z.string() })

/** The cookie is the browser's: it may contain anything. */
function memoryOf(cookie: string | undefined): SignInMemory {
  try {
    return memorySchema.parse(JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString('utf8')))
  } catch {
    throw new IsthmusError(
      'API_SIGN_IN_REFUSED',
      'this browser did not begin the sign-in, or more than ten minutes ago',
    )
  }
}
