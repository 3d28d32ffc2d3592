/**
 * Runs the business rules of an entity on the merged record, before any write.
 *
 * `set` rules make a new agreed value under a revision of its own; each rule sees what the ones before it have set. `require` and `hold`
 * never change anything: they stop the writes of the whole record.
 */
import { parseCanonical } from './canonical/canonical.ts'
import { isIsthmusError } from './errors.ts'
import type { Entity, Expression, Field, Rule } from './integration.ts'
import type { FieldChange, MergeDecision, RuleProblem } from './merge/contract.ts'
import { isEmpty, sameValue } from './merge/equivalence.ts'
import type { AgreedField, AgreedFields } from './state.ts'
import type { CanonicalDocument, CanonicalValue } from './values.ts'

export interface RulesInput {
  readonly entity: Entity
  readonly now: number
  /** A person released the rule holds of this revision (`record.releasedRev`). */
  readonly releasedRev?: number
}

export interface RuledDecision {
  readonly decision: MergeDecision
  /** Not empty: nothing may be written. */
  readonly problems: readonly RuleProblem[]
}

/** The agreed values under the rules; grows rule by rule. */
interface Draft {
  rev: number
  fields: AgreedFields
  readonly changes: FieldChange[]
  readonly problems: RuleProblem[]
}

/** Applies all rules in their order, then checks that required fields have a value. */
export async function applyRules(input: RulesInput, decision: MergeDecision): Promise<RuledDecision> {
  const { entity } = input
  const draft: Draft = { rev: decision.rev, fields: decision.fields, changes: [], problems: [] }
  for (const [index, rule] of entity.rules.entries()) await applyRule(input, draft, rule, index)
  for (const field of entity.fields.values()) requireValue(draft, field)
  if (draft.changes.length === 0) return { decision, problems: draft.problems }
  const { rev, fields } = draft
  return {
    decision: { ...decision, rev, fields, changes: [...decision.changes, ...draft.changes] },
    problems: draft.problems,
  }
}

async function applyRule(input: RulesInput, draft: Draft, rule: Rule, index: number): Promise<void> {
  const expression = expressionOf(rule)
  const result = await evaluate(expression, agreedDocument(draft.fields))
  if ('failure' in result) {
    const message = `rule ${index + 1} could not be evaluated: ${result.failure}`
    draft.problems.push({ kind: 'require', rule: index, message })
    return
  }
  if (rule.kind === 'set') {
    setField(input, draft, rule.field, { index, result: result.value })
    return
  }
  if (rule.kind === 'require') {
    if (!isTrue(result.value)) draft.problems.push({ kind: 'require', rule: index, message: rule.message })
    return
  }
  const released = input.releasedRev !== undefined && input.releasedRev >= draft.rev
  if (isTrue(result.value) && !released) {
    draft.problems.push({ kind: 'hold', rule: index, message: rule.message })
  }
}

function expressionOf(rule: Rule): Expression {
  if (rule.kind === 'set') return rule.to
  return rule.kind === 'require' ? rule.test : rule.when
}

async function evaluate(
  expression: Expression,
  document: CanonicalDocument,
): Promise<{ readonly value: unknown } | { readonly failure: string }> {
  try {
    return { value: await expression.evaluate(document) }
  } catch (error) {
    // Messages of foreign errors may quote the values they stumbled over.
    return { failure: isIsthmusError(error) ? error.code : 'the expression failed on these values' }
  }
}

/** What expressions take as true: true itself, numbers but zero, texts and lists that are not empty. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue)
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== ''
}

/** An expression without a result leaves the field alone: it had nothing to work on. */
function setField(
  input: RulesInput,
  draft: Draft,
  name: string,
  { index, result }: { readonly index: number; readonly result: unknown },
): void {
  const field = input.entity.fields.get(name)
  const before = draft.fields[name]
  if (field === undefined || result === undefined || before?.heldBy !== undefined) return
  const value = canonicalResult(field, result)
  if (value === undefined) {
    const message = `rule ${index + 1} gives something that is no ${field.type.kind} for the field ${name}`
    draft.problems.push({ kind: 'require', rule: index, field: name, message })
    return
  }
  if (sameValue(before?.value, value)) return
  draft.rev += 1
  const after: AgreedField = { value, rev: draft.rev, src: 'rule', at: input.now }
  draft.fields = { ...draft.fields, [name]: after }
  draft.changes.push({
    field: name,
    from: before?.value,
    to: value,
    rev: draft.rev,
    src: 'rule',
    by: 'rule',
  })
}

function canonicalResult(field: Field, result: unknown): CanonicalValue | undefined {
  // References are record ids here, not native ids, so they are taken as they are.
  if (field.type.kind === 'ref') return typeof result === 'string' ? result : undefined
  const parsed = parseCanonical(field.type, result)
  return parsed.ok ? field.normalise(parsed.value) : undefined
}

function requireValue(draft: Draft, field: Field): void {
  const agreed = draft.fields[field.name]
  if (!field.required || agreed?.heldBy !== undefined || !isEmpty(agreed?.value)) return
  draft.problems.push({
    kind: 'require',
    field: field.name,
    message: `the field ${field.name} is required and has no value`,
  })
}

function agreedDocument(fields: AgreedFields): CanonicalDocument {
  const document: Record<string, CanonicalValue> = {}
  for (const [name, agreed] of Object.entries(fields)) {
    if (agreed.value !== undefined) document[name] = agreed.value
  }
  return document
}
