/**
 * The fields that a refusal names, in the formats that APIs usually use, for manifests that don't declare
 * where they are.
 *
 * - problem details and similar: `errors: [{ pointer | field | path | name | property }]`, `errors: { email:
 *   ["…"] }`, `invalid-params`
 * - JSON:API: `errors: [{ source: { pointer } }]`; FastAPI: `detail: [{ loc: ["body", "email"] }]`; OData:
 *   `error.target`, `error.details[].target`
 * - lists and maps under other names: `fields`, `fieldErrors`, `violations`, `details`; and the whole body as
 *   a map, `{ "email": ["taken"] }`
 * - messages that are made by rules: `email must be an email`
 * - as a last resort, names in the words of the error: `The value of 'tier' is outside the range`
 *
 * Only names are read, never values. The engine, which knows the mapping, discards names that are not fields
 * of the record.
 */
import { isNativeRecord, textAt } from './native.ts'
import { holderName, isEmpty, isMapOfProblems, isMapOfWords, withoutOwnProperties } from './problem-maps.ts'

const namesMax = 50
const depthMax = 5
/** Number of objects and lists that are searched. */
const partsMax = 500

/** Keys of an entry whose value is the name of a field or the path to it. */
const nameKeys: ReadonlySet<string> = new Set([
  'attribute',
  'column',
  'datapath',
  'element',
  'errorpath',
  'expression',
  'field',
  'fieldname',
  'instancepath',
  'key',
  'keys',
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

/**
 * Keys under which an API may have a copy of the record: only what is recognised as a problem there counts.
 */
const recordHolder = 'data'

/** Returns the names of refused fields in the body of an error, or undefined when it names none. */
export function usualRefusedNames(body: unknown): readonly string[] | undefined {
  const found = new Set<string>()
  collect(body, { found, budget: { parts: partsMax }, depth: 0 })
  for (const part of Array.isArray(body) ? body.slice(0, namesMax) : [body]) {
    if (!isNativeRecord(part)) continue
    const problems = withoutOwnProperties(part)
    if (isMapOfProblems(problems)) addKeys(problems, found)
  }
  return found.size === 0 ? undefined : [...found].slice(0, namesMax)
}

/** A name at the beginning, in quotes, or beside a word for a field. */
const namesInText: readonly RegExp[] = [
  /^\W*([A-Za-z_][\w.[\]-]{0,79})\s?:\s/g,
  /^\W*([A-Za-z_][\w.[\]-]{0,79}) (?:is|are|has|was|does|must|may|should|can't|cannot|can not|exceeds)\b/g,
  /['"`‘“]([A-Za-z_][\w.[\]-]{0,79})['"`’”]/g,
  /\b(?:field|attribute|property|column|parameter|argument)s? ([A-Za-z_][\w.[\]-]{0,79})/gi,
  /\b([A-Za-z_][\w.[\]-]{0,79}) (?:field|attribute|property|column|parameter)\b/gi,
]
/** More than an API says in one sentence. */
const wordsMax = 2_000

/**
 * Returns the names in the words of a refusal that are keys of what was sent, or undefined: for errors that
 * name no field elsewhere.
 */
export function namesInWords(words: string | undefined, sent: unknown): readonly string[] | undefined {
  if (words === undefined) return undefined
  const text = words.slice(0, wordsMax)
  const keys = new Set<string>()
  collectKeys(sent, keys, 0)
  const found = new Set<string>()
  for (const pattern of namesInText) {
    for (const [, match = ''] of text.matchAll(pattern)) {
      const name = match.replace(/\.$/, '')
      if (keys.has(looseKey(name.split(/[.[\]]+/).findLast((step) => /\D/.test(step)) ?? '')))
        addName(name, found)
    }
  }
  return found.size === 0 ? undefined : [...found].slice(0, namesMax)
}

function collectKeys(sent: unknown, keys: Set<string>, depth: number): void {
  if (depth > depthMax || keys.size > partsMax || typeof sent !== 'object' || sent === null) return
  for (const [key, value] of Object.entries(sent)) {
    if (!Array.isArray(sent)) keys.add(looseKey(key))
    collectKeys(value, keys, depth + 1)
  }
}

/** APIs write `customerName`, `CustomerName` and `customer_name` for the same property. */
function looseKey(name: string): string {
  return name.replaceAll(/[_-]/g, '').toLowerCase()
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
  if (typeof value === 'string') {
    collectFromText(value, inner)
    return
  }
  if (!isNativeRecord(value)) return
  for (const [key, entry] of Object.entries(value)) {
    if (nameKeys.has(plainKey(key))) addName(entry, found)
    if (key === recordHolder) {
      if (isNativeRecord(entry)) collectBesideRecord(entry, inner)
      continue
    }
    if (!holderName.test(key)) continue
    if (/field|propert/i.test(key)) addNames(entry, found)
    if (isNativeRecord(entry) && (isMapOfProblems(entry) || (key === 'errors' && isMapOfWords(entry))))
      addKeys(entry, found)
    collect(entry, inner)
  }
}

/** `data: { "email": { "code": "…" } }` (PocketBase), `data: { "params": { "email": "…" } }` (WordPress). */
function collectBesideRecord(data: Readonly<Record<string, unknown>>, walk: Walk): void {
  for (const [key, entry] of Object.entries(data)) {
    if (isNativeRecord(entry) && typeof entry.code === 'string' && typeof entry.message === 'string')
      addName(key, walk.found)
    if (!/^(params|details|errors)$/.test(key)) continue
    if (isNativeRecord(entry)) addKeys(entry, walk.found)
    else collect(entry, walk)
  }
}

/**
 * Messages that are made by rules: those of class-validator (NestJS), of the validator of Gin, and lists of
 * problems as JSON (HubSpot).
 */
function collectFromText(text: string, walk: Walk): void {
  const [, named] =
    /^([\w.[\]]{1,80}) (?:must|should) /.exec(text) ?? /^Key: '([\w.[\]]{1,80})' Error:/.exec(text) ?? []
  if (named !== undefined) addName(named, walk.found)
  const json = /: (\[\{.*\}\])$/s.exec(text)?.[1]
  if (json === undefined) return
  try {
    collect(JSON.parse(json), walk)
  } catch {
    // It only looked like JSON: a message names nothing then.
  }
}

/** `o:errorPath` (NetSuite) and `error_path` are `errorpath`. */
function plainKey(key: string): string {
  return key.replace(/^\w:/, '').replaceAll(/[_-]/g, '').toLowerCase()
}

/** A map within a map names a part: `{ "address": { "city": ["…"] } }`. */
function addKeys(value: Readonly<Record<string, unknown>>, found: Set<string>, prefix = '', depth = 0): void {
  for (const [key, entry] of Object.entries(value).slice(0, namesMax)) {
    if (isEmpty(entry) || key.startsWith('_')) continue
    const name = `${prefix}${key}`
    if (depth < depthMax && isNativeRecord(entry) && isMapOfProblems(entry))
      addKeys(entry, found, `${name}.`, depth + 1)
    else addName(name, found)
  }
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
  } else if (typeof value === 'string') {
    // OData: the key of a record in the path, which is a value.
    const name = value.replaceAll(/\([^()]*\)/g, '')
    if (/^[\w.:[\]/$#-]{1,80}$/.test(name)) found.add(name)
  }
}
