import type { CanonicalValue, FieldType } from '../values.ts'
import { fractionLength } from './number.ts'
import { isCanonicalList, isCanonicalObject } from './object.ts'
import { countCodePoints } from './text.ts'
import { refuse, type ValueProblem } from './value-result.ts'

/**
 * The constraints that a type declares in addition to its form: length, decimal places, format. They apply to
 * *normalised* values, so that a name is not refused for white space which the normaliser removes. Null and
 * absent always pass: whether a field is required is a rule.
 */
export function findConstraintProblem(
  type: FieldType,
  value: CanonicalValue | undefined,
): ValueProblem | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return checkText(type, value)
  if (isCanonicalList(value)) {
    return type.kind === 'set' || type.kind === 'list' ? firstProblem(value, type.of) : undefined
  }
  if (!isCanonicalObject(value) || type.kind !== 'group') return undefined
  for (const [name, part] of Object.entries(type.fields)) {
    const problem = findConstraintProblem(part, Object.hasOwn(value, name) ? value[name] : undefined)
    if (problem !== undefined) return { code: problem.code, message: `${name}: ${problem.message}` }
  }
  return undefined
}

/** Whether a type has any constraint to check, so that most fields cost nothing. */
export function hasConstraints(type: FieldType): boolean {
  switch (type.kind) {
    case 'string':
      return type.maxLength !== undefined || type.format !== undefined
    case 'decimal':
      return type.scale !== undefined
    case 'set':
    case 'list':
      return hasConstraints(type.of)
    case 'group':
      return Object.values(type.fields).some(hasConstraints)
    default:
      return false
  }
}

function firstProblem(values: readonly CanonicalValue[], of: FieldType): ValueProblem | undefined {
  for (const value of values) {
    const problem = findConstraintProblem(of, value)
    if (problem !== undefined) return problem
  }
  return undefined
}

const formats = {
  // A pattern can't decide whether an address accepts mail: one @ with something on both sides, and no white
  // space.
  email: /^[^\s@]+@[^\s@]+$/,
  phone: /^[+\d][\d\s()./-]{1,39}(?:\s?(?:x|ext\.?)\s?\d{1,8})?$/i,
  uri: /^[a-z][a-z0-9+.-]*:[^\s]+$/i,
}

function checkText(type: FieldType, text: string): ValueProblem | undefined {
  if (type.kind === 'decimal') {
    if (type.scale === undefined || fractionLength(text) <= type.scale) return undefined
    return refuse('VALUE_TOO_LARGE', `the number has more than ${type.scale} places after the point`).problem
  }
  if (type.kind !== 'string') return undefined
  const { maxLength, format } = type
  if (maxLength !== undefined && text.length > maxLength && countCodePoints(text) > maxLength) {
    return refuse('VALUE_TOO_LARGE', `the text is longer than ${maxLength} characters`).problem
  }
  if (format === undefined || text === '' || formats[format].test(text)) return undefined
  return refuse('VALUE_TYPE', `the text is not a ${format === 'uri' ? 'URI' : format}`).problem
}
