/** The status resource as a schema. `../status.ts` makes it, and a type test keeps the two in step. */
import { z } from 'zod'
import { reasonCodes } from '../../model/health/contract.ts'
import { timeSchema } from './pages.ts'

const stateSchema = z
  .enum(['agreed', 'working', 'attention', 'paused', 'unwatched', 'never-seen'])
  .meta({ id: 'HealthState' })

const reason = z
  .object({
    code: z.enum(reasonCodes),
    state: stateSchema.exclude(['agreed']),
    system: z.string().optional(),
    entity: z.string().optional(),
    message: z.string(),
    since: timeSchema.optional(),
    action: z.string().optional().describe('What to do about it.'),
  })
  .meta({ id: 'HealthReason' })

const failing = z.object({
  way: z.enum(['feed', 'list']),
  code: z.string(),
  message: z.string(),
  cause: z.string().optional(),
  since: timeSchema,
  at: timeSchema,
  failures: z.int(),
})

const delay = z.object({
  lane: z.string(),
  reason: z.string().optional(),
  count: z.int(),
  since: timeSchema.optional(),
})

const place = z
  .object({
    system: z.string(),
    entity: z.string(),
    state: stateSchema,
    reasons: z.array(reason),
    notes: z.array(z.string()),
    linked: z.int(),
    lastHeardAt: timeSchema.optional(),
    lastReadMs: z.number().optional(),
    lastComparedAt: timeSchema.optional(),
    error: failing.optional(),
    nextTryAt: timeSchema.optional(),
    pausedUntil: timeSchema.optional(),
    backlog: z.object({ count: z.int(), since: timeSchema.optional() }),
    delays: z.array(delay),
  })
  .meta({ id: 'Place', description: 'The last known state of one entity in one system.' })

/** Counts and states at one moment. */
export const statusResource = z
  .looseObject({
    integration: z.string(),
    version: z.string(),
    summary: z
      .string()
      .describe('One sentence: whether everything is in agreement, and if not, what the problem is.'),
    state: stateSchema,
    reasons: z.array(reason),
    places: z.array(place),
    database: z.object({
      writable: z.boolean(),
      problem: z.object({ code: z.string(), message: z.string() }).optional(),
    }),
    protection: z
      .object({
        rows: z.enum(['append-only', 'tamper-evident only']),
        end: z.enum(['anchored', 'not protected']),
        anchoredAt: timeSchema.optional(),
      })
      .describe('How far the audit trail is protected against somebody who can write to the database.'),
    paused: z.object({ actor: z.string(), at: timeSchema, reason: z.string().optional() }).optional(),
    doubts: z.array(z.object({ system: z.string(), entity: z.string(), reason: z.string() })),
  })
  .meta({ id: 'Status' })
