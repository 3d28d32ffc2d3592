/**
 * Lookups: questions that a rule asks of the world beyond the record, such as `$geocode(address)`.
 *
 * The merge stays pure. An expression that asks something whose answer is not given fails, and the question is told; the engine finds the
 * answer and merges again. Answers that a field's value rests on are kept with the field, so nobody asks twice for the same value.
 */
import { IsthmusError } from './errors.ts'

/** A question: which lookup, and what is asked. */
export interface LookupQuestion {
  /** Its name in expressions, without the dollar sign. */
  readonly lookup: string
  /** Trimmed text, never empty. */
  readonly argument: string
}

/** What came back. A failed answer makes the rule fail, with these words; they never hold values. */
export type LookupAnswer =
  | { readonly kind: 'found'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string }

/** An answer that a field's value rests on. */
export interface KeptAnswer extends LookupQuestion {
  /** JSON. */
  readonly value: unknown
}

/** Answers by {@link questionKey}. */
export type LookupAnswers = ReadonlyMap<string, LookupAnswer>

/** Lookups as an expression calls them, by name. */
export type LookupFunctions = Readonly<Record<string, (argument: unknown) => unknown>>

/** The functions of one evaluation, and what became of it. */
export interface Asking {
  readonly functions: LookupFunctions
  /** Answers that were given, in the order of asking. */
  readonly used: KeptAnswer[]
  /** Questions without an answer. */
  readonly unanswered: LookupQuestion[]
}

/** Questions in one evaluation; more are a mistake, or an attempt to spend somebody's quota. */
const questionsMax = 10
/** Characters of an argument. */
const argumentMax = 2_000

/** What tells questions apart. */
export function questionKey({ lookup, argument }: LookupQuestion): string {
  return `${lookup}\n${argument}`
}

/** Makes the lookups of one evaluation from the answers that are known. */
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

/** A text, or the texts and numbers of an object or list in their order, so that a whole address can be asked for. */
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
