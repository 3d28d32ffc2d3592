/**
 * Sandboxed JSONata: no clock, no randomness, no unchecked source, no prototypes, and a bounded amount of
 * work.
 *
 * Guaranteed: the result depends on source and input only; an evaluation ends after a fixed number of steps;
 * regular expressions run in time linear in the text. Not guaranteed: the memory of one built-in call before
 * its result is checked (a replacement that makes a text longer than the limit is refused after it was made).
 */
import jsonata from 'jsonata'
import { plainResult } from './canonical/expression-value.ts'
import type { Expression } from './compiled-expression.ts'
import { IsthmusError, isIsthmusError } from './errors.ts'
import { Budget, expressionLimits, limitReached } from './expression/budget.ts'
import { type CheckedSource, checkSource, invalid } from './expression/check-source.ts'
import { type Frame, replaceFunctions } from './expression/functions.ts'
import { type LinearPattern, makeRegexEngine } from './expression/linear-regex.ts'
import type { LookupFunctions } from './lookup.ts'

/**
 * Compiles one expression.
 *
 * @param lookups names that it may call besides JSONata's own functions; their answers are passed to each
 *   evaluation
 * @throws EXPRESSION_INVALID with the position, when the source is invalid or uses something that is not
 *   allowed
 */
export function compileExpression(source: string, lookups?: ReadonlySet<string>): Expression {
  if (source.length > expressionLimits.sourceMax) {
    throw invalid(`the expression is longer than ${expressionLimits.sourceMax} characters`, undefined)
  }
  const compiled = parse(source)
  const checked = checkSource(compiled.ast())
  watch(compiled, checked)
  const called = [...(lookups ?? [])].filter((name) => checked.variables.has(name))
  return Object.freeze({
    source,
    ...(called.length === 0 ? {} : { lookups: called }),
    evaluate: async (input: { readonly [key: string]: unknown }, functions?: LookupFunctions) => {
      try {
        return finish(await compiled.evaluate(input, functions))
      } catch (error) {
        throw explain(error)
      }
    },
  })
}

function parse(source: string): jsonata.Expression {
  try {
    const { depthMax, elementsMax } = expressionLimits
    return jsonata(source, { stack: depthMax, sequence: elementsMax })
  } catch (error) {
    const { message, position } = faultOf(error)
    throw invalid(message ?? 'the expression cannot be parsed', position, error)
  }
}

/** Counts every node on entry and every text on exit. */
function watch(compiled: jsonata.Expression, { patterns }: CheckedSource): void {
  const budgets = new WeakMap<object, Budget>()
  const patternOf = (pattern: RegExp): LinearPattern => {
    const found = patterns.get(pattern)
    if (found === undefined) throw invalid('a pattern appeared that was not in the source', undefined)
    return found
  }
  const budgetOf = ({ base }: Frame): Budget => {
    const known = budgets.get(base)
    if (known !== undefined) return known
    const budget = new Budget()
    budgets.set(base, budget)
    base.RegexEngine = makeRegexEngine(patternOf, budget)
    return budget
  }
  replaceFunctions(compiled, budgetOf)
  assignHook(compiled, 'entry', (_node, _input, frame) => budgetOf(frame).spend(1))
  assignHook(compiled, 'exit', (_node, _input, frame, result) => {
    if (typeof result === 'string') budgetOf(frame).spendText(result.length)
    if (Array.isArray(result) && result.length > expressionLimits.elementsMax) {
      throw limitReached(`a list of more than ${expressionLimits.elementsMax} elements`)
    }
  })
}

type Hook = (node: unknown, input: unknown, frame: Frame, result?: unknown) => void

function assignHook(compiled: jsonata.Expression, when: 'entry' | 'exit', hook: Hook): void {
  // The hooks' names are symbols, which are missing in the package's types.
  const name: unknown = Symbol.for(`jsonata.__evaluate_${when}`)
  compiled.assign(name as string, hook)
}

function finish(result: unknown): unknown {
  const plain = plainResult(result)
  if (!plain.ok) throw new IsthmusError('EXPRESSION_FAILED', plain.problem.message)
  const budget = { texts: 0, elements: 0 }
  measure(plain.value, budget)
  return plain.value
}

function measure(value: unknown, used: { texts: number; elements: number }): void {
  used.elements += 1
  if (typeof value === 'string') used.texts += value.length
  if (used.texts > expressionLimits.textMax) throw limitReached('a result with too much text')
  if (used.elements > expressionLimits.elementsMax) throw limitReached('a result with too many parts')
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) measure(part, used)
  }
}

const failures: Readonly<Record<string, string>> = {
  D1011: 'it nests deeper than it may',
  D2014: 'a range is too long',
  D2015: 'a list is too long',
  D3030: 'a value is not a number',
  D3137: 'it called $error',
  D3141: 'an $assert failed',
  T0410: 'an argument of a function has the wrong type',
  T0411: 'the context of a function has the wrong type',
  T0412: 'an argument of a function must be a list of another type',
  T1006: 'it called something that is not a function',
  T2001: 'the left side of an operator must be a number',
  T2002: 'the right side of an operator must be a number',
  T2009: 'two values of different types were compared',
  T2010: 'a comparison needs texts or numbers',
}

/** The engine's own messages quote values of the record; this one names only the fault and its position. */
function explain(error: unknown): IsthmusError {
  if (isIsthmusError(error)) return error
  const { code, position, token } = faultOf(error)
  const limit = code === 'D1011' || code === 'D2014' || code === 'D2015'
  const reason = (code === undefined ? undefined : failures[code]) ?? `it failed (${code ?? 'unknown fault'})`
  const near = token === undefined ? '' : ` near ${token}`
  const place = position === undefined ? '' : ` (at character ${position})`
  return new IsthmusError(limit ? 'EXPRESSION_LIMIT' : 'EXPRESSION_FAILED', `${reason}${near}${place}`, {
    details: {
      ...(code === undefined ? {} : { fault: code }),
      ...(position === undefined ? {} : { position }),
    },
  })
}

interface Fault {
  readonly code?: string
  readonly message?: string
  readonly position?: number
  readonly token?: string
}

/** JSONata throws plain objects. */
function faultOf(error: unknown): Fault {
  if (typeof error !== 'object' || error === null) return {}
  const { code, message, position, token }: { [key in keyof Fault]?: unknown } = error
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof position === 'number' ? { position } : {}),
    ...(typeof token === 'string' && token.length <= 60 ? { token } : {}),
  }
}
