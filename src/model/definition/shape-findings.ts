/** Converts errors of the schema to findings that name the nearest known key. */
import type { z } from 'zod'
import { type DefinitionPath, type Finding, pathText, problem } from './finding.ts'
import { suggestion } from './nearest.ts'

type Issue = z.core.$ZodIssue

/** Checks a value's shape; the findings' paths start with `base`. */
export function shapeFindings(schema: z.ZodType, value: unknown, base: DefinitionPath = []): Finding[] {
  // Only the error map gets the schema that raised an issue, so the known keys are passed in the message.
  const result = schema.safeParse(value, { error: (issue) => knownKeys(issue).join(' ') || undefined })
  if (result.success) return []
  return withoutSlips(result.error.issues.flatMap((issue) => issueFindings(issue, value, base)))
}

/** A key that is missing because it was mistyped is one error, reported at the mistyped key. */
export function withoutSlips(findings: readonly Finding[]): Finding[] {
  const slips = findings
    .filter((finding) => finding.kind === 'unknown-key')
    .map((finding) => `${pathText(finding.path.slice(0, -1))}\n${finding.hint}`)
  const isSlip = (finding: Finding) =>
    finding.kind === 'missing' &&
    slips.includes(`${pathText(finding.path.slice(0, -1))}\ndid you mean ${finding.path.at(-1)}?`)
  return findings.filter((finding) => !isSlip(finding))
}

function knownKeys(issue: z.core.$ZodRawIssue): string[] {
  if (issue.code !== 'unrecognized_keys') return []
  const definition: unknown = issue.inst?._zod.def
  if (typeof definition !== 'object' || definition === null || !('shape' in definition)) return []
  return Object.keys(definition.shape ?? {})
}

function issueFindings(issue: Issue, root: unknown, base: DefinitionPath): Finding[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  const value = valueAt(root, issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        ...problem(
          'unknown-key',
          [...path, key],
          `unknown key ${key}`,
          suggestion(key, issue.message.split(' ')),
        ),
        at: 'key' as const,
      }))
    case 'invalid_union':
      return unionFindings(issue, value, path)
    case 'invalid_value': {
      const known = issue.values.map(String)
      return [
        value === undefined
          ? problem('missing', path, `${last(path)} is missing`, `one of: ${known.join(', ')}`)
          : problem('value', path, `${shown(value)} is not known here`, suggestion(String(value), known)),
      ]
    }
    case 'invalid_type':
      return [
        value === undefined
          ? problem('missing', path, `${last(path)} is missing`)
          : wrongType(issue, value, path),
      ]
    case 'invalid_key':
      return [
        {
          ...problem('value', path, issue.issues[0]?.message ?? 'this name is not allowed'),
          at: 'key' as const,
        },
      ]
    case 'too_small':
      return [problem('value', path, tooSmall(issue))]
    case 'too_big':
      return [problem('value', path, `expected at most ${issue.maximum}`)]
    default:
      return [problem('value', path, issue.message)]
  }
}

function wrongType(issue: z.core.$ZodIssueInvalidType, value: unknown, path: DefinitionPath): Finding {
  const isOurs = !issue.message.startsWith('Invalid input')
  const message = isOurs ? issue.message : `expected ${typeName(issue.expected)}`
  const isUnquoted = issue.expected === 'string' && typeof value !== 'object' && !isOurs
  return problem(
    'value',
    path,
    `${message}, found ${kindOf(value)}`,
    isUnquoted ? 'put it in quotes' : undefined,
  )
}

function tooSmall(issue: z.core.$ZodIssueTooSmall): string {
  if (issue.origin === 'string') return 'expected a non-empty text'
  if (issue.origin === 'array') return `expected at least ${issue.minimum} of them`
  return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
}

/** Reports the branch that the author most likely meant: of the right kind, with the fewest problems. */
function unionFindings(issue: z.core.$ZodIssueInvalidUnion, value: unknown, path: DefinitionPath): Finding[] {
  if ('discriminator' in issue && issue.discriminator !== undefined) {
    const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
    const isMissing = value === undefined
    const message = isMissing ? `${last(path)} is missing` : `${shown(value)} is not known here`
    const hint = isMissing ? `one of: ${options.join(', ')}` : suggestion(String(value), options)
    return [problem(isMissing ? 'missing' : 'value', path, message, hint)]
  }
  if (value === undefined) return [problem('missing', path, `${last(path)} is missing`)]
  const branches = issue.errors.filter((branch) => !branch.some((inner) => isOfAnotherKind(inner)))
  const meant = branches.toSorted((a, b) => complaints(a, value) - complaints(b, value))[0]
  if (meant !== undefined) {
    const known = [...new Set(branches.flatMap(ownKeys))]
    const inner = meant.flatMap((one) => issueFindings(withKnownKeys(one, known), value, path))
    // Missing keys of a guessed branch are not reported while one of the author's keys is unknown.
    const isTop = (finding: Finding) => finding.path.length === path.length + 1
    const hasUnknown = inner.some((finding) => finding.kind === 'unknown-key' && isTop(finding))
    return inner.filter((finding) => !(hasUnknown && finding.kind === 'missing' && isTop(finding)))
  }
  const known = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []))
  if (typeof value === 'string' && known.length > 0)
    return [problem('value', path, `${shown(value)} is not known here`, suggestion(value, known))]
  const kinds = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_type' ? [typeName(inner.expected)] : []))
  const expected = [...new Set(kinds)].join(' or ') || 'something else'
  return [problem('value', path, `expected ${expected}, found ${kindOf(value)}`)]
}

/** The top-level keys of a branch, as passed in its message about an unknown one. */
function ownKeys(branch: readonly Issue[]): string[] {
  return branch.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.message.split(' ') : [],
  )
}

/** An author who mistypes a key may have meant any branch, so the keys of all are suggested. */
function withKnownKeys(issue: Issue, known: readonly string[]): Issue {
  const isTop = issue.code === 'unrecognized_keys' && issue.path.length === 0
  return isTop ? { ...issue, message: known.join(' ') } : issue
}

function isOfAnotherKind(issue: Issue): boolean {
  return (
    issue.path.length === 0 &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'custom')
  )
}

/**
 * A branch whose own keys the author used is the intended one, even with errors inside; unknown keys weigh
 * most.
 */
function complaints(branch: readonly Issue[], value: unknown): number {
  return branch.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys') return sum + 3 * issue.keys.length
    const isMissing = valueAt(value, issue.path) === undefined
    return sum + (isMissing ? 4 : 1)
  }, 0)
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    return Reflect.get(value, part)
  }, root)
}

function last(path: DefinitionPath): string {
  const part = path.at(-1)
  return part === undefined ? 'the definition' : String(part)
}

/** A value in a message: short, and never a possible secret (only names are shown). */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? 'this text' : `"${value}"`
  return typeof value === 'object' ? kindOf(value) : String(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return typeName(typeof value)
}

function typeName(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
    null: 'nothing',
  }
  return names[type] ?? type
}
