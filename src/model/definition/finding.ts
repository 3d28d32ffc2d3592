import { IsthmusError } from '../errors.ts'

/** Keys and indices that lead from the top of a definition to one place in it. */
export type DefinitionPath = readonly (string | number)[]

/** What kind of thing is wrong: stable, for machines. */
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

/** Something that a check has to say about one place of a definition. */
export interface Finding {
  /** An error refuses the definition; a warning is shown. */
  readonly severity: 'error' | 'warning'
  readonly kind: FindingKind
  readonly path: DefinitionPath
  /** What is wrong, in one line; never a secret. */
  readonly message: string
  /** What to do about it, the nearest known name first. */
  readonly hint?: string
  /** Whether the key or the value at `path` is meant. @default 'value' */
  readonly at?: 'key' | 'value'
  /** From 1; missing for definitions written in TypeScript. */
  readonly line?: number
  /** From 1. */
  readonly column?: number
}

/** An error finding, in the words of the checks. */
export function problem(kind: FindingKind, path: DefinitionPath, message: string, hint?: string): Finding {
  return { severity: 'error', kind, path, message, ...(hint === undefined ? {} : { hint }) }
}

/** The path as people write it: `entities.customer.match[0].exact`. */
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

/** A definition that was refused. `findings` holds everything that is wrong with it, in the order of the file. */
export class DefinitionError extends IsthmusError {
  declare readonly findings: readonly Finding[]

  constructor(source: string, findings: readonly Finding[]) {
    const errors = findings.filter((finding) => finding.severity === 'error')
    const [first] = errors
    const more = errors.length > 1 ? `, and ${errors.length - 1} more` : ''
    super('DEFINITION_INVALID', `${source}:${first === undefined ? ' refused' : findingText(first)}${more}`)
    Object.defineProperty(this, 'findings', { value: findings, enumerable: false })
  }
}
