/** The resources of the admin API, one schema each. Objects drop unknown keys, so that a response never contains more than it declares. */
import { z } from 'zod'
import { recordIdSchema, timeSchema, valueSchema } from './pages.ts'
import { roleSchema } from './permissions.ts'

const unreadable = z.string().optional().describe('Why a part of it can not be read.')

/** A problem, as RFC 9457 describes it. */
export const problemResource = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional().describe('What is wrong with this request.'),
    code: z.string().optional().describe('Error code, as in the reference of error codes.'),
    fix: z.string().optional().describe('What to do about it.'),
    errors: z
      .array(
        z.object({ in: z.enum(['path', 'query', 'header', 'body']), at: z.string(), message: z.string() }),
      )
      .optional()
      .describe('Invalid parts of the request.'),
  })
  .meta({ id: 'Problem', description: 'Problem details of RFC 9457 (application/problem+json).' })

/** Who a request is made by. */
export const callerResource = z
  .object({
    name: z.string(),
    kind: z
      .enum(['token', 'local', 'person'])
      .describe(
        'token: an access token. local: the person at the machine. person: signed in at the identity provider.',
      ),
    roles: z.array(roleSchema),
    expiresAt: timeSchema.optional(),
  })
  .meta({ id: 'Caller' })

/** A session of a person. */
export const sessionResource = z
  .object({
    id: z.string(),
    kind: z.enum(['local', 'person']),
    name: z.string(),
    actor: z.string().describe('As the journal names it.'),
    roles: z.array(roleSchema),
    address: z.string().optional().describe('Where the person signed in from.'),
    createdAt: timeSchema,
    seenAt: timeSchema.describe('Accurate to a minute.'),
    expiresAt: timeSchema,
    current: z.boolean().describe('The session of this request.'),
  })
  .meta({ id: 'Session' })

/** An access token, without its secret. */
export const tokenResource = z
  .object({
    name: z.string(),
    roles: z.array(roleSchema),
    createdAt: timeSchema,
    createdBy: z.string(),
    expiresAt: timeSchema,
    lastUsedAt: timeSchema.optional().describe('Accurate to a minute. Missing: never used.'),
    revokedAt: timeSchema.optional(),
  })
  .meta({ id: 'Token' })

/** A new token with its secret. */
export const createdTokenResource = tokenResource
  .extend({ secret: z.string().describe('Shown here and never again: only its hash is stored.') })
  .meta({ id: 'CreatedToken' })

const member = z
  .object({
    system: z.string(),
    nativeId: z.string().optional(),
    state: z
      .enum(['absent', 'unread', 'linked', 'suspect', 'gone', 'out-of-scope'])
      .describe('State of the counterpart in this system.'),
    lane: z
      .object({ state: z.string(), reason: z.string().optional(), until: timeSchema.optional() })
      .describe('Whether writes to this system are possible, and otherwise why not.'),
    fields: z.record(
      z.string(),
      z.object({
        value: valueSchema.optional(),
        acknowledgedRevision: z.int().describe('Agreed revision that this system is known to hold.'),
        coerced: z.boolean().optional().describe('The system keeps the value in a poorer form.'),
        held: z.string().optional().describe('Why the field waits for a decision.'),
        refused: z.string().optional().describe('Code of the refusal of the agreed revision.'),
      }),
    ),
  })
  .meta({ id: 'Member' })

const causesSchema = z
  .array(z.string())
  .optional()
  .describe(
    'Why: webhook, subscription, poll, run:<id>, first-load:<id>, person:<action>, definition, record (another one), or engine; the first cause first.',
  )

/** A record in all its systems. */
export const recordResource = z
  .object({
    id: recordIdSchema,
    entity: z.string(),
    state: z.enum(['candidate', 'review', 'active', 'deleting', 'tombstoned', 'ignored']),
    revision: z.int().describe('Grows with each agreed change.'),
    discoveredAt: timeSchema,
    due: z.boolean().describe('There is work to do for it.'),
    fields: z
      .record(
        z.string(),
        z.object({
          value: valueSchema.optional(),
          revision: z.int(),
          source: z.string().describe('System, or person, that the agreed value comes from.'),
        }),
      )
      .describe('The agreed fields.'),
    members: z.array(member),
    writes: z.array(
      z.object({
        id: z.string(),
        system: z.string(),
        operation: z.enum(['create', 'update', 'archive', 'delete']),
        state: z.enum(['open', 'done', 'rejected', 'unsent', 'abandoned']),
        createdAt: timeSchema,
        outcome: z.string().optional(),
        causes: causesSchema,
        definition: z.string().optional().describe('Version of the definition that decided it.'),
      }),
    ),
    unreadable: z.array(z.string()).describe('Parts that can not be read, in words.'),
  })
  .meta({ id: 'Record' })

/** A line of the journal about a record. */
export const eventResource = z
  .object({
    sequence: z.int(),
    at: timeSchema,
    kind: z.string(),
    actor: z.string().describe('The engine, or the person or token that decided.'),
    text: z.string().describe('What happened, without values.'),
    causes: causesSchema,
    unreadable,
  })
  .meta({ id: 'JournalEvent' })

/** One of the latest lines of the journal. */
export const decisionResource = z
  .object({
    seq: z.int(),
    stream: z.string(),
    at: timeSchema,
    kind: z.string(),
    recordId: recordIdSchema.optional(),
    actor: z.string(),
    text: z.string().describe('What happened, without values.'),
  })
  .meta({ id: 'Decision' })

