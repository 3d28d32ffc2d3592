/**
 * Runs the business rules of an entity on the merged record, before any write.
 *
 * `set` rules make a new agreed value under a revision of its own; each rule sees the values set by the ones
 * before it. `require` and `hold` never change anything: they stop the writes of the whole record. A rule
 * that fails does the same, whatever its kind, since its result is unknown.
 *
 * A `set` rule may use lookups (`$geocode(address)`). Lookups without an answer are returned, and the rule
 * fails until a later round provides the answer.
 *
 * Expressions see numbers as numbers (where a double is exact), and see a null field as missing.
 */
import { findConstraintProblem } from './canonical/constraints.ts'
import { fromExpressionResult, toExpressionDocument, withoutNulls } from './canonical/expression-value.ts'
import { bareReferences } from './canonical/reference.ts'
import { accept, refuse, type ValueResult } from './canonical/value-result.ts'
import type { Expression } from './compiled-expression.ts'
import { isIsthmusError } from './errors.ts'
import type { Entity, Field, Rule } from './integration.ts'
import {
  type Asking,
  askWith,
  type KeptAnswer,
  type LookupAnswer,
  type LookupAnswers,
  type LookupQuestion,
  questionKey,
} from './lookup.ts'
import type { FieldChange, MergeDecision, RuleProblem } from './merge/contract.ts'
import { isEmpty, sameValue } from './merge/equivalence.ts'
import type { AgreedField, AgreedFields } from './state.ts'
import type { CanonicalDocument, CanonicalValue } from './values.ts'

/** What rules may depend on in addition to the values. */
export interface RulesInput {
  readonly entity: Entity
  readonly now: number
  /** A person released the rule holds of this revision (`record.releasedRev`). */
  readonly releasedRev?: number
  /** Answers of lookups, in addition to those kept with the fields. @default none */
  readonly answers?: LookupAnswers
}

/** The decision with the changes of `set` rules. */
export interface RuledDecision {
  readonly decision: MergeDecision
  /** If not empty, nothing may be written. */
  readonly problems: readonly RuleProblem[]
  /** Lookups without an answer. */
  readonly asks: readonly LookupQuestion[]
}

/** The agreed values during the rules, extended rule by rule. */
interface Draft {
  rev: number
  fields: AgreedFields
  readonly changes: FieldChange[]
  readonly problems: RuleProblem[]
  readonly answers: LookupAnswers
  readonly asks: LookupQuestion[]
}

/** Applies all rules in their order, then checks that required fields have a value. */
export async function applyRules(input: RulesInput, decision: MergeDecision): Promise<RuledDecision> {
  const { entity } = input
  const draft: Draft = {
    rev: decision.rev,
    fields: decision.fields,
    changes: [],
    problems: [],
    answers: knownResponses(input, decision.fields),
    asks: [],
  }
  for (const [index, rule] of entity.rules.entries()) await applyRule(input, draft, rule, index)
  for (const field of entity.fields.values()) requireValue(draft, field)
  const { rev, fields, problems, asks } = draft
  if (fields === decision.fields) return { decision, problems, asks }
  return {
    decision: { ...decision, rev, fields, changes: [...decision.changes, ...draft.changes] },
    problems,
    asks,
  }
}

const noResponses: LookupAnswers = new Map()

/** Answers stay valid as long as the argument is the same, so those kept with the fields take precedence. */
function knownResponses({ entity, answers }: RulesInput, fields: AgreedFields): LookupAnswers {
  if (entity.rules.every((rule) => expressionOf(rule).lookups === undefined)) return noResponses
  const known = new Map<string, LookupAnswer>(answers)
  for (const { answers: kept = [] } of Object.values(fields)) {
    for (const answer of kept) known.set(questionKey(answer), { kind: 'found', value: answer.value })
  }
  return known
}

