/** One system: a connector plus address, credentials, limits and timing. */
import { z } from 'zod'
import { durationSchema, shareSchema } from './text.ts'

const limitsSchema = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Maximum number of records of this system read or written concurrently. Default 16.'),
    perSecond: z
      .number()
      .positive()
      .optional()
      .describe('Calls per second. Default: as reported by the system.'),
    perMinute: z
      .number()
      .positive()
      .optional()
      .describe('Calls per minute. Default: as reported by the system.'),
    perHour: z.number().positive().optional().describe('Calls per hour. Default: as reported by the system.'),
    perDay: z.number().positive().optional().describe('Calls per 24 h. Default: as reported by the system.'),
    reserve: shareSchema
      .optional()
      .describe('Share of the quota reserved for people and other applications. Default 0 %.'),
  })
  .describe('Limits on the use of the system by this integration.')

const timingSchema = z
  .strictObject({
    readTimeout: durationSchema.optional().describe('Time limit of one read. Default 10s.'),
    writeTimeout: durationSchema.optional().describe('Time limit of one write. Default 10s.'),
  })
  .describe('Time limits for this system.')

/** Keys that every system has; others belong to its connector, which checks them when it is bound. */
export const systemSchema = z
  .looseObject({
    connector: z.string().min(1).describe('Which connector adapts this system, e.g. rest.'),
    url: z.string().min(1).optional().describe('Address of the API.'),
    auth: z
      .looseObject({
        type: z
          .string()
          .min(1)
          .describe(
            'Kind of credential: none, bearer, basic, api-key, oauth2-client-credentials, oauth2-refresh-token or oauth2-jwt-bearer.',
          ),
      })
      .optional()
      .describe(`Credentials, as \${env:NAME} or \${file:path}; never literal.`),
    limits: limitsSchema.optional(),
    webhooks: z
      .looseObject({
        secret: z.string().optional().describe(`Signing secret, as \${env:NAME} or \${file:path}.`),
      })
      .optional()
      .describe('How webhook deliveries of this system are verified.'),
    timing: timingSchema.optional(),
  })
  .describe('One account of one business system. Keys beyond these belong to the connector.')

/** One entry of `systems` as the definition spells it. */
export type SystemDefinition = z.infer<typeof systemSchema>
