/** A system of the connector `sap-s4`: the section of the definition. */
import { z } from 'zod'
import { isTimeZone } from '../../model/canonical/time-zone.ts'
import { odataShape } from '../kit/odata/settings.ts'

/** Keys of a system's section. A resource with the name of a preset is merged over it, key by key. */
export const sapS4Config = z.strictObject({
  ...odataShape,
  resources: z
    .record(z.string().min(1), z.record(z.string(), z.unknown()))
    .optional()
    .describe('By the name that the definition uses: further entity sets, and what differs from a preset.'),
  client: z
    .string()
    .regex(/^\d{3}$/, { error: 'expected three digits in quotes, such as "100"' })
    .optional()
    .describe('The client (tenant within the system), three digits: sap-client. Default: that of the host.'),
  language: z
    .string()
    .regex(/^[A-Z]{2}$/, { error: 'expected a language of two letters, such as EN' })
    .default('EN')
    .describe('Language of descriptions and messages: sap-language.'),
  identificationType: z
    .string()
    .regex(/^[A-Z0-9_]{1,6}$/, { error: 'expected at most six capitals and digits' })
    .default('ISTHMS')
    .describe(
      'Identification type (customizing, at most six characters) under which our record ids are kept at business partners.',
    ),
  timeZone: z
    .string()
    .refine(isTimeZone, { error: 'expected a zone such as Europe/Berlin' })
    .default('UTC')
    .describe("Zone of the system, which business partners' times are in: UTC in S/4HANA Cloud."),
  webhooks: z
    .strictObject({
      secret: z
        .string()
        .min(1)
        .describe('What the header holds after the prefix: a token, or user and password in base64.'),
      /** The next one during a rotation: both are accepted. */
      nextSecret: z.string().min(1).optional(),
      header: z.string().min(1).default('authorization'),
      prefix: z.string().default('Bearer '),
    })
    .optional()
    .describe('Pushes of SAP Event Mesh.'),
})

/** A validated section. */
export type SapS4Config = z.output<typeof sapS4Config>
