/** One entity: fields, matching, conflict and delete policies, guards, systems, rules. */
import { z } from 'zod'
import { fieldSchema } from './fields.ts'
import { decideFunctionSchema } from './functions.ts'
import { mappingSchema, onCreateSchema, spellsSchema, whereSchema } from './mapping.ts'
import { cronSchema, durationSchema, fieldNameSchema, nameSchema, shareSchema } from './text.ts'

const fieldList = z.array(z.string().min(1)).min(1)

/** One rule of `match`. */
export const matchRuleSchema = z
  .union([
    z.strictObject({ exact: fieldList.describe('All of these fields are equal and not empty.') }),
    z.strictObject({
      normalised: fieldList.describe('As exact, but without case, accents, punctuation and white space.'),
    }),
    z.strictObject({
      score: z
        .object({
          link: z.number().min(0).max(1).describe('Link automatically at or above this score.'),
          review: z.number().min(0).max(1).describe('Ask for a decision at or above this score.'),
        })
        .catchall(z.number().positive())
        .describe('Weight by field. Weights are normalised to a sum of 1.'),
    }),
  ])
  .meta({ id: 'MatchRule' })

/** `match` of an entity. */
export const matchSchema = z
  .union([z.literal('never'), z.array(matchRuleSchema)])
  .describe(
    'How existing records of several systems are matched: rules, tried in order, or never. Required if the entity creates in a system with existing records.',
  )
  .meta({ id: 'Match' })

/** A conflict policy. */
export const policySchema = z
  .union([z.string().min(1), decideFunctionSchema])
  .describe(
    "Who decides when several systems changed a field at once. prefer crm erp: the first named system among those that changed it. latest: the later change by the systems' own clocks, where they differ by more than skew; otherwise by rank. manual: nobody; the field is held until a person decides. union: of sets; what any side added is in, what any side removed is out. sum: of numbers; every side's difference to the value before is added. A function: what it answers for the candidates.",
  )
  .meta({ id: 'ConflictPolicy' })

/** `conflict` of an entity. */
export const conflictSchema = z
  .union([
    z.string().min(1),
    z.strictObject({
      default: policySchema
        .optional()
        .describe(
          'Default for fields without their own policy. Default: prefer, in the order of the systems.',
        ),
      fields: z.record(fieldNameSchema, policySchema).optional().describe('Policy by field.'),
      skew: durationSchema
        .optional()
        .describe(
          'latest: assumed clock skew between systems. Changes closer together are decided by preference. Default 5s.',
        ),
    }),
  ])
  .describe('How conflicting concurrent changes to one field are settled. The loser is always kept.')
  .meta({ id: 'Conflict' })

const limitSchema = z
  .strictObject({
    max: shareSchema.optional().describe('Share of the linked records.'),
    atLeast: z.int().min(0).optional().describe('Never held below this many.'),
  })
  .meta({ id: 'Limit' })

/** `delete` of an entity. */
export const deleteSchema = z
  .strictObject({
    from: z.array(z.string()).min(1).describe('Systems whose deletions count.'),
    action: z.enum(['archive', 'delete', 'unlink']).describe('What happens to the counterparts.'),
    confirm: durationSchema.optional().describe('Wait between the two independent reads. Default 60s.'),
    guard: limitSchema
      .optional()
      .describe(
        'Deletions per system and 24 h beyond the larger bound are held. Default max 1 %, atLeast 10.',
      ),
  })
  .describe('Which deletions are propagated to other systems. Default: none.')
  .meta({ id: 'Delete' })

/** `guard` of an entity. */
export const guardSchema = z
  .strictObject({
    create: limitSchema.optional().describe('Default max 50 %, atLeast 1000.'),
    update: limitSchema.optional().describe('Default max 50 %, atLeast 1000.'),
  })
  .describe(
    'Changes per system and 24 h beyond the larger bound are held for approval. Deletions: see delete.guard.',
  )
  .meta({ id: 'Guard' })

