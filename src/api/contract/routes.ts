/** All routes of the admin API. The server has a handler for each of them, and serves no other. */
import { z } from 'zod'
import { pageOf, pageQuery, recordIdSchema, timeSchema, valueSchema } from './pages.ts'
import { roleSchema } from './permissions.ts'
import {
  callerResource,
  conflictResource,
  countResource,
  createdTokenResource,
  decisionResource,
  duplicateResource,
  eventResource,
  failureResource,
  hitResource,
  holdResource,
  matchResource,
  pauseResource,
  recordResource,
  runResource,
  schemaResource,
  tokenResource,
} from './resources.ts'
import { defineRoute } from './route.ts'
import { sessionRoutes } from './session-routes.ts'
import { statusResource } from './status-resource.ts'
import { tokenName, tokenNameWords } from './tokens.ts'

const base = '/api/v1'
const name = z.string().min(1).max(200)
const reasonText = z.string().trim().min(1).max(1000)
const byId = z.strictObject({ id: z.string().min(1).max(100) })
const byRecord = z.strictObject({ id: recordIdSchema })

const record = {
  listRecords: defineRoute({
    method: 'GET',
    path: `${base}/records`,
    permission: 'read',
    tag: 'Records',
    summary: 'Lists the ids of the active records of an entity.',
    query: pageQuery.extend({
      entity: name,
      cursor: recordIdSchema.optional().describe('`cursor` of the previous page.'),
    }),
    reply: pageOf(recordIdSchema),
  }),
  searchRecords: defineRoute({
    method: 'GET',
    path: `${base}/search`,
    permission: 'read',
    tag: 'Records',
    summary:
      'Finds records by their id, by a native id of any system, or by a value of a field that records are matched by. The last takes a caller who may see values.',
    query: z.strictObject({
      text: z.string().trim().min(1).max(500).describe('What to search.'),
      limit: pageQuery.shape.limit,
    }),
    reply: z.object({ rows: z.array(hitResource) }),
    hasSecretQuery: true,
  }),
  findRecord: defineRoute({
    method: 'GET',
    path: `${base}/systems/{system}/entities/{entity}/records/{nativeId}`,
    permission: 'read',
    tag: 'Records',
    summary: 'Returns the record of a native record.',
    params: z.strictObject({ system: name, entity: name, nativeId: z.string().min(1).max(2000) }),
    reply: recordResource,
    problems: [404],
  }),
  getRecord: defineRoute({
    method: 'GET',
    path: `${base}/records/{id}`,
    permission: 'read',
    tag: 'Records',
    summary: 'Returns a record in all its systems.',
    params: byRecord,
    reply: recordResource,
    problems: [404],
  }),
  listRecordEvents: defineRoute({
    method: 'GET',
    path: `${base}/records/{id}/events`,
    permission: 'read',
    tag: 'Records',
    summary: 'Lists what happened to a record, oldest first.',
    params: byRecord,
    query: z.strictObject({
      limit: pageQuery.shape.limit,
      after: z.coerce
        .number()
        .int()
        .min(0)
        .optional()
        .describe('`sequence` of the last event that is known.'),
    }),
    reply: z.object({ rows: z.array(eventResource) }),
  }),
  refreshRecord: defineRoute({
    method: 'POST',
    path: `${base}/records/{id}/refresh`,
    permission: 'operate',
    tag: 'Records',
    summary: 'Reads the record in all its systems as soon as possible.',
    params: byRecord,
    problems: [404],
  }),
}

