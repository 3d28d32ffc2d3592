/**
 * Errors that an API reports in a response with a success status: `200 {"success": false}`, `200 {"errors":
 * [{"message": "…"}]}`.
 *
 * A manifest can declare where they are; otherwise the common formats are recognised. They are searched only
 * next to the record: a record's own `error` property belongs to the record, so when the response contains a
 * record, such an error is a doubt and not a refusal.
 */
import type { NativePath } from '../../model/lens/spec.ts'
import { isNativeRecord, textAt, valueAt } from './native.ts'

/** The error in a response. Neither property is safe to keep as it is: see `quotedWords`. */
export interface ReportedError {
  /** The API's own code: a short token. */
  readonly code?: string
  readonly words?: string
}

/** The places where a manifest declares errors to be reported. */
export interface ReportedRules {
  /** An error is reported when there is a non-empty list, object or text here. */
  readonly path?: NativePath | undefined
  /** An error is reported when one of these values is here. */
  readonly when?: { readonly path: NativePath; readonly equals: readonly string[] } | undefined
  /** Where an entry has its message and code; in the response itself when no `path` is given. */
  readonly message: NativePath
  readonly code: NativePath
}

/** Returns the error that a response reports at the declared places, or undefined when it reports none. */
export function reportedBy(
  body: unknown,
  { path, when, message, code }: ReportedRules,
): ReportedError | undefined {
  const flagged = when?.equals.includes(textAt(body, when.path) ?? '') === true
  const value = path === undefined ? undefined : valueAt(body, path)
  const isPresent = path !== undefined && isSomething(value)
  if (!flagged && !isPresent) return undefined
  const entry = isPresent ? (Array.isArray(value) ? value[0] : value) : body
  if (typeof entry === 'string') return errorOf(undefined, entry)
  return errorOf(textAt(entry, code), textAt(entry, message) ?? textAt(body, message))
}

const flags = ['success', 'ok', 'succeeded', 'isSuccess', 'is_success'] as const
const holders = [
  'error',
  'errors',
  'fault',
  'errorMessage',
  'error_message',
  'errorMessages',
  'errorCode',
  'error_code',
] as const
const failedStates: ReadonlySet<string> = new Set(['error', 'fail', 'failed', 'failure'])
const wordPaths = [
  ['message'],
  ['detail'],
  ['description'],
  ['title'],
  ['reason'],
  ['errorMessage'],
  ['error_message'],
  ['error_description'],
  ['faultstring'],
  ['msg'],
] as const
const codePaths = [
  ['code'],
  ['errorCode'],
  ['error_code'],
  ['extensions', 'code'],
  ['faultcode'],
  ['type'],
] as const

/**
 * Returns the error that a response reports in one of the common formats, or undefined when it reports none.
 *
 * @param hasRecord whether the response contains a record, whose `status` says nothing about the call
 */
export function reportedAsUsual(body: unknown, hasRecord: boolean): ReportedError | undefined {
  if (!isNativeRecord(body)) return undefined
  const flagged = flags.some((name) => body[name] === false || body[name] === 'false')
  const holder = holders.find((name) => isSomething(body[name]) && body[name] !== 'false')
  const isFailed = !hasRecord && hasFailedState(body.status ?? body.statusCode)
  if (!flagged && holder === undefined && !isFailed) return undefined
  const value = holder === undefined || /code$/i.test(holder) ? undefined : body[holder]
  const entry = Array.isArray(value) ? value[0] : value
  const words =
    typeof entry === 'string' ? entry : (firstText(entry, wordPaths) ?? firstText(body, wordPaths))
  return errorOf(firstText(entry, codePaths) ?? firstText(body, codePaths), words)
}

function hasFailedState(state: unknown): boolean {
  const text = textAt({ state }, ['state'])
  if (text === undefined) return false
  return failedStates.has(text.toLowerCase()) || (/^\d{3}$/.test(text) && Number(text) >= 400)
}

function isSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false
  if (typeof value === 'string') return value.trim() !== '' && value !== '0'
  if (Array.isArray(value)) return value.length > 0
  if (isNativeRecord(value)) return Object.keys(value).length > 0
  return textAt({ value }, ['value']) !== '0'
}

function firstText(value: unknown, paths: readonly NativePath[]): string | undefined {
  for (const path of paths) {
    const text = textAt(value, path)
    if (text !== undefined) return text
  }
  return undefined
}

function errorOf(code: string | undefined, words: string | undefined): ReportedError {
  const token = code !== undefined && /^[\w.:[\]/-]{1,80}$/.test(code) ? code : undefined
  return { ...(token === undefined ? {} : { code: token }), ...(words === undefined ? {} : { words }) }
}
