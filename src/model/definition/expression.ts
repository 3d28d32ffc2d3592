import type { Expression } from '../compiled-expression.ts'
import { compileExpression } from '../expression.ts'
import { type DefinitionPath, problem } from './finding.ts'
import type { Report } from './report.ts'

/** Compiles an expression; undefined (and reported) when its syntax is invalid. */
export function expressionAt(
  source: string,
  at: DefinitionPath,
  report: Report,
  lookups?: ReadonlySet<string>,
): Expression | undefined {
  try {
    return compileExpression(source, lookups)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'the expression cannot be parsed'
    report(problem('expression', at, message, 'expressions are JSONata'))
    return undefined
  }
}
