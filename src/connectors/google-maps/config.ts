/** A system of the connector `google-maps`: the section of the definition. */
import { z } from 'zod'
import { durationSchema } from '../../model/definition/schema/text.ts'
import { connectionShape } from '../kit/connection.ts'

const code = (what: string, pattern: RegExp) => z.string().regex(pattern, { error: `expected ${what}` })

/** Keys of the system's section. */
export const googleMapsConfig = z.strictObject({
  ...connectionShape,
  url: z
    .string()
    .min(1)
    .default('https://maps.googleapis.com')
    .describe('Address of the API. Default https://maps.googleapis.com.'),
  auth: z
    .strictObject({
      type: z.literal('api-key'),
      value: z.string().min(1).describe('Key of the project, allowed to use the Geocoding API.'),
    })
    .describe('How calls get in: an API key. It goes where Google wants it.'),
  language: code('a language such as de or pt-BR', /^[a-z]{2,3}(-[A-Za-z]{2,4})?$/)
    .optional()
    .describe('Language of names in responses. Default: as Google chooses.'),
  region: code('a top-level domain such as de or uk', /^[a-z]{2}$/)
    .optional()
    .describe('Country whose places are preferred. Default: none.'),
  countries: z
    .array(code('a country code such as DE', /^[A-Z]{2}$/))
    .min(1)
    .max(5)
    .optional()
    .describe('Countries that answers must lie in. Default: any.'),
  partialMatches: z
    .enum(['accept', 'refuse'])
    .default('refuse')
    .describe(
      'What becomes of a response that fits a part of the address only. Default refuse: it counts as nothing.',
    ),
  cacheFor: durationSchema
    .default('1d')
    .describe('How long this process remembers answers, at most 30d as Google allows. Default 1d.'),
  cacheMax: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(10_000)
    .describe('Answers remembered at most. Default 10000.'),
})

/** A validated section. */
export type GoogleMapsConfig = z.output<typeof googleMapsConfig>
