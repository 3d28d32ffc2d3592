/**
 * Interprets the errors of a response. GraphQL responds with 200 to almost everything, so this file decides
 * whether a mutation may have taken effect, and is conservative.
 *
 * | the response | verdict |
 * | --- | --- |
 * | no `data` at all (specification, "request error") | nothing ran: `refused`, unless the codes say more |
 * | all errors `denied` or all `throttled`, and no result | nothing ran |
 * | all errors of one known kind (`gone`, `stale`, `refused`), and no result | that |
 * | an error within the result of a mutation, so that null propagated to the rest | `unclear`: the mutation itself succeeded |
 * | an error within the record of a query | never `gone`: a record that it refers to may be |
 * | anything else, such as a resolver that threw, or errors next to a result | `unclear`: it may have taken effect |
 */

import { AuthenticationError, RateLimitedError } from '../../http/errors.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { WriteResult } from '../kit/contract.ts'
import { isNativeRecord, textAt, valueAt } from '../kit/native.ts'
import { callFailure, writeResultOf } from '../kit/outcome.ts'
import { quotedWords } from '../kit/quoted-words.ts'
import { namesInWords, usualRefusedNames } from '../kit/refused-names.ts'
import type { ErrorsManifest } from './manifests/manifest.ts'

/** One entry of `errors`. */
export interface GraphqlProblem {
  /** A short token; undefined when there is none, or a sentence, which may quote a record. */
  readonly code: string | undefined
  /** Response names and positions, from `data`. */
  readonly path: readonly (string | number)[] | undefined
  /** The server's original message: see `quotedWords` for what may be passed on. */
  readonly message: string
  /** Names of refused fields in the extensions. */
  readonly names: readonly string[] | undefined
}

/** What errors mean for the request. */
export type ErrorClass = 'denied' | 'throttled' | 'gone' | 'stale' | 'refused' | 'unclear'

/** What is known about the errors of a response, in addition to their text. */
export interface GraphqlErrorFacts {
  readonly verdict: ErrorClass
  /** Native names of refused fields. */
  readonly fields: readonly string[]
  /** The whole request was refused before anything was executed. */
  readonly nothingRan: boolean
}

/**
 * Facts of the errors that were created here. They are kept beside the errors, because only this connector
 * can use them.
 */
const factsByError = new WeakMap<IsthmusError, GraphqlErrorFacts>()

/** Creates the error CONNECTOR_RESPONSE_ERRORS of a response with errors that is not a result. */
export function responseError(
  verdict: ErrorClass,
  message: string,
  { fields = [], nothingRan = false }: Partial<GraphqlErrorFacts> = {},
): IsthmusError {
  const error = new IsthmusError('CONNECTOR_RESPONSE_ERRORS', message)
  factsByError.set(error, { verdict, fields, nothingRan })
  return error
}

/** Returns the facts of an error of `responseError`; undefined for any other failure. */
export function responseErrorFacts(error: unknown): GraphqlErrorFacts | undefined {
  return error instanceof IsthmusError ? factsByError.get(error) : undefined
}

const problemsMax = 100

/** Reads `errors`; undefined when there are none. */
export function problemsOf(body: unknown, codePath: ErrorsManifest['code']): readonly GraphqlProblem[] {
  const errors = valueAt(body, ['errors'])
  if (!Array.isArray(errors)) return []
  return errors.slice(0, problemsMax).map((error: unknown) => {
    const path = valueAt(error, ['path'])
    return {
      code: shortToken(textAt(error, codePath)),
      path: Array.isArray(path) ? path.map(stepOf) : undefined,
      message: textAt(error, ['message']) ?? '',
      names: usualRefusedNames({ extensions: valueAt(error, ['extensions']) }),
    }
  })
}

function stepOf(step: unknown): string | number {
  return typeof step === 'number' ? step : String(step)
}