/** One entry of `triggers`. */
export const triggerSchema = z
  .union([
    z.strictObject({ webhook: nameSchema.describe('Webhook deliveries of this name trigger a read.') }),
    z.strictObject({ poll: durationSchema.describe('How often to poll for changes.') }),
    z.strictObject({ full: cronSchema.describe('When to list everything (cron, five fields, UTC).') }),
  ])
  .meta({ id: 'Trigger' })

/** `operations` of an entity's part in a system. */
export const operationsSchema = z
  .array(z.enum(['create', 'update', 'delete']))
  .describe('Allowed operations. Default: all three; none for a source.')

const choice = z.enum(['create', 'hold'])

/** Specified for one system, or for the whole entity. */
export const createChoices = {
  createWithoutEvidence: choice
    .optional()
    .describe(
      'Before a create, the system is searched, or its changes are read, for a counterpart. If it offers neither: create anyway, or hold for a person. Default create, with a warning from `isthmus check`.',
    ),
  createWithoutKey: choice
    .optional()
    .describe(
      'Whether a record without any value to match by is created, or held for a person. Default create.',
    ),
}

/** An entity's part in a system. */
export const entitySystemSchema = z.strictObject({
  resource: z.string().min(1).describe('Native type in this system.'),
  where: whereSchema.optional(),
  key: z
    .string()
    .min(1)
    .optional()
    .describe('Native path that stores the Isthmus record id, if there is one.'),
  direction: z
    .enum(['source', 'target', 'both'])
    .optional()
    .describe('source: only read; target: only written, edits there are reverted. Default both.'),
  operations: operationsSchema.optional(),
  onCreate: onCreateSchema.optional(),
  ...createChoices,
  spells: spellsSchema.optional(),
  acceptRaceWindow: z
    .boolean()
    .optional()
    .describe('Default of acceptRaceWindow for the fields. Default false.'),
  map: z
    .record(fieldNameSchema, mappingSchema)
    .describe('Canonical field: native path, or a longer mapping.'),
  triggers: z
    .array(triggerSchema)
    .optional()
    .describe('What triggers reads of this system. Default: nothing.'),
})

/** One entry of `rules`. */
export const ruleSchema = z
  .union([
    z.strictObject({
      require: z.string().min(1).describe('JSONata on the merged record; unless true, it is held.'),
      message: z.string().min(1).describe('Message for the person who decides.'),
    }),
    z.strictObject({
      set: fieldNameSchema.describe('Field to set.'),
      to: z
        .string()
        .min(1)
        .describe('JSONata on the merged record. Lookups of the systems are available: $geocode(address).'),
    }),
    z.strictObject({
      when: z.string().min(1).describe('JSONata on the merged record.'),
      hold: z.literal(true).describe('Hold for a decision if true.'),
      message: z.string().min(1).describe('Message for the person who decides.'),
    }),
  ])
  .meta({ id: 'Rule' })

/** Policies that both forms of an entity have. */
export const policyKeys = {
  match: matchSchema.optional(),
  conflict: conflictSchema.optional(),
  ...createChoices,
  delete: deleteSchema.optional(),
  guard: guardSchema.optional(),
  oscillationLimit: z
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe('How often a field may change in response to writes within 24 h before it is held. Default 5.'),
  rules: z.array(ruleSchema).optional().describe('Business rules on the merged record, before any write.'),
}

/** One entry of `entities`. */
export const entitySchema = z.strictObject({
  fields: z.record(fieldNameSchema, fieldSchema).describe('The canonical fields.'),
  ...policyKeys,
  systems: z.record(nameSchema, entitySystemSchema).describe('The participating systems and their mappings.'),
})

export type EntityDefinition = z.infer<typeof entitySchema>
export type EntitySystemDefinition = z.infer<typeof entitySystemSchema>
export type ConflictDefinition = z.infer<typeof conflictSchema>
export type PolicyDefinition = z.infer<typeof policySchema>
export type MatchDefinition = z.infer<typeof matchSchema>
export type MatchRuleDefinition = z.infer<typeof matchRuleSchema>
export type RuleDefinition = z.infer<typeof ruleSchema>
export type TriggerDefinition = z.infer<typeof triggerSchema>
export type LimitDefinition = z.infer<typeof limitSchema>
