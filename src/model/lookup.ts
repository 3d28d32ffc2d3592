/**
 * Lookups: questions of a rule about data outside the record, such as `$geocode(address)`.
 *
 * The merge stays pure. An expression with a lookup that has no answer yet fails, and the lookup is returned;
 * the engine gets the answer and merges again. Answers that a field's value depends on are stored with the
 * field, so no lookup is repeated for the same value.
 */
import { IsthmusError } from './errors.ts'

/** A question: the name of the lookup and its argument. */
export interface LookupQuestion {
  /** Its name in expressions, without the dollar sign. */
  readonly lookup: string
  /** Trimmed text, never empty. */
  readonly argument: string
}

/** The result. A failed answer makes the rule fail with this message, which never contains values. */
export type LookupAnswer =
  | { readonly kind: 'found'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string }

/** An answer that a field's value depends on. */
export interface KeptAnswer extends LookupQuestion {
  /** JSON. */
  readonly value: unknown
}

/** Answers by {@link questionKey}. */
export type LookupAnswers = ReadonlyMap<string, LookupAnswer>

/** Lookups as an expression calls them, by name. */
export type LookupFunctions = Readonly<Record<string, (argument: unknown) => unknown>>

/** The functions of one evaluation, and what they were called with. */
export interface Asking {
  readonly functions: LookupFunctions
  /** Answers that were used, in the order of the calls. */
  readonly used: KeptAnswer[]
  /** Questions without an answer. */
  readonly unanswered: LookupQuestion[]
}

/** Lookups in one evaluation; more are a mistake, or an attempt to exhaust somebody's quota. */
const questionsMax = 10
/** Characters of an argument. */
const argumentMax = 2_000

/** The key that distinguishes questions. */
export function questionKey({ lookup, argument }: LookupQuestion): string {
  return `${lookup}\n${argument}`
}

/** Makes the lookups of one evaluation from the known answers. */
export function askWith(lookups: readonly string[], answers: LookupAnswers): Asking {
  const used: KeptAnswer[] = []
  const unanswered: LookupQuestion[] = []
  const ask = (lookup: string, given: unknown): unknown => {
    const argument = argumentText(given)
    // Like the functions of JSONata: nothing in, nothing out.
    if (argument === '') return undefined
    if (used.length + unanswered.length >= questionsMax) {
      throw new IsthmusError('EXPRESSION_LIMIT', `it asks more than ${questionsMax} questions`)
    }
    const question: LookupQuestion = { lookup, argument }
    const answer = answers.get(questionKey(question))
    if (answer?.kind === 'found') {
      used.push({ ...question, value: answer.value })
      return answer.value
    }
    if (answer === undefined) unanswered.push(question)
    throw new IsthmusError('LOOKUP_FAILED', `$${lookup} ${answer?.message ?? 'has no answer yet'}`)
  }
  const functions = Object.fromEntries(
    lookups.map((lookup) => [lookup, (argument: unknown) => ask(lookup, argument)]),
  )
  return { functions, used, unanswered }
}

/**
 * Returns a text, or the texts and numbers of an object or list in their order, so that a whole address can
 * be looked up.
 */
function argumentText(value: unknown): string {
  const text = partsOf(value).join(', ').trim()
  if (text.length <= argumentMax) return text
  throw new IsthmusError('EXPRESSION_LIMIT', `it asks with more than ${argumentMax} characters`)
}

function partsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()]
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(partsOf)
}
