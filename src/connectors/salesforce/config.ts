/**
 * A Salesforce org: the section of the definition. The existing objects are read from the org, never listed
 * here.
 */
import { z } from 'zod'
import { connectionShape } from '../kit/connection.ts'
import { duration } from '../kit/manifest/values.ts'

/**
 * Names of objects and fields: letters, digits, underscores. They are inserted into queries and paths
 * unchanged.
 */
const apiName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/, {
  error: 'expected the API name of an object or field, such as Account or Isthmus_Id__c',
})

const resourceSchema = z.strictObject({
  externalId: apiName
    .optional()
    .describe(
      'Text field that keeps our record ids. It has to be marked External ID and Unique; then no create is ever doubled. Default: that of the system.',
    ),
  fields: z
    .array(apiName)
    .min(1)
    .max(500)
    .optional()
    .describe(
      'Fields that are read. Default: every field that the credential may read, compound ones aside.',
    ),
  precondition: z
    .enum(['none', 'etag', 'lastModified'])
    .default('none')
    .describe(
      'What guards an update against an edit in between: `etag` (a hash of the content, which Salesforce offers for Account only), `lastModified` (whole seconds), or nothing.',
    ),
})

/** Keys of the system's section. */
export const salesforceConfig = z.strictObject({
  ...connectionShape,
  apiVersion: z
    .union(
      [
        z.string().regex(/^(5[89]|[6-9]\d)\.0$/),
        // `60.0` without quotes is the number 60 in YAML.
        z
          .int()
          .min(58)
          .max(99)
          .transform((number) => `${number}.0`),
      ],
      { error: 'expected a version of the REST API, 58.0 or later' },
    )
    .default('60.0')
    .describe('Version of the REST API, 58.0 or later. Default 60.0.'),
  externalId: apiName
    .optional()
    .describe('Text field, marked External ID and Unique, in which every object keeps our record ids.'),
  resources: z
    .record(apiName, resourceSchema)
    .default({})
    .describe(
      'What is special about single objects, by API name. An object that is not named here works too.',
    ),
  bulk: z
    .union([
      z.literal(false),
      z.strictObject({
        from: z.int().min(1).default(10_000).describe('Records from which on a listing is a bulk job.'),
        pageRows: z.int().min(100).max(1_000_000).default(50_000).describe('Rows of one result page.'),
        poll: duration.prefault('2s').describe('Longest wait between two requests for the state of a job.'),
      }),
    ])
    .prefault({})
    .describe('When listings go through Bulk API 2.0; `false` never.'),
  commitLag: duration
    .prefault('1m')
    .describe(
      'Changes may turn up this long after their SystemModstamp. Longer transactions are allowed for as the org tells of them. Default 1m.',
    ),
  inflight: duration
    .prefault('10m')
    .describe('Longest time after our time-out in which a request may still take effect. Default 10m.'),
  webhooks: z
    .strictObject({
      secret: z
        .string()
        .min(16)
        .describe(
          'Text of at least 16 characters that outbound messages bring as ?token=, and relays as a bearer token.',
        ),
      nextSecret: z
        .string()
        .min(16)
        .optional()
        .describe('The next secret while it is being changed: both are accepted.'),
      organizationId: z
        .string()
        .regex(/^00D[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?$/, {
          error: 'expected an organization id, such as 00D…',
        })
        .optional()
        .describe('Id of the org, which outbound messages carry; others are refused.'),
    })
    .optional()
    .describe('Outbound messages, and change events that a relay posts.'),
})

/** A validated section. */
export type SalesforceConfig = z.output<typeof salesforceConfig>

/** The settings of one object. */
export type ResourceConfig = z.output<typeof resourceSchema>

/** The effective settings of one object: its own entry over the system's. */
export function resourceConfig(config: SalesforceConfig, object: string): ResourceConfig {
  const own = Object.hasOwn(config.resources, object) ? config.resources[object] : undefined
  const externalId = own?.externalId ?? config.externalId
  return {
    precondition: own?.precondition ?? 'none',
    ...(externalId === undefined ? {} : { externalId }),
    ...(own?.fields === undefined ? {} : { fields: own.fields }),
  }
}