/** Codes are short words; a sentence may quote a record's values. */
export function shortToken(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.:[\]/-]{1,80}$/.test(text) ? text : undefined
}

const knownCodes: Readonly<Record<string, ErrorClass>> = {
  THROTTLED: 'throttled',
  RATE_LIMITED: 'throttled',
  UNAUTHENTICATED: 'denied',
  FORBIDDEN: 'denied',
  ACCESS_DENIED: 'denied',
  BAD_USER_INPUT: 'refused',
  GRAPHQL_PARSE_FAILED: 'refused',
  GRAPHQL_VALIDATION_FAILED: 'refused',
  MAX_COST_EXCEEDED: 'refused',
}

/**
 * Returns the meaning of one code. The manifest takes precedence over general knowledge of GraphQL servers.
 */
export function verdictOfCode(code: string | undefined, rules: ErrorsManifest): ErrorClass {
  if (code === undefined) return 'unclear'
  for (const verdict of ['gone', 'stale', 'refused', 'throttled', 'denied'] as const) {
    if (rules[verdict].includes(code)) return verdict
  }
  return Object.hasOwn(knownCodes, code) ? (knownCodes[code] ?? 'unclear') : 'unclear'
}

/**
 * Returns what the errors of one response have in common. `ran`: the response has `data`, so something was
 * executed.
 */
export function verdictOf(
  problems: readonly GraphqlProblem[],
  ran: boolean,
  rules: ErrorsManifest,
): ErrorClass {
  const verdicts = new Set(problems.map(({ code }) => verdictOfCode(code, rules)))
  const [only] = verdicts
  if (verdicts.size === 1 && only !== undefined && only !== 'unclear') return only
  return ran ? 'unclear' : 'refused'
}

/** The request that a response with errors belongs to. */
export interface AskedFor {
  readonly kind: 'query' | 'mutation'
  /**
   * Path from `data` to the record of a query, or to the field of a mutation: anything below was evaluated
   * after that existed.
   */
  readonly depth: number
}

/** Creates the error of a response without a usable result. `throttledMs`: when to retry, if known. */
export function errorOf(
  problems: readonly GraphqlProblem[],
  ran: boolean,
  {
    rules,
    label,
    throttledMs,
    asked,
    sent,
  }: {
    rules: ErrorsManifest
    label: string
    throttledMs: number | undefined
    asked: AskedFor
    /** Variables of the request: their values are not quoted. */
    sent: unknown
  },
): IsthmusError {
  const verdict = verdictWithin(problems, verdictOf(problems, ran, rules), asked)
  const message = `${label} was answered with ${describeProblems(problems, sent)}.`
  if (verdict === 'denied')
    return new AuthenticationError('CONNECTOR_ACCESS_DENIED', message, { outcome: 'answered' })
  if (verdict === 'throttled') {
    return new RateLimitedError('HTTP_RATE_LIMITED', message, {
      outcome: 'answered',
      ...(throttledMs === undefined ? {} : { retry: { afterMs: throttledMs } }),
    })
  }
  const fields =
    verdict === 'refused'
      ? problems.flatMap(({ names, message: words }) => names ?? namesInWords(words, sent) ?? [])
      : []
  return responseError(verdict, message, { nothingRan: !ran, fields })
}

function verdictWithin(
  problems: readonly GraphqlProblem[],
  verdict: ErrorClass,
  { kind, depth }: AskedFor,
): ErrorClass {
  const isBelow = problems.some(({ path }) => path !== undefined && path.length > depth)
  return isBelow && (kind === 'mutation' || verdict === 'gone') ? 'unclear' : verdict
}

/** Codes, paths and the server's messages, without the values that were sent. */
function describeProblems(problems: readonly GraphqlProblem[], sent: unknown): string {
  const shown = problems.slice(0, 3).map(({ code, path, message }) => {
    const place = path === undefined ? '' : ` at ${path.join('.')}`
    const words = quotedWords(message, sent)
    return `${code ?? 'an error without a code'}${place}${words === undefined ? '' : ` (${words})`}`
  })
  const more = problems.length > shown.length ? ` and ${problems.length - shown.length} more` : ''
  return `${shown.join(', ')}${more}`
}

