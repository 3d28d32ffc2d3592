import type { Expression } from '../compiled-expression.ts'
import type { Rule } from '../integration.ts'
import { type PolicyContext, unknownField } from './compile-policies.ts'
import { expressionAt } from './expression.ts'
import { rootNamesOf } from './expression-path.ts'
import { problem } from './finding.ts'
import { nearest } from './nearest.ts'
import { type Report, reportUnder } from './report.ts'
import type { RuleDefinition } from './schema/entities.ts'

/** The business rules, in order. */
export function compileRules(context: PolicyContext, report: Report): Rule[] {
  return (context.entity.rules ?? []).flatMap((rule, index) => {
    const compiled = compileRule(rule, context, reportUnder(report, ['rules', index]))
    return compiled === undefined ? [] : [compiled]
  })
}

/**
 * An expression of a rule. A name in it that resembles a field is only a warning: it may refer to a nested
 * part.
 */
function ruleExpression(
  { source, key }: { source: string; key: string },
  context: PolicyContext,
  report: Report,
): Expression | undefined {
  const compiled = expressionAt(source, [key], report, context.lookups)
  if (compiled === undefined) return undefined
  const [asked] = compiled.lookups ?? []
  if (asked !== undefined && key !== 'to') {
    // An answer is stored with the field that depends on it, and these rules have none.
    const message = `only a set rule may ask $${asked}`
    report(problem('policy', [key], message, 'set a field to its result, and use that field here'))
  }
  for (const name of rootNamesOf(source)) {
    const meant = context.types.has(name) ? undefined : nearest(name, context.types.keys())
    if (meant === undefined) continue
    const finding = problem('unknown-name', [key], `there is no field ${name}`, `did you mean ${meant}?`)
    report({ ...finding, severity: 'warning' })
  }
  return compiled
}

function compileRule(rule: RuleDefinition, context: PolicyContext, report: Report): Rule | undefined {
  const compile = (source: string, key: string) => ruleExpression({ source, key }, context, report)
  if ('require' in rule) {
    const test = compile(rule.require, 'require')
    return test === undefined ? undefined : { kind: 'require', test, message: rule.message }
  }
  if ('set' in rule) {
    if (!context.types.has(rule.set)) report(unknownField(rule.set, ['set'], context))
    const to = compile(rule.to, 'to')
    return to === undefined ? undefined : { kind: 'set', field: rule.set, to }
  }
  const when = compile(rule.when, 'when')
  return when === undefined ? undefined : { kind: 'hold', when, message: rule.message }
}
