/** A system of the connector `stripe`: the section of the definition. */
import { z } from 'zod'
import { durationSchema } from '../../model/definition/schema/text.ts'
import { connectionShape } from '../kit/connection.ts'
import { resourceNames } from './catalogue.ts'

/**
 * The version of the API that the connector uses: responses and refusals follow it, whatever the account's
 * own default is. It is the version of Stripe's own library that the tests use.
 */
export const pinnedVersion = '2026-10-28.endive'

const expandPath = z
  .string()
  .regex(/^[a-z_]+(\.[a-z_]+){0,3}$/, { error: 'expected a path such as customer or latest_charge.customer' })

/** Keys of the system's section. */
export const stripeConfig = z.strictObject({
  ...connectionShape,
  url: z
    .string()
    .min(1)
    .default('https://api.stripe.com')
    .describe('Address of the API. Default https://api.stripe.com.'),
  auth: z
    .strictObject({
      type: z.literal('bearer'),
      token: z.string().min(1).describe('Secret key or restricted key: sk_… or rk_….'),
    })
    .describe('How calls get in: the key as a bearer token.'),
  account: z
    .string()
    .regex(/^acct_[A-Za-z0-9]+$/, { error: 'expected the id of a connected account: acct_…' })
    .optional()
    .describe("Connected account that calls are made for (Stripe-Account). Default: the key's own."),
  apiVersion: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(\.[a-z_]+)?$/, { error: `expected a version such as ${pinnedVersion}` })
    .default(pinnedVersion)
    .describe(`Version of the API (Stripe-Version). Default ${pinnedVersion}, the one that was tested.`),
  amounts: z
    .enum(['minor', 'decimal'])
    .default('minor')
    .describe(
      "Amounts in records: minor as Stripe spells them (1099), decimal in the currency's unit (10.99). Default minor.",
    ),
  marker: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/, {
      error: 'expected a key of metadata: letters, digits, _ and -, at most 40',
    })
    .default('isthmus_id')
    .describe('Key of metadata that holds our record id. Default isthmus_id.'),
  searchLag: durationSchema
    .default('1h')
    .describe(
      'Longest time until a new record can be found by search. Default 1h, as Stripe says of outages.',
    ),
  pageSize: z.int().min(1).max(100).default(100).describe('Objects in one page of a list. Default 100.'),
  expand: z
    .partialRecord(z.enum(resourceNames), z.array(expandPath).min(1).max(20))
    .optional()
    .describe('By resource: references whose objects come inside the record. They can then only be read.'),
  webhooks: z
    .strictObject({
      secret: z.string().min(1).describe('Signing secret of the endpoint: whsec_…'),
      nextSecret: z
        .string()
        .min(1)
        .optional()
        .describe('The next secret while it is being rolled: both are accepted.'),
      tolerance: durationSchema
        .default('5m')
        .describe('How old or new the time of a signature may be. Default 5m.'),
    })
    .optional()
    .describe('How deliveries are verified. Default: no webhooks.'),
})

/** A validated section. */
export type StripeConfig = z.output<typeof stripeConfig>
