/**
 * Functions of JSONata that are replaced: those whose result depends on the machine, and those whose result
 * is unbounded.
 */
import type jsonata from 'jsonata'
import { instantToNative, parseInstant } from '../canonical/instant.ts'
import { countCodePoints } from '../canonical/text.ts'
import { IsthmusError } from '../errors.ts'
import { cutText } from '../normalisers/text.ts'
import { type Budget, expressionLimits, limitReached } from './budget.ts'

/** Functions that read a clock, use randomness or run an unchecked source. */
export const forbiddenFunctions: ReadonlyMap<string, string> = new Map([
  ['now', 'reads the clock'],
  ['millis', 'reads the clock'],
  ['random', 'draws lots'],
  ['shuffle', 'draws lots'],
  ['eval', 'runs a source that has not been checked'],
])

/** One evaluation, as the evaluator passes it to functions. */
export interface Frame {
  readonly base: { RegexEngine?: unknown }
}

type BudgetOf = (frame: Frame) => Budget

/**
 * Replaces the forbidden functions, even if they are reached in a way that the check of the source does not
 * know.
 */
export function replaceFunctions(expression: jsonata.Expression, budgetOf: BudgetOf): void {
  for (const name of forbiddenFunctions.keys()) expression.assign(name, undefined)
  // Texts are charged before they are made: `$map` starts all its calls before the first one ends.
  expression.registerFunction(
    'pad',
    function (text: string | undefined, width: number, fill?: string) {
      budgetOf(frameOf(this)).spendText(Math.abs(width))
      return pad(text, width, fill)
    },
    '<s-ns?:s>',
  )
  expression.registerFunction(
    'join',
    function (texts: readonly string[] | undefined, separator = '') {
      const length = texts?.reduce((sum, text) => sum + text.length + separator.length, 0) ?? 0
      budgetOf(frameOf(this)).spendText(length)
      return texts?.join(separator)
    },
    '<a<s>s?:s>',
  )
  expression.registerFunction('toMillis', toMillis, '<s-:n>')
}

function frameOf(focus: jsonata.Focus): Frame {
  const environment: object = focus.environment
  if ('base' in environment && typeof environment.base === 'object' && environment.base !== null) {
    return { base: environment.base }
  }
  throw limitReached('a call outside of an evaluation')
}

function pad(text: string | undefined, width: number, fill?: string): string | undefined {
  if (text === undefined) return undefined
  const missing = Math.abs(Math.trunc(width)) - countCodePoints(text)
  if (missing <= 0) return text
  if (missing > expressionLimits.textMax) throw limitReached('a padding that is too long')
  const filler = fill === undefined || fill === '' ? ' ' : fill
  const length = countCodePoints(filler)
  const padding = cutText(filler.repeat(Math.ceil(missing / length)), missing)
  return width > 0 ? text + padding : padding + text
}

/**
 * Milliseconds of a date, or of a date and time; without an offset it is UTC. JSONata's own function uses the
 * machine's zone for a time without an offset, and fills parts missing from a picture from the clock.
 */
function toMillis(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parsed = parseInstant(text, {})
  const millis = parsed.ok ? instantToNative(parsed.value, { as: 'epochMillis' }) : parsed
  if (millis.ok && typeof millis.value === 'number') return Math.floor(millis.value)
  throw new IsthmusError('EXPRESSION_FAILED', '$toMillis takes a date, or a date and time')
}