const decisions = {
  listConflicts: defineRoute({
    method: 'GET',
    path: `${base}/conflicts`,
    permission: 'read',
    tag: 'Decisions',
    summary: 'Lists conflicts, newest first.',
    query: pageQuery.extend({ state: z.enum(['open', 'decided']).default('open') }),
    reply: pageOf(conflictResource),
  }),
  getConflict: defineRoute({
    method: 'GET',
    path: `${base}/conflicts/{id}`,
    permission: 'read',
    tag: 'Decisions',
    summary: 'Returns a conflict.',
    params: byId,
    reply: conflictResource,
    problems: [404],
  }),
  resolveConflict: defineRoute({
    method: 'POST',
    path: `${base}/conflicts/{id}/resolution`,
    permission: 'operate',
    tag: 'Decisions',
    summary: 'Decides a conflict: for the value of one system, or for another value.',
    params: byId,
    body: z.union([z.strictObject({ system: name }), z.strictObject({ value: valueSchema })]),
    problems: [404, 409],
  }),
  listMatches: defineRoute({
    method: 'GET',
    path: `${base}/matches`,
    permission: 'read',
    tag: 'Decisions',
    summary: 'Lists records whose counterpart a person has to name, newest first.',
    query: pageQuery,
    reply: pageOf(matchResource),
  }),
  decideMatch: defineRoute({
    method: 'POST',
    path: `${base}/matches/{id}/decision`,
    permission: 'operate',
    tag: 'Decisions',
    summary: 'Decides which record an unmatched one belongs to, or that it is one of its own.',
    params: byRecord,
    body: z.union([z.strictObject({ same: recordIdSchema }), z.strictObject({ apart: z.literal(true) })]),
    problems: [404, 409],
  }),
  listDuplicates: defineRoute({
    method: 'GET',
    path: `${base}/duplicates`,
    permission: 'read',
    tag: 'Decisions',
    summary: 'Lists pairs of records that may be the same.',
    query: pageQuery.extend({ state: z.enum(['open', 'decided']).default('open') }),
    reply: pageOf(duplicateResource),
  }),
  decideDuplicate: defineRoute({
    method: 'POST',
    path: `${base}/duplicates/{id}/decision`,
    permission: 'operate',
    tag: 'Decisions',
    summary: 'Decides that two records are the same, or that they are not.',
    params: byId,
    body: z.union([
      z.strictObject({
        same: z.strictObject({
          keep: recordIdSchema.describe('The record to keep. The other one becomes part of it.'),
          survivors: z
            .record(name, z.string())
            .default({})
            .describe('Native id to keep, by system. Default: the suggested one.'),
          others: z
            .enum(['archive', 'delete', 'keep'])
            .describe('What happens to native records that the merged record has no place for.'),
        }),
      }),
      z.strictObject({ apart: z.literal(true) }),
    ]),
    problems: [404, 409],
  }),
  undoDuplicate: defineRoute({
    method: 'DELETE',
    path: `${base}/duplicates/{id}/decision`,
    permission: 'operate',
    tag: 'Decisions',
    summary: 'Takes back a decision about two records.',
    params: byId,
    problems: [404, 409],
  }),
  listHolds: defineRoute({
    method: 'GET',
    path: `${base}/holds`,
    permission: 'read',
    tag: 'Decisions',
    summary: 'Lists changes that wait for a release, newest first.',
    query: pageQuery,
    reply: pageOf(holdResource),
  }),
  decideHolds: defineRoute({
    method: 'POST',
    path: `${base}/holds/decision`,
    permission: 'approve',
    tag: 'Decisions',
    summary: 'Releases or rejects one held change, or all of a kind.',
    body: z.strictObject({
      decision: z
        .enum(['release', 'reject'])
        .describe(
          'release: it continues. reject: it is cancelled; a rejected deletion leaves the other systems unchanged.',
        ),
      select: z
        .union([
          z.strictObject({ id: z.string().min(1).max(100) }),
          z.strictObject({ kind: name, system: name.optional() }),
        ])
        .describe('One hold, or all of a kind.'),
    }),
    reply: countResource,
  }),
}

