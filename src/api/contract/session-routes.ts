/** Routes by which people sign in and out, and by which their sessions are ended. */
import { z } from 'zod'
import { pageQuery } from './pages.ts'
import { auditResource, callerResource, sessionResource } from './resources.ts'
import { defineRoute } from './route.ts'

const base = '/api/v1'

/** A part of the routes, by their ids. */
export const sessionRoutes = {
  signInLocally: defineRoute({
    method: 'POST',
    path: `${base}/session/local`,
    permission: 'none',
    tag: 'Access',
    summary: 'Starts a session with a one-time link of this machine, and sets its cookie.',
    body: z.strictObject({
      link: z.string().min(20).max(100).describe('What follows the # in the link of `isthmus open`.'),
    }),
    reply: callerResource,
    problems: [403],
    isBrowserOnly: true,
  }),
  startSignIn: defineRoute({
    method: 'GET',
    path: `${base}/session/oidc`,
    permission: 'none',
    tag: 'Access',
    summary: 'Leads to the identity provider, where a person signs in.',
    reply: z.object({ location: z.string() }),
    problems: [403, 404],
    isRedirect: true,
  }),
  finishSignIn: defineRoute({
    method: 'GET',
    path: `${base}/session/oidc/callback`,
    permission: 'none',
    tag: 'Access',
    summary: 'Starts a session when the identity provider leads a person back, and sets its cookie.',
    query: z.record(z.string(), z.string().max(8_000)).describe('As the identity provider gives them.'),
    reply: z.object({ location: z.string() }),
    problems: [403, 404],
    hasSecretQuery: true,
    isRedirect: true,
  }),
  signOut: defineRoute({
    method: 'DELETE',
    path: `${base}/session`,
    permission: 'read',
    tag: 'Access',
    summary: 'Ends the session of the request, and deletes its cookie.',
    problems: [404],
  }),
  listSessions: defineRoute({
    method: 'GET',
    path: `${base}/sessions`,
    permission: 'manage-access',
    tag: 'Access',
    summary: 'Lists the sessions of people, newest first.',
    reply: z.object({ rows: z.array(sessionResource) }),
  }),
  endSession: defineRoute({
    method: 'DELETE',
    path: `${base}/sessions/{id}`,
    permission: 'manage-access',
    tag: 'Access',
    summary: 'Ends a session, at once.',
    params: z.strictObject({ id: z.string().min(1).max(100) }),
    problems: [404],
  }),
  listAudit: defineRoute({
    method: 'GET',
    path: `${base}/audit`,
    permission: 'read-audit',
    tag: 'Access',
    summary: 'Lists who did and saw what, oldest first: the latest lines, or those after one.',
    query: z.strictObject({
      limit: pageQuery.shape.limit,
      after: z.coerce
        .number()
        .int()
        .min(0)
        .max(Number.MAX_SAFE_INTEGER)
        .optional()
        .describe('`seq` of the last line that is known.'),
    }),
    reply: z.object({ rows: z.array(auditResource) }),
  }),
}
