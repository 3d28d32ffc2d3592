/** Validates a response's data with its schema. */
import { ResponseValidationError } from './errors.ts'
import { issuePointer, type StandardSchema } from './standard-schema.ts'

/**
 * Returns the schema's output for the value. @throws ResponseValidationError HTTP_RESPONSE_UNEXPECTED naming
 * the places, never the values
 */
export async function validated(
  label: string,
  status: number,
  value: unknown,
  schema: StandardSchema<unknown>,
): Promise<unknown> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  const places = result.issues.slice(0, 5).map(issuePointer).join(', ')
  throw new ResponseValidationError(
    'HTTP_RESPONSE_UNEXPECTED',
    `${label} answered ${status} with data that does not fit the schema at ${places}; see "issues".`,
    { outcome: 'answered', status, issues: result.issues },
  )
}
