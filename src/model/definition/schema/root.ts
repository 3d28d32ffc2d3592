/**
 * The schema of `isthmus.yaml`: it validates definitions, types those in TypeScript, and is the source of the
 * JSON Schema.
 */
import { z } from 'zod'
import { cardNumberPolicies } from '../../card-numbers/card-number-policy.ts'
import { entitySchema } from './entities.ts'
import { oneWaySchema } from './one-way.ts'
import { alertsSchema, objectivesSchema, retentionSchema } from './operations.ts'
import { projectSchema } from './project.ts'
import { systemSchema } from './systems.ts'
import { integrationIdSchema, nameSchema } from './text.ts'

/** The whole definition. */
export const definitionSchema = z
  .strictObject({
    integration: integrationIdSchema.describe('Id of the integration.'),
    project: projectSchema.optional(),
    systems: z.record(nameSchema, systemSchema).describe('The systems, by name.'),
    entities: z
      .record(nameSchema, z.union([entitySchema, oneWaySchema]))
      .describe('The canonical types, by name. With from and to: one way from one system to another.'),
    drift: z
      .enum(['ignore', 'pause', 'propose'])
      .optional()
      .describe(
        'Reaction to a schema change in a system. ignore: none; pause: mapped fields that could be misread, refused or truncated are neither read nor written there until a person accepts the new schema; propose: continue, and report the change. Default propose.',
      ),
    cardNumbers: z
      .enum(cardNumberPolicies)
      .optional()
      .describe(
        'What happens to numbers of payment cards in values that are read. block: the field is not read, and the record has a failure; mask: all digits but the first six and the last four are replaced; drop: the number is removed. What remains is what is stored and written to the other systems. Default allow: kept as they are.',
      ),
    objectives: objectivesSchema.optional(),
    alerts: alertsSchema.optional(),
    retention: retentionSchema.optional(),
  })
  .describe('An integration of Isthmus.')

/** A definition as a person writes it, valid in shape; names in it may not exist. */
export type IntegrationDefinition = z.infer<typeof definitionSchema>

type JsonSchema = Record<string, unknown>

/**
 * The JSON Schema of a YAML definition, for editors. Functions, which only TypeScript definitions have, are
 * left out.
 */
export function definitionJsonSchema(): JsonSchema {
  const generated = z.toJSONSchema(definitionSchema, {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.not = {}
    },
  })
  const cleaned = withoutImpossible(generated) as JsonSchema
  return { ...cleaned, title: 'Isthmus integration definition' }
}

function withoutImpossible(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutImpossible)
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).map(([key, value]) => [
    key,
    key === 'anyOf' && Array.isArray(value)
      ? value.filter((option) => !isImpossible(option)).map(withoutImpossible)
      : withoutImpossible(value),
  ])
  return Object.fromEntries(entries)
}

function isImpossible(option: unknown): boolean {
  return typeof option === 'object' && option !== null && 'not' in option
}
