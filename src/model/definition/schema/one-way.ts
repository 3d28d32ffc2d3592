/**
 * The one-way form of an entity: from one system to another. It is equivalent to an ordinary entity with a
 * source and a target.
 */
import { z } from 'zod'
import { createChoices, operationsSchema, policyKeys, triggerSchema } from './entities.ts'
import { fieldSchema } from './fields.ts'
import { mappingLongFormSchema, onCreateSchema, spellsSchema, whereSchema } from './mapping.ts'
import { fieldNameSchema } from './text.ts'

const side = z.union([z.string().min(1), mappingLongFormSchema])
const arrow = z
  .string()
  .min(1)
  .describe('source path → target path (-> works too); one path alone is the same on both sides.')

export const oneWayMappingSchema = z.union([
  arrow,
  z.strictObject({
    path: arrow.optional(),
    ref: z.string().optional().describe('The value refers to a record of this entity.'),
    type: fieldSchema
      .optional()
      .describe('Type of the field. Default string, or a reference when ref is given.'),
    from: side.optional().describe('Mapping at the source, when a path is not enough.'),
    to: side.optional().describe('Mapping at the target, when a path is not enough.'),
  }),
])

export type OneWayMapping = z.infer<typeof oneWayMappingSchema>

export const oneWaySchema = z.strictObject({
  from: z
    .strictObject({
      system: z.string().describe('Name of the system.'),
      resource: z.string().min(1).describe('Native type in this system.'),
      where: whereSchema.optional(),
      spells: spellsSchema.optional(),
      triggers: z
        .array(triggerSchema)
        .optional()
        .describe('What triggers reads of this system. Default: nothing.'),
    })
    .describe('Source of the records.'),
  to: z
    .strictObject({
      system: z.string().describe('Name of the system.'),
      resource: z.string().min(1).describe('Native type in this system.'),
      key: z
        .string()
        .min(1)
        .optional()
        .describe('Native path that stores the Isthmus record id, if there is one.'),
      operations: operationsSchema.optional(),
      onCreate: onCreateSchema.optional(),
      ...createChoices,
      spells: spellsSchema.optional(),
      acceptRaceWindow: z
        .boolean()
        .optional()
        .describe('Default of acceptRaceWindow for the fields. Default false.'),
      triggers: z
        .array(triggerSchema)
        .optional()
        .describe('What triggers reads of this system. Default: nothing.'),
    })
    .describe('Target of the records.'),
  map: z.record(fieldNameSchema, oneWayMappingSchema).describe('By canonical field.'),
  ...policyKeys,
})

export type OneWayDefinition = z.infer<typeof oneWaySchema>
