/** Canonical fields of an entity: short form (`name: string`) and long form (`name: { type: string, … }`). */
import { z } from 'zod'
import { cardNumberPolicies } from '../../card-numbers/card-number-policy.ts'
import { normaliserNames } from '../../normalisers/contract.ts'
import { normaliseFunctionSchema } from './functions.ts'
import { fieldNameSchema } from './text.ts'

/** Types that consist only of their name. */
export const plainTypeNames = [
  'string',
  'decimal',
  'integer',
  'boolean',
  'instant',
  'date',
  'localDateTime',
  'money',
  'blob',
] as const

/** A type that is only a name. */
export const plainTypeSchema = z.enum(plainTypeNames)

/** `normalize` of a field. */
export const normalizeSchema = z
  .array(z.union([z.enum(normaliserNames), normaliseFunctionSchema]))
  .describe('Normalisers, applied in this order after reading from any system.')

/** Types that need no further declaration, by name. */
export type PlainTypeName = z.infer<typeof plainTypeSchema>

/** A type inside another one: the part of a group, the element of a set or list. */
export type InnerTypeDefinition =
  | PlainTypeName
  /** Text. */
  | {
      type: 'string'
      /** Longest text, in characters. @default no bound */
      maxLength?: number | undefined
      /** The format of the text. @default any text */
      format?: 'email' | 'phone' | 'uri' | undefined
    }
  /** A decimal number of any precision. */
  | {
      type: 'decimal'
      /** Decimal places kept. @default all */
      scale?: number | undefined
    }
  | {
      /** A type that needs no further declaration. */
      type: Exclude<PlainTypeName, 'string' | 'decimal'>
    }
  /** One of several texts. */
  | {
      type: 'enum'
      /** The values. */
      values: string[]
    }
  /** A reference to a record. */
  | {
      type: 'ref'
      /** Entity of the referenced record. */
      entity: string
    }
  /** Named parts that are merged as one. */
  | {
      type: 'group'
      /** Types of the parts, by name. */
      fields: Record<string, InnerTypeDefinition>
    }
  /** Several elements, in order (`list`) or not (`set`). */
  | {
      type: 'set' | 'list'
      /** Type of the elements. */
      of: InnerTypeDefinition
      /** Parts that identify an element. @default the whole element */
      key?: string | string[] | undefined
    }

const attributes = {
  string: {
    type: z.literal('string').describe('Text.'),
    maxLength: z.int().min(1).optional().describe('Maximum length in characters. Default: unlimited.'),
    format: z.enum(['email', 'phone', 'uri']).optional().describe('Required format of the text.'),
  },
  decimal: {
    type: z.literal('decimal').describe('A decimal number of any precision.'),
    scale: z
      .int()
      .min(0)
      .max(30)
      .optional()
      .describe('Maximum number of decimal places. Default: unlimited.'),
  },
  plain: { type: plainTypeSchema.exclude(['string', 'decimal']).describe('Type of the values.') },
  enum: {
    type: z.literal('enum').describe('One of several texts.'),
    values: z.array(z.string().min(1)).min(1).describe('Allowed values.'),
  },
  ref: {
    type: z.literal('ref').describe('A reference to a record.'),
    entity: z.string().describe('Entity that the field refers to.'),
  },
}

/** The type of a part of a group, or of the elements of a list. */
export const innerTypeSchema: z.ZodType<InnerTypeDefinition, InnerTypeDefinition> = z
  .lazy(() =>
    z.union([
      plainTypeSchema,
      z.discriminatedUnion('type', [
        z.strictObject(attributes.string),
        z.strictObject(attributes.decimal),
        z.strictObject(attributes.plain),
        z.strictObject(attributes.enum),
        z.strictObject(attributes.ref),
        z.strictObject(groupAttributes()),
        z.strictObject(collectionAttributes()),
      ]),
    ]),
  )
  .meta({ id: 'Type' })

function groupAttributes() {
  return {
    type: z.literal('group').describe('Named parts that are merged as one.'),
    fields: z.record(fieldNameSchema, innerTypeSchema).describe('The parts; they are merged as one value.'),
  }
}

function collectionAttributes() {
  return {
    type: z.enum(['set', 'list']).describe('Several elements, in order (list) or not (set).'),
    of: innerTypeSchema.describe('Type of the elements.'),
    key: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe(
        'For elements that are groups: the part, or the combination of parts, that identifies an element, so that unmapped properties stay with their element. Default: identified by content and position.',
      ),
  }
}

const fieldAttributes = {
  required: z
    .boolean()
    .optional()
    .describe('A record without it is not written to any system. Default false.'),
  owner: z
    .string()
    .optional()
    .describe(
      'The only system that may change the field. Changes elsewhere are reverted. Default: any system.',
    ),
  sensitivity: z
    .enum(['personal', 'special', 'secret'])
    .optional()
    .describe(
      'How confidential the value is. secret: synchronised, but shown to nobody by the command line, the admin API and messages. personal and special mark personal data, and data of special categories (GDPR, Art. 9): they are shown like all values, to people who may see values. Default: none of them.',
    ),
  cardNumbers: z
    .enum(cardNumberPolicies)
    .optional()
    .describe('As at the top of the definition, for this field. Default: as there.'),
  normalize: normalizeSchema.optional(),
  merge: z
    .enum(['union', 'sum'])
    .optional()
    .describe(
      'Concurrent changes are combined instead of chosen from: union of sets, sum of numeric changes.',
    ),
}

/** A field with more than its type. */
export const fieldLongFormSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...attributes.string, ...fieldAttributes }),
  z.strictObject({ ...attributes.decimal, ...fieldAttributes }),
  z.strictObject({ ...attributes.plain, ...fieldAttributes }),
  z.strictObject({ ...attributes.enum, ...fieldAttributes }),
  z.strictObject({ ...attributes.ref, ...fieldAttributes }),
  z.strictObject({ ...groupAttributes(), ...fieldAttributes }),
  z.strictObject({ ...collectionAttributes(), ...fieldAttributes }),
])

/** A field of an entity, in its short or long form. */
export const fieldSchema = z.union([plainTypeSchema, fieldLongFormSchema]).meta({ id: 'Field' })

/** A field as the definition spells it. */
export type FieldDefinition = z.infer<typeof fieldSchema>
/** A field in its long form. */
export type FieldLongForm = z.infer<typeof fieldLongFormSchema>