/**
 * Returns the refusals that a mutation lists in its response; undefined when it lists none. `sent`:
 * variables, whose values are not quoted.
 */
export function userErrorsOf(
  payload: unknown,
  rules: ErrorsManifest,
  { label, sent }: { readonly label: string; readonly sent: unknown },
): IsthmusError | undefined {
  const entries = listedErrors(payload, rules)
  if (entries.length === 0) return undefined
  const codes = entries.map((entry) => shortToken(textAt(entry, rules.userCode)))
  const fields = entries
    .map((entry) => fieldNameOf(valueAt(entry, rules.userField)))
    .filter((name) => name !== undefined)
  const shown = entries.slice(0, 3).map((entry, index) => {
    const words = quotedWords(typeof entry === 'string' ? entry : textAt(entry, rules.userMessage), sent)
    return `${codes[index] ?? 'no code'}${words === undefined ? '' : ` (${words})`}`
  })
  const message = `${label} was refused: ${shown.join(', ')}.`
  if (rules.userErrorsArePartial) return responseError('unclear', message, { fields })
  const verdicts = new Set(codes.map((code) => verdictOfCode(code, rules)))
  const [only] = verdicts
  const verdict = verdicts.size === 1 && (only === 'gone' || only === 'stale') ? only : 'refused'
  return responseError(verdict, message, { fields })
}

/**
 * The list that the manifest names, or any list of the payload whose name indicates errors
 * (`customerUserErrors`, `errors`).
 */
function listedErrors(payload: unknown, rules: ErrorsManifest): readonly unknown[] {
  const named = valueAt(payload, rules.user)
  if (Array.isArray(named)) return named.slice(0, problemsMax)
  if (!isNativeRecord(payload)) return []
  const lists = Object.entries(payload).filter(
    ([name, value]) => /errors$/i.test(name) && Array.isArray(value),
  )
  return lists.flatMap(([, value]) => (Array.isArray(value) ? value : [])).slice(0, problemsMax)
}

/** `["input", "title"]` and `title` both name `title`; the variable's name is not part of the record. */
function fieldNameOf(field: unknown): string | undefined {
  if (typeof field === 'string') return shortToken(field)
  if (!Array.isArray(field)) return undefined
  const steps = field.map(String)
  return shortToken((steps[0] === 'input' ? steps.slice(1) : steps).join('.'))
}

/** Result of a mutation that failed. */
export function writeFailure(error: unknown, conditional: boolean): WriteResult {
  const facts = responseErrorFacts(error)
  if (facts === undefined) return writeResultOf({ error, conditional, rules: noStatusRules })
  const failure = callFailure(error)
  switch (facts.verdict) {
    case 'gone':
      return { kind: 'gone' }
    case 'stale':
      return conditional ? { kind: 'stale' } : { kind: 'rejected', failure }
    case 'refused':
      return { kind: 'rejected', failure, ...(facts.fields.length === 0 ? {} : { fields: facts.fields }) }
    default:
      // The API ran the mutation and responded: nothing of it is still in flight.
      return { kind: 'unknown', failure: { ...failure, answered: true } }
  }
}

/** One endpoint serves every record: its 404 concerns the endpoint. */
const noStatusRules = { gone: () => undefined, stale: new Set<number>(), refusal: () => ({}) } as const

/** Returns true for an error object of the API in a body, as servers send it with 4xx. */
export function hasProblems(body: unknown): boolean {
  return isNativeRecord(body) && Array.isArray(body.errors) && body.errors.length > 0
}

/** Returns true when an error says that the record does not exist. */
export function saysGone(error: unknown): boolean {
  return responseErrorFacts(error)?.verdict === 'gone'
}