/** A conflict. */
export const conflictResource = z
  .object({
    id: z.string(),
    recordId: recordIdSchema,
    entity: z.string(),
    field: z.string(),
    policy: z.string(),
    state: z.enum(['open', 'decided']),
    winner: z.string().optional().describe('System whose value was taken.'),
    decidedBy: z.string().optional(),
    at: timeSchema,
    candidates: z.array(z.object({ system: z.string(), value: valueSchema.optional(), at: timeSchema })),
    unreadable,
  })
  .meta({ id: 'Conflict' })

/** A record that a search found. */
export const hitResource = z
  .object({
    recordId: recordIdSchema,
    entity: z.string(),
    state: z.string(),
    by: z
      .enum(['record id', 'native id', 'value', 'similar'])
      .describe(
        'What the text is of it. similar: a value that is compared with the text when records are matched.',
      ),
    system: z.string().optional().describe('System of the native id.'),
  })
  .meta({ id: 'Hit' })

/** An unmatched record whose counterpart a person has to name. */
export const matchResource = z
  .object({
    recordId: recordIdSchema,
    entity: z.string(),
    system: z.string(),
    nativeId: z.string(),
    at: timeSchema,
    candidates: z.array(
      z.object({
        recordId: recordIdSchema,
        score: z.number().describe('0 to 1.'),
        why: z.string(),
      }),
    ),
    unreadable,
  })
  .meta({ id: 'Match' })

const duplicateSide = z.object({
  recordId: recordIdSchema,
  state: z.string(),
  natives: z.array(
    z.object({
      system: z.string(),
      nativeId: z.string(),
      state: z.string(),
      madeHere: z.boolean().describe('Isthmus created it.'),
    }),
  ),
})

/** Two records that may be the same. */
export const duplicateResource = z
  .object({
    id: z.string(),
    entity: z.string(),
    cause: z.enum(['key', 'merge']),
    system: z.string().optional().describe('The system whose merge joined the two.'),
    state: z.enum(['open', 'same', 'apart']),
    at: timeSchema,
    decidedAt: timeSchema.optional(),
    decidedBy: z.string().optional(),
    sides: z.array(duplicateSide).describe('Two; the one suggested to keep comes first.'),
    overlaps: z
      .array(z.object({ system: z.string(), suggested: z.string() }))
      .describe('Systems in which both have a native record, with the one suggested to keep.'),
    held: z.array(
      z.object({ recordId: recordIdSchema, system: z.string(), what: z.enum(['create', 'deletion']) }),
    ),
  })
  .meta({ id: 'Duplicate' })

/** Something that waits for a person. */
export const holdResource = z
  .object({
    id: z.string(),
    recordId: recordIdSchema,
    entity: z.string(),
    system: z.string().optional(),
    field: z.string().optional(),
    kind: z.string(),
    reason: z.string(),
    at: timeSchema,
  })
  .meta({ id: 'Hold' })

/** A record that failed in one system. */
export const failureResource = z
  .object({
    recordId: recordIdSchema,
    entity: z.string(),
    system: z.string(),
    operation: z.string(),
    code: z.string(),
    message: z.string(),
    signature: z.string().describe('Equal for failures with the same cause.'),
    replay: z.enum(['safe', 'unsafe', 'after-check']).describe('Whether it may be retried.'),
    passId: z.string().optional().describe('Names the log lines and calls of the pass in which it failed.'),
    firstAt: timeSchema,
    lastAt: timeSchema,
    count: z.int(),
  })
  .meta({ id: 'Failure' })

/** One complete read of an entity in a system. */
export const runResource = z
  .object({
    id: z.string(),
    kind: z.enum(['full', 'sync']),
    system: z.string(),
    entity: z.string(),
    startedAt: timeSchema,
    finishedAt: timeSchema.optional().describe('Missing while it is in progress.'),
    seen: z.int().describe('Records listed.'),
    expected: z.int().optional().describe('Records that the system counts.'),
    complete: z.boolean().optional(),
    reason: z.string().optional().describe('Why it is not complete.'),
    created: z.int().optional(),
    changed: z.int().optional(),
    missing: z.int().optional(),
  })
  .meta({ id: 'Run' })

/** The schema of a resource as its system reported it. */
export const schemaResource = z
  .object({
    system: z.string(),
    resource: z.string(),
    drifted: z.boolean().describe('The schema that was seen last is not the accepted one.'),
    accepted: z.string().describe('JSON.'),
    acceptedAt: timeSchema,
    seen: z.string().describe('JSON.'),
    seenAt: timeSchema,
  })
  .meta({ id: 'Schema' })

/** Whether a person paused the work. */
export const pauseResource = z
  .object({
    paused: z.boolean(),
    actor: z.string().optional(),
    at: timeSchema.optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Pause' })

/** How many things an action changed. */
export const countResource = z.object({ count: z.int() }).meta({ id: 'Count' })

/** A line of the audit trail. */
export const auditResource = z
  .object({
    seq: z.int(),
    at: timeSchema,
    action: z.string().describe('What was done, such as conflict.resolve, values.read or access.denied.'),
    actor: z.string(),
    details: z
      .record(z.string(), z.unknown())
      .describe('About what, and from where; without values of records.'),
    unreadable,
  })
  .meta({ id: 'AuditLine' })
