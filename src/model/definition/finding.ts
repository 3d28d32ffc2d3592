import { IsthmusError } from '../errors.ts'

/** Keys and indices that lead from the top of a definition to one place in it. */
export type DefinitionPath = readonly (string | number)[]

/** The kind of finding: stable, machine-readable. */
export type FindingKind =
  | 'syntax'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing'
  | 'value'
  | 'literal-secret'
  | 'unknown-name'
  | 'mapping'
  | 'policy'
  | 'expression'
  | 'reference-cycle'
  | 'not-watched'
  | 'race-window'
  | 'match'
  | 'capability'

/** A finding of a check about one position in a definition. */
export interface Finding {
  /** An error refuses the definition; a warning is shown. */
  readonly severity: 'error' | 'warning'
  /** Kind of mistake. */
  readonly kind: FindingKind
  /** Where it is in the definition. */
  readonly path: DefinitionPath
  /** The problem, in one line; never a secret. */
  readonly message: string
  /** What to do about it, the nearest known name first. */
  readonly hint?: string
  /** Whether it refers to the key or the value at `path`. @default 'value' */
  readonly at?: 'key' | 'value'
  /** From 1; missing for definitions written in TypeScript. */
  readonly line?: number
  /** From 1. */
  readonly column?: number
}

/** Returns an error finding. */
export function problem(kind: FindingKind, path: DefinitionPath, message: string, hint?: string): Finding {
  return { severity: 'error', kind, path, message, ...(hint === undefined ? {} : { hint }) }
}

/** Formats a path: `entities.customer.match[0].exact`. */
export function pathText(path: DefinitionPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

/** One line for people: `4:7 systems.crm.conector: unknown key (did you mean connector?)`. */
export function findingText(finding: Finding): string {
  const place = finding.line === undefined ? '' : `${finding.line}:${finding.column ?? 1} `
  const path = finding.path.length === 0 ? '' : `${pathText(finding.path)}: `
  const hint = finding.hint === undefined ? '' : ` (${finding.hint})`
  return `${place}${path}${finding.message}${hint}`
}

/** Number of findings that a message names; `findings` has all of them. */
const shownMax = 20

/**
 * The error for a refused definition: code `DEFINITION_INVALID`. Its message names each finding with its
 * kind; {@link findingsOf} returns all findings, in the order of the file.
 */
export function refusedDefinition(source: string, findings: readonly Finding[]): IsthmusError {
  const errors = findings.filter((finding) => finding.severity === 'error')
  const lines = errors.slice(0, shownMax).map((error) => `${findingText(error)} [${error.kind}]`)
  const more = errors.length > shownMax ? [`and ${errors.length - shownMax} more`] : []
  const [only = ' refused'] = lines
  const message =
    errors.length < 2
      ? `${source}:${only}`
      : [`${source} has ${errors.length} mistakes:`, ...lines, ...more].join('\n  ')
  const problems = errors.map(({ kind, path, message: what, hint }) => ({
    kind,
    path: pathText(path),
    message: what,
    ...(hint === undefined ? {} : { hint }),
  }))
  const error = new IsthmusError('DEFINITION_INVALID', message, { details: { problems } })
  found.set(error, findings)
  return error
}

/** Kept outside the error, since `details` contains only data that may be printed as JSON. */
const found = new WeakMap<object, readonly Finding[]>()

/**
 * All findings of an error with the code `DEFINITION_INVALID`, warnings included; none for any other error.
 */
export function findingsOf(error: unknown): readonly Finding[] {
  return typeof error === 'object' && error !== null ? (found.get(error) ?? []) : []
}
