/** Objectives, alerts and retention: validated and stored with the definition. */
import { z } from 'zod'
import { durationBoundSchema, durationSchema, nameSchema, shareBoundSchema } from './text.ts'

function oneOrMore<S extends z.ZodType>(schema: S) {
  return z.union([schema, z.array(schema).min(1)])
}

export const objectivesSchema = z
  .strictObject({
    discrepancy: oneOrMore(
      z.strictObject({ entity: z.string(), at: shareBoundSchema, every: durationSchema.optional() }),
    )
      .optional()
      .describe('Share of fields that disagree.'),
    latency: oneOrMore(
      z.strictObject({
        entity: z.string(),
        p50: durationBoundSchema.optional(),
        p95: durationBoundSchema.optional(),
        p99: durationBoundSchema.optional(),
      }),
    )
      .optional()
      .describe('Time from noticing a change to the last write it caused.'),
    freshness: oneOrMore(z.strictObject({ system: z.string(), within: durationSchema }))
      .optional()
      .describe('Longest silence of a system.'),
    uptime: z.strictObject({ at: shareBoundSchema, over: durationSchema.optional() }).optional(),
    batchWindow: oneOrMore(
      z.strictObject({ run: z.enum(['full', 'backfill']), within: durationSchema }),
    ).optional(),
    repair: z.strictObject({ within: durationSchema }).optional().describe('From failure to health.'),
  })
  .describe('Measured targets, each with an error budget.')

const channelSchema = z.union([
  z.strictObject({ slack: z.string().min(1) }),
  z.strictObject({ pagerduty: z.string().min(1) }),
  z.strictObject({ email: z.string().min(1) }),
  z.strictObject({ webhook: z.string().min(1), secret: z.string().optional() }),
])

export const alertsSchema = z
  .strictObject({
    channels: z.record(nameSchema, channelSchema).describe('Where alerts can go.'),
    routes: z
      .array(
        z.strictObject({
          severity: z.enum(['critical', 'warning', 'info']),
          to: z.array(z.string()).min(1).describe('Channels, in order of preference.'),
        }),
      )
      .describe('Which alerts go where.'),
  })
  .describe('Who is told.')

export const retentionSchema = z
  .strictObject({
    calls: durationSchema.optional().describe('Log of API calls. Default 30d.'),
    history: durationSchema.optional().describe('Versions of records. Default 400d.'),
    deadLetters: durationSchema.optional().describe('Settled failures. Default 90d.'),
    deliveries: durationSchema.optional().describe('Webhook deliveries. Default 30d.'),
  })
  .describe('How long things are kept.')