async function applyRule(input: RulesInput, draft: Draft, rule: Rule, index: number): Promise<void> {
  const expression = expressionOf(rule)
  const asking = askWith(expression.lookups ?? [], draft.answers)
  const evaluated = await evaluate(input.entity, expression, { fields: draft.fields, asking })
  draft.asks.push(...asking.unanswered)
  if (!evaluated.ok) {
    addProblem(draft, rule, index, ` could not be evaluated: ${evaluated.problem.message}`)
    return
  }
  const result = evaluated.value
  if (rule.kind === 'set') {
    setField(input, draft, rule, { index, result, answers: asking.used })
    return
  }
  if (rule.kind === 'require') {
    if (!isTrue(result)) draft.problems.push({ kind: 'require', rule: index, message: rule.message })
    return
  }
  const released = input.releasedRev !== undefined && input.releasedRev >= draft.rev
  if (isTrue(result) && !released) draft.problems.push({ kind: 'hold', rule: index, message: rule.message })
}

function expressionOf(rule: Rule): Expression {
  if (rule.kind === 'set') return rule.to
  return rule.kind === 'require' ? rule.test : rule.when
}

/** A rule that failed stops the writes like one that is not satisfied: the message names its position. */
function addProblem(draft: Draft, rule: Rule, index: number, what: string): void {
  const place =
    rule.kind === 'set' ? `rule ${index + 1} (set ${rule.field})` : `rule ${index + 1} (${rule.kind})`
  draft.problems.push({
    kind: 'require',
    rule: index,
    ...(rule.kind === 'set' ? { field: rule.field } : {}),
    message: place + what,
  })
}

async function evaluate(
  entity: Entity,
  expression: Expression,
  { fields, asking }: { readonly fields: AgreedFields; readonly asking: Asking },
): Promise<ValueResult<unknown>> {
  try {
    const input = toExpressionDocument(agreedDocument(fields), (name) => entity.fields.get(name)?.type)
    return accept(await expression.evaluate(withoutNulls(input), asking.functions))
  } catch (error) {
    return failed(error)
  }
}

/** Messages of foreign errors may quote the values that caused them. */
function failed(error: unknown): ValueResult<never> {
  if (isIsthmusError(error)) return refuse(error.code, error.message)
  return refuse('EXPRESSION_FAILED', 'it failed on these values')
}

/**
 * The values that expressions treat as true: true itself, numbers except zero, texts and lists that are not
 * empty.
 */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue)
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== ''
}

interface SetResult {
  readonly index: number
  readonly result: unknown
  /** The answers that it depends on. */
  readonly answers: readonly KeptAnswer[]
}

/** An expression without a result leaves the field unchanged. */
function setField(
  input: RulesInput,
  draft: Draft,
  rule: Extract<Rule, { kind: 'set' }>,
  { index, result, answers }: SetResult,
): void {
  const name = rule.field
  const field = input.entity.fields.get(name)
  const before = draft.fields[name]
  if (field === undefined || before?.heldBy !== undefined) return
  const outcome = canonicalResult(field, result)
  if (!outcome.ok) {
    addProblem(draft, rule, index, `: ${outcome.problem.message}`)
    return
  }
  const { value } = outcome
  if (value === undefined) return
  const basis = answers.length === 0 ? {} : { answers }
  if (before !== undefined && sameValue(before.value, value)) {
    // The same value with other answers: no change, but the new answers are stored.
    if (JSON.stringify(before.answers ?? []) === JSON.stringify(answers)) return
    const { answers: _outdated, ...rest } = before
    draft.fields = { ...draft.fields, [name]: { ...rest, ...basis } }
    return
  }
  draft.rev += 1
  const after: AgreedField = { value, rev: draft.rev, src: 'rule', at: input.now, ...basis }
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

/** The result as a value of the field, normalised and within its constraints. */
function canonicalResult(field: Field, result: unknown): ValueResult<CanonicalValue | undefined> {
  const parsed = fromExpressionResult(field.type, result)
  if (!parsed.ok || parsed.value === undefined) return parsed
  try {
    const value = field.normalise(bareReferences(field.type, parsed.value))
    const problem = findConstraintProblem(field.type, value)
    return problem === undefined ? accept(value) : { ok: false, problem }
  } catch (error) {
    return failed(error)
  }
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
