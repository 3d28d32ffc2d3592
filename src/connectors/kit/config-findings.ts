/**
 * Checks a connector's configuration and reports problems as the definition does: where, what, and the
 * nearest known name.
 */
import type { z } from 'zod'
import { findingText } from '../../model/definition/finding.ts'
import { shapeFindings } from '../../model/definition/shape-findings.ts'
import { UsageError } from '../../model/errors.ts'

const findingsMax = 10

/**
 * Parses a value by the schema.
 *
 * @param place names the value in messages: `systems.crm`
 * @throws UsageError CONNECTOR_CONFIG_INVALID naming each wrong key
 */
export function parseConfig<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place: string,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const lines = shapeFindings(schema, value, place.split('.')).map(findingText)
  const more = lines.length > findingsMax ? [`and ${lines.length - findingsMax} more`] : []
  throw new UsageError('CONNECTOR_CONFIG_INVALID', [...lines.slice(0, findingsMax), ...more].join('; '))
}