const operations = {
  listFailures: defineRoute({
    method: 'GET',
    path: `${base}/failures`,
    permission: 'read',
    tag: 'Operations',
    summary: 'Lists open failures, newest first.',
    query: pageQuery.extend({
      system: name.optional(),
      signature: z.string().min(1).max(200).optional().describe('Only failures with this cause.'),
    }),
    reply: pageOf(failureResource),
  }),
  retryFailures: defineRoute({
    method: 'POST',
    path: `${base}/failures/retry`,
    permission: 'operate',
    tag: 'Operations',
    summary: 'Retries failures: those of a record, of a cause, or of a system.',
    body: z
      .strictObject({
        recordId: recordIdSchema.optional(),
        system: name.optional(),
        signature: z.string().min(1).max(200).optional(),
      })
      .refine((filter) => Object.keys(filter).length > 0, 'name a record, a system or a signature'),
    reply: countResource,
  }),
  listRuns: defineRoute({
    method: 'GET',
    path: `${base}/runs`,
    permission: 'read',
    tag: 'Operations',
    summary: 'Lists runs, newest first.',
    query: pageQuery,
    reply: pageOf(runResource),
  }),
  getRun: defineRoute({
    method: 'GET',
    path: `${base}/runs/{id}`,
    permission: 'read',
    tag: 'Operations',
    summary: 'Returns a run.',
    params: byId,
    reply: runResource,
    problems: [404],
  }),
  getPause: defineRoute({
    method: 'GET',
    path: `${base}/pause`,
    permission: 'read',
    tag: 'Operations',
    summary: 'Returns whether a person paused the work.',
    reply: pauseResource,
  }),
  pause: defineRoute({
    method: 'PUT',
    path: `${base}/pause`,
    permission: 'operate',
    tag: 'Operations',
    summary: 'Pauses the work; webhooks are still accepted.',
    body: z.strictObject({ reason: reasonText }),
    problems: [409],
  }),
  resume: defineRoute({
    method: 'DELETE',
    path: `${base}/pause`,
    permission: 'operate',
    tag: 'Operations',
    summary: 'Resumes the work.',
    problems: [409],
  }),
  listSchemas: defineRoute({
    method: 'GET',
    path: `${base}/schemas`,
    permission: 'read',
    tag: 'Operations',
    summary: 'Lists the schemas of resources as their systems reported them.',
    reply: z.object({ rows: z.array(schemaResource) }),
  }),
  acceptSchema: defineRoute({
    method: 'POST',
    path: `${base}/schemas/acceptance`,
    permission: 'change-mapping',
    tag: 'Operations',
    summary: 'Accepts the schema that was seen last.',
    body: z.strictObject({ system: name, resource: name.optional() }),
    reply: countResource,
  }),
  acceptAccount: defineRoute({
    method: 'POST',
    path: `${base}/systems/{system}/account/acceptance`,
    permission: 'approve',
    tag: 'Operations',
    summary: 'Accepts the account that a system responded as last.',
    params: z.strictObject({ system: name }),
    reply: z.object({ account: z.string(), before: z.string().optional() }),
    problems: [404],
  }),
}

const access = {
  getStatus: defineRoute({
    method: 'GET',
    path: `${base}/status`,
    permission: 'none',
    tag: 'Status',
    summary: 'Returns whether the systems agree, and what prevents it.',
    reply: statusResource,
  }),
  listDecisions: defineRoute({
    method: 'GET',
    path: `${base}/decisions`,
    permission: 'none',
    tag: 'Status',
    summary: 'Lists the latest lines of the journal, without values.',
    reply: z.array(decisionResource),
  }),
  streamEvents: defineRoute({
    method: 'GET',
    path: `${base}/events`,
    permission: 'none',
    tag: 'Status',
    summary: 'Streams the status and the latest lines of the journal as server-sent events, once a second.',
    reply: z.string(),
    mediaType: 'text/event-stream',
  }),
  getOpenApi: defineRoute({
    method: 'GET',
    path: `${base}/openapi.json`,
    permission: 'none',
    tag: 'Status',
    summary: 'Returns this document.',
    reply: z.looseObject({ openapi: z.string() }),
  }),
  getCaller: defineRoute({
    method: 'GET',
    path: `${base}/caller`,
    permission: 'read',
    tag: 'Access',
    summary: 'Returns who the request is made by.',
    reply: callerResource,
  }),
  listTokens: defineRoute({
    method: 'GET',
    path: `${base}/tokens`,
    permission: 'manage-access',
    tag: 'Access',
    summary: 'Lists access tokens, without their secrets.',
    reply: z.object({ rows: z.array(tokenResource) }),
  }),
  createToken: defineRoute({
    method: 'POST',
    path: `${base}/tokens`,
    permission: 'manage-access',
    tag: 'Access',
    summary: 'Creates an access token with roles of its creator.',
    body: z.strictObject({
      name: z.string().regex(tokenName, tokenNameWords),
      roles: z.array(roleSchema).min(1).max(10),
      expiresAt: timeSchema.optional().describe('At most one year ahead. Default: in 90 days.'),
    }),
    reply: createdTokenResource,
    isShownOnce: true,
    problems: [409],
  }),
  revokeToken: defineRoute({
    method: 'DELETE',
    path: `${base}/tokens/{name}`,
    permission: 'manage-access',
    tag: 'Access',
    summary: 'Revokes an access token, at once.',
    params: z.strictObject({ name }),
    problems: [404],
  }),
}

/** Every route of the admin API, by its id. */
export const apiRoutes = { ...access, ...sessionRoutes, ...record, ...decisions, ...operations }

/** Id of a route. */
export type RouteId = keyof typeof apiRoutes
