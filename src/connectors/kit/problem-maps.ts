/**
 * Maps from the names of fields to what is wrong with them, which have to be told from an error with
 * properties of its own.
 */
import { isNativeRecord } from './native.ts'

/** Keys under which there are entries, names, or a map from names to problems. */
export const holderName =
  /error|violation|context|invalid|detail|field|param|source|problem|issue|failure|fault|cause|message|extension|validation|modelstate|embedded|children|propert/i

/** Properties of an error itself. */
const ownNames: ReadonlySet<string> = new Set([
  'code',
  'description',
  'detail',
  'error',
  'id',
  'message',
  'name',
  'path',
  'reason',
  'status',
  'statuscode',
  'success',
  'timestamp',
  'title',
  'traceid',
  'type',
])

/**
 * `{ "email": ["is taken"], "items": { "0": ["…"] } }`: the values are lists or objects, unlike the
 * properties of an error itself. Fields without problems (`email: {}`) and general ones (`_errors: []`) may
 * be among them.
 */
export function isMapOfProblems(value: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(value).filter(([key]) => !key.startsWith('_'))
  return (
    entries.some(([, entry]) => !isEmpty(entry)) &&
    entries.every(([key, entry]) => !holderName.test(key) && isProblemList(entry))
  )
}

/**
 * `{ "email": ["is taken"], "status": 422 }`: the map of problems is the error itself, with properties of its
 * own. `data` is none of its fields.
 */
export function withoutOwnProperties(
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const isOwn = ([key, entry]: [string, unknown]): boolean =>
    key === 'data' || (ownNames.has(key.toLowerCase()) && (typeof entry !== 'object' || entry === null))
  return Object.fromEntries(Object.entries(value).filter((entry) => !isOwn(entry)))
}

/** `errors: { "email": "is taken" }`, as opposed to one error with its code and message. */
export function isMapOfWords(value: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(value)
  return (
    entries.length > 0 && entries.every(([key, entry]) => typeof entry === 'string' && !ownNames.has(key))
  )
}

/** True for a list or an object that says nothing. */
export function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return isNativeRecord(value) && Object.keys(value).length === 0
}

function isProblemList(value: unknown): boolean {
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null
  return value.every((entry) => typeof entry === 'string' || isNativeRecord(entry))
}
