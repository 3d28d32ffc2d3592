/** How one system's resource becomes entity fields and back. */
import { z } from 'zod'
import { timePrecisions } from '../../normalisers/time.ts'
import { normalizeSchema } from './fields.ts'
import { readFunctionSchema, scopeFunctionSchema, writeFunctionSchema } from './functions.ts'
import { fieldNameSchema } from './text.ts'

// Unquoted, null is YAML's own null; it is accepted as well.
const emptiness = z.union([z.enum(['absent', 'null', 'empty']), z.null()])

export const spellsSchema = z
  .strictObject({
    absent: emptiness.optional().describe('Form in which an absent value is written. Default absent.'),
    null: emptiness.optional().describe('Form in which null is written. Default null.'),
    empty: emptiness.optional().describe('Form in which an empty text or list is written. Default empty.'),
  })
  .describe(
    'How this system represents missing values: a canonical null, empty text or absent value is written as the named one and read back from it. Default: each as itself.',
  )
  .meta({ id: 'Spells' })

const nativePath = z
  .string()
  .min(1)
  .describe('Native property, with dots into nested objects and [0] into arrays; ["a.b"] for odd names.')

const nativeScalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

/** Keys that every long form of a mapping may have. */
const commonKeys = {
  direction: z
    .enum(['read', 'write', 'both'])
    .optional()
    .describe('read: never written here; write: never read here. Default both.'),
  maxLength: z
    .int()
    .min(1)
    .optional()
    .describe('This system truncates text to this many characters. Default: unlimited.'),
  scale: z.int().min(0).max(30).optional().describe('This system rounds to this many decimal places.'),
  precision: z
    .enum(timePrecisions)
    .optional()
    .describe('Time resolution of this system. Default: unlimited.'),
  normalize: normalizeSchema
    .optional()
    .describe(
      'Other modifications that this system makes when it stores the value. With escapeHtml, it is sent the plain text, and stored texts are unescaped when read.',
    ),
  lossy: z
    .literal('never-origin')
    .optional()
    .describe('The value here is less precise: a change here never propagates to other systems.'),
  acceptRaceWindow: z
    .boolean()
    .optional()
    .describe(
      'Accepts that, without conditional writes, an edit made during a write may be lost. Default false.',
    ),
  nullable: z
    .boolean()
    .optional()
    .describe('May be left out of a create. Default: true unless the field is required.'),
  spells: spellsSchema.optional(),
}

/** Keys of a mapping with paths or expressions. */
const pathKeys = {
  path: nativePath.optional(),
  currency: z
    .union([
      z.string().min(1),
      z.strictObject({
        fixed: z
          .string()
          .regex(/^[A-Z]{3}$/, { error: 'expected a currency code such as EUR' })
          .describe('Currency of all amounts in this field.'),
      }),
    ])
    .optional()
    .describe('Path of the currency of a money field, or { fixed: EUR }.'),
  values: z
    .record(z.string(), nativeScalar)
    .optional()
    .describe(
      'Native value: canonical value. If several native values map to the same canonical value, the first is written.',
    ),
  as: z
    .enum(['number', 'text', 'boolean', 'epochSeconds', 'epochMillis', 'sql', 'compact'])
    .optional()
    .describe(
      'How the value is written: decimals, integers and money as number (default) or text; references as text (default) or number; instants as text (default), epochSeconds, epochMillis or sql (2031-05-01 12:00:00, without a zone); dates as text (default) or compact (20310501). With values: JSON type of the native values named there, text (default), number or boolean.',
    ),
  decimalSeparator: z
    .enum(['.', ','])
    .optional()
    .describe('Decimal separator of decimals and money written as text. Default a point.'),
  fractionDigits: z
    .int()
    .min(0)
    .max(30)
    .optional()
    .describe(
      'Decimals and money written as text have at least so many places (10.50). Default: as many as the value has.',
    ),
  offset: z
    .string()
    .optional()
    .describe(
      'Offset of instants that this system writes without one, such as +01:00 or Z. Default: a text without an offset is UTC, and times are written with Z.',
    ),
  timeZone: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Instead of offset, the zone of instants that this system writes without one: a name such as Europe/Berlin. Times are written in this zone, without an offset.',
    ),
  separator: z
    .string()
    .min(1)
    .max(10)
    .optional()
    .describe('Separator of a set or list that is stored as one text. Default: a JSON list.'),
  read: z
    .union([z.string().min(1), readFunctionSchema])
    .optional()
    .describe('JSONata on the native record (or a function): gives the canonical value.'),
  write: z
    .union([z.string().min(1), writeFunctionSchema])
    .optional()
    .describe(
      'JSONata on the canonical fields (or a function): gives the native value for path, or an object of native properties.',
    ),
  ...commonKeys,
}

/** The mapping of one part of an element. */
const elementPartSchema = z.strictObject(pathKeys).meta({ id: 'ElementPart' })

/** The mapping of a field with more than its path. */
export const mappingLongFormSchema = z
  .strictObject({
    ...pathKeys,
    elements: z
      .record(fieldNameSchema, z.union([z.string().min(1), elementPartSchema]))
      .optional()
      .describe(
        'For a set or list of groups: the mapping of each part of an element, with paths relative to the element. Default: each part has its own name.',
      ),
  })
  .meta({ id: 'FieldMapping' })

/** The mapping of a field in its long form. */
export type MappingLongForm = z.infer<typeof mappingLongFormSchema>

/** Parts of a group, each a path or a long form. */
const mappingPartsSchema = z.record(fieldNameSchema, z.union([z.string().min(1), mappingLongFormSchema]))

/** The mapping of a group: one mapping per part. */
export const groupMappingSchema = z.strictObject({
  fields: mappingPartsSchema.describe('Mapping of each part.'),
  ...commonKeys,
})

/** The mapping of a group. */
export type GroupMapping = z.infer<typeof groupMappingSchema>

/** A path, a long form, or (for group fields) one mapping per part. */
export const mappingSchema = z
  .union([nativePath, mappingLongFormSchema, groupMappingSchema, mappingPartsSchema])
  .meta({ id: 'Mapping' })

/** The mapping of a field as the definition spells it. */
export type MappingDefinition = z.infer<typeof mappingSchema>

const whereValue = z.union([nativeScalar, z.array(nativeScalar).min(1)])

/** `where` as data; manifests of connectors use this form. */
export const whereRecordSchema = z.record(
  z.string().min(1),
  z.union([whereValue, z.strictObject({ not: whereValue.describe('Any value except this one, or these.') })]),
)

/** `where` of an entity's part in a system. */
export const whereSchema = z
  .union([whereRecordSchema, scopeFunctionSchema])
  .describe(
    'Which native records belong to the entity: path: value, path: [any of these], path: { not: value }. Default: all.',
  )
  .meta({ id: 'Where' })

/** `onCreate`: what only creates contain. */
export const onCreateSchema = z
  .record(z.string().min(1), nativeScalar)
  .describe(
    'Values of new records in addition to the mapped fields, by native path: a record type, a sales organisation. Never updated.',
  )

/** `onCreate` as the definition spells it. */
export type OnCreateDefinition = z.infer<typeof onCreateSchema>

/** `where` as the definition spells it. */
export type WhereDefinition = z.infer<typeof whereSchema>
