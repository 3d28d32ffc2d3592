/** Objectives, alerts and retention: validated and stored with the definition. */
import { z } from 'zod'
import { durationBoundSchema, durationSchema, nameSchema, shareBoundSchema } from './text.ts'

function oneOrMore<S extends z.ZodType>(schema: S) {
  return z.union([schema, z.array(schema).min(1)])
}

/** `objectives`: bounds that the integration is measured against. */
export const objectivesSchema = z
  .strictObject({
    discrepancy: oneOrMore(
      z.strictObject({
        entity: z.string().describe('Entity that is compared.'),
        at: shareBoundSchema.describe('Bound, such as "< 0.1 %".'),
        every: durationSchema.optional().describe('How often it is measured. Default 1d.'),
      }),
    )
      .optional()
      .describe('Share of fields that disagree.'),
    latency: oneOrMore(
      z.strictObject({
        entity: z.string().describe('Entity that is measured.'),
        p50: durationBoundSchema.optional().describe('Bound of one half of the changes, such as "< 1 s".'),
        p95: durationBoundSchema.optional().describe('Bound of 95 % of the changes, such as "< 5 s".'),
        p99: durationBoundSchema.optional().describe('Bound of 99 % of the changes, such as "< 30 s".'),
      }),
    )
      .optional()
      .describe('Time from detecting a change to the last write that it caused.'),
    freshness: oneOrMore(
      z.strictObject({
        system: z.string().describe('System that is monitored.'),
        within: durationSchema.describe('Maximum silence.'),
      }),
    )
      .optional()
      .describe('Maximum time without a read or webhook from a system.'),
    staleAfter: durationSchema
      .optional()
      .describe('How long a record may wait before isthmus status asks for attention. Default 15m.'),
    uptime: z
      .strictObject({
        at: shareBoundSchema.describe('Bound, such as ">= 99.9 %".'),
        over: durationSchema.optional().describe('Measurement window. Default 30d.'),
      })
      .optional()
      .describe('Share of the time in which the service is working.'),
    batchWindow: oneOrMore(
      z.strictObject({
        run: z.enum(['full', 'backfill']).describe('Kind of run.'),
        within: durationSchema.describe('Maximum duration.'),
      }),
    )
      .optional()
      .describe('Maximum duration of a run.'),
    repair: z
      .strictObject({ within: durationSchema.describe('Maximum duration.') })
      .optional()
      .describe('Time from a failure to recovery.'),
  })
  .describe('Measured targets, each with an error budget.')

const channelSchema = z.union([
  z.strictObject({ slack: z.string().min(1).describe('Address of an incoming webhook of Slack.') }),
  z.strictObject({ pagerduty: z.string().min(1).describe('Routing key of PagerDuty Events.') }),
  z.strictObject({ email: z.string().min(1).describe('Address of a mailbox.') }),
  z.strictObject({
    webhook: z.string().min(1).describe('Address that is called.'),
    secret: z.string().optional().describe('Secret of the signature.'),
  }),
])

/** `alerts`: whom to notify. */
export const alertsSchema = z
  .strictObject({
    channels: z.record(nameSchema, channelSchema).describe('Destinations of alerts.'),
    routes: z
      .array(
        z.strictObject({
          severity: z.enum(['critical', 'warning', 'info']).describe('Which alerts.'),
          to: z.array(z.string()).min(1).describe('Channels, in order of preference.'),
        }),
      )
      .describe('Routing of alerts.'),
  })
  .describe('Recipients of alerts.')

/** `retention`: how long finished data is kept. */
export const retentionSchema = z
  .strictObject({
    calls: durationSchema.optional().describe('Log of API calls. Default 30d.'),
    history: durationSchema
      .optional()
      .describe('Journal, settled writes, decided conflicts, finished runs. Default 400d, at least 2d.'),
    deadLetters: durationSchema.optional().describe('Settled failures. Default 90d, at least 1d.'),
    deliveries: durationSchema
      .optional()
      .describe('Webhook deliveries, by which copies are recognised. Default 30d, at least 3d.'),
  })
  .describe('How long data is kept.')
