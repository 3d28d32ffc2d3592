/**
 * The fields that a refusal names, and its message, in the formats that APIs usually use, for manifests that don't declare where they are.
 *
 * - problem details and similar: `errors: [{ pointer | field | path | name | property }]`, `errors: { email: ["…"] }`, `invalid-params`
 * - JSON:API: `errors: [{ source: { pointer } }]`; FastAPI: `detail: [{ loc: ["body", "email"] }]`; OData: `error.target`, `error.details[].target`
 * - lists and maps under other names: `fields`, `fieldErrors`, `violations`, `details`; and the whole body as a map, `{ "email": ["taken"] }`
 *
 * Only names are read, never values. The engine, which knows the mapping, discards names that are not fields of the record.
 */
import { isNativeRecord, textAt } from './native.ts'
import { reportedAsUsual } from './reported-error.ts'

const namesMax = 50
const depthMax = 5
/** Number of objects and lists that are searched. */
const partsMax = 500

/** Keys of an entry whose value is the name of a field or the path to it. */
const nameKeys: ReadonlySet<string> = new Set([
  'attribute',
  'column',
  'datapath',
  'field',
  'fieldname',
  'instancepath',
  'key',
  'loc',
  'location',
  'name',
  'param',
  'parameter',
  'path',
  'pointer',
  'property',
  'propertyname',
  'propertypath',
  'propertyref',
  'target',
])

/** Keys under which there are entries, names, or a map from names to problems. */
const holderName = /error|violation|context|invalid|detail|field|param|source|problem|issue|failure|message/i

/** Returns the names of refused fields in the body of an error, or undefined when it names none. */
export function usualRefusedNames(body: unknown): readonly string[] | undefined {
  const found = new Set<string>()
  const budget = { parts: partsMax }
  collect(body, { found, budget, depth: 0 })
  if (isNativeRecord(body) && isMapOfProblems(body)) addKeys(body, found)
  return found.size === 0 ? undefined : [...found].slice(0, namesMax)
}

interface Walk {
  readonly found: Set<string>
  readonly budget: { parts: number }
  readonly depth: number
}

function collect(value: unknown, walk: Walk): void {
  const { found, budget, depth } = walk
  budget.parts -= 1
  if (depth > depthMax || budget.parts < 0) return
  const inner = { ...walk, depth: depth + 1 }
  if (Array.isArray(value)) {
    for (const entry of value.slice(0, namesMax)) collect(entry, inner)
    return
  }
  if (!isNativeRecord(value)) return
  for (const [key, entry] of Object.entries(value)) {
    if (nameKeys.has(key.replaceAll(/[_-]/g, '').toLowerCase())) addName(entry, found)
    if (!holderName.test(key)) continue
    if (/field|propert/i.test(key)) addNames(entry, found)
    if (isNativeRecord(entry) && (isMapOfProblems(entry) || (key === 'errors' && isMapOfWords(entry))))
      addKeys(entry, found)
    collect(entry, inner)
  }
}

/** `{ "email": ["is taken"], "items": { "0": ["…"] } }`: every value is a list or an object, unlike the properties of an error itself. */
function isMapOfProblems(value: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(value)
  return entries.length > 0 && entries.every(([key, entry]) => !holderName.test(key) && isProblemList(entry))
}

/** `errors: { "email": "is taken" }`, as opposed to one error with its code and message. */
function isMapOfWords(value: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(value)
  return (
    entries.length > 0 && entries.every(([key, entry]) => typeof entry === 'string' && !ownNames.has(key))
  )
}

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
  'timestamp',
  'title',
  'type',
])

function isProblemList(value: unknown): boolean {
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null
  return value.length > 0 && value.every((entry) => typeof entry === 'string' || isNativeRecord(entry))
}

function addKeys(value: Readonly<Record<string, unknown>>, found: Set<string>): void {
  for (const key of Object.keys(value).slice(0, namesMax)) addName(key, found)
}

/** `fields: ["tier"]`, `fields: { tier: "…" }`. */
function addNames(value: unknown, found: Set<string>): void {
  if (isNativeRecord(value)) addKeys(value, found)
  else if (Array.isArray(value)) for (const entry of value.slice(0, namesMax)) addName(entry, found)
}

function addName(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    const steps = value.map((step: unknown) => textAt({ step }, ['step']))
    if (steps.every((step) => step !== undefined)) addName(steps.join('.'), found)
  } else if (typeof value === 'string' && /^[\w.:[\]/$#-]{1,80}$/.test(value)) found.add(value)
}

/** Returns the message of a refusal from the usual places; it may quote what was sent. */
export function usualWords(body: unknown): string | undefined {
  if (typeof body === 'string') return body.trim().startsWith('<') ? undefined : body
  if (Array.isArray(body)) return usualWords(body[0])
  if (!isNativeRecord(body)) return undefined
  const reported = reportedAsUsual(body, false)?.words
  if (reported !== undefined) return reported
  for (const key of ['detail', 'message', 'title', 'description', 'msg', 'reason', 'error_description']) {
    const text = textAt(body, [key])
    if (text !== undefined) return text
  }
  return wordsWithin(body, depthMax)
}

const wordKeys = ['message', 'msg', 'detail', 'description', 'title', 'value'] as const
/** Keys with a nested message: `error.message.value` (OData 2), `detail: [{ msg }]`, `issues: [{ message }]`, `errors: { email: ["…"] }`. */
const deeperKeys = ['error', 'errors', 'message', 'detail', 'issues', 'violations'] as const

function wordsWithin(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value
  if (depth === 0) return undefined
  if (Array.isArray(value)) return wordsWithin(value[0], depth - 1)
  if (!isNativeRecord(value)) return undefined
  for (const key of wordKeys) {
    const text = textAt(value, [key])
    if (text !== undefined) return text
  }
  for (const key of deeperKeys) {
    const found = value[key] === undefined ? undefined : wordsWithin(value[key], depth - 1)
    if (found !== undefined) return found
  }
  const [first] = Object.values(value)
  return isMapOfProblems(value) || isMapOfWords(value) ? wordsWithin(first, depth - 1) : undefined
}
