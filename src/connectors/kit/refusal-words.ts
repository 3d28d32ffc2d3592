/**
 * The message of a refusal, in the places where APIs usually have it, for manifests that don't declare where
 * it is.
 */
import { isNativeRecord, textAt } from './native.ts'
import { isMapOfProblems, isMapOfWords } from './problem-maps.ts'
import { reportedAsUsual } from './reported-error.ts'

const depthMax = 5

/** Returns the message of a refusal from the usual places; it may quote what was sent. */
export function usualWords(body: unknown): string | undefined {
  if (typeof body === 'string') return body.trim().startsWith('<') ? undefined : body
  if (Array.isArray(body)) return usualWords(body[0])
  if (!isNativeRecord(body)) return undefined
  // NestJS: the messages are a list, and `error` is no more than the name of the status.
  if (Array.isArray(body.message) && typeof body.message[0] === 'string') return body.message[0]
  return reportedAsUsual(body, false)?.words ?? wordsWithin(lowerCased(body), depthMax)
}

const wordKeys = [
  'detail',
  'message',
  'title',
  'description',
  'msg',
  'reason',
  'error_description',
  'errorsummary',
  'errormessage',
  'diagnostics',
  'value',
] as const
/**
 * Keys with a nested message: `error.message.value` (OData 2), `detail: [{ msg }]`, `issues: [{ message }]`,
 * `errors: { email: ["…"] }`.
 */
const deeperKeys = [
  'error',
  'errors',
  '_errors',
  'message',
  'messages',
  'detail',
  'issue',
  'issues',
  'violations',
  'fault',
  'modelstate',
  '_embedded',
] as const

function wordsWithin(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value
  if (depth === 0) return undefined
  if (Array.isArray(value)) return wordsWithin(value[0], depth - 1)
  if (!isNativeRecord(value)) return undefined
  const own = lowerCased(value)
  for (const key of wordKeys) {
    const text = textAt(own, [key])
    if (text !== undefined) return text
  }
  for (const key of deeperKeys) {
    const found = own[key] === undefined ? undefined : wordsWithin(own[key], depth - 1)
    if (found !== undefined) return found
  }
  if (!isMapOfProblems(value) && !isMapOfWords(value)) return undefined
  for (const entry of Object.values(value)) {
    const found = wordsWithin(entry, depth - 1)
    if (found !== undefined) return found
  }
  return undefined
}

/** `Message` of ASP.NET and QuickBooks is `message` of others. */
function lowerCased(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key.toLowerCase(), entry]))
}
