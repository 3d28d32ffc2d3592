import type jsonata from 'jsonata'
import { IsthmusError } from '../errors.ts'
import { forbiddenFunctions } from './functions.ts'
import { compileLinear, type LinearPattern } from './linear-regex.ts'

/** The results of checking a syntax tree that are used later. */
export interface CheckedSource {
  /** Compiled once, by the pattern object in the tree. */
  readonly patterns: ReadonlyMap<RegExp, LinearPattern>
  /** Names after a dollar sign. */
  readonly variables: ReadonlySet<string>
}

/**
 * Walks the whole syntax tree and refuses everything that an expression may not use.
 *
 * @throws EXPRESSION_INVALID for clocks, randomness and unchecked sources, and for patterns that need
 *   backtracking
 */
export function checkSource(tree: jsonata.ExprNode): CheckedSource {
  const patterns = new Map<RegExp, LinearPattern>()
  const variables = new Set<string>()
  const seen = new Set<object>()
  const pending: unknown[] = [tree]
  while (pending.length > 0) {
    const node = pending.pop()
    if (typeof node !== 'object' || node === null || seen.has(node)) continue
    seen.add(node)
    if (node instanceof RegExp) patterns.set(node, linearOf(node))
    else {
      checkNode(node)
      const { type, value }: Partial<jsonata.ExprNode> = node
      if (type === 'variable' && typeof value === 'string') variables.add(value)
      // All properties of a node are followed, whatever their kind: a list of kinds would miss those of the
      // next version.
      pending.push(...Object.values(node))
    }
  }
  return { patterns, variables }
}

function checkNode(node: object): void {
  const { type, value, position, procedure, arguments: given }: Partial<jsonata.ExprNode> = node
  if (type === 'variable' && typeof value === 'string') {
    const reason = forbiddenFunctions.get(value)
    if (reason !== undefined) throw invalid(`$${value} is not allowed: it ${reason}`, position)
  }
  if (procedure?.value === 'toMillis' && (given?.length ?? 0) > 1) {
    throw invalid('$toMillis takes no picture here: it would fill gaps from the clock', procedure.position)
  }
}

function linearOf(pattern: RegExp): LinearPattern {
  const compiled = compileLinear(pattern)
  if (compiled !== undefined) return compiled
  throw invalid(
    `the pattern /${pattern.source}/ uses something that needs backtracking (look-around, \\1)`,
    undefined,
  )
}

/** An error about the source, with the position where it is known. */
export function invalid(message: string, position: number | undefined, cause?: unknown): IsthmusError {
  const place = position === undefined ? '' : ` (at character ${position})`
  return new IsthmusError('EXPRESSION_INVALID', `${message}${place}`, {
    ...(cause === undefined ? {} : { cause }),
    details: position === undefined ? {} : { position },
  })
}
