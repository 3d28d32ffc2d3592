/** What `isthmus check` has to say: one row per thing looked at. */

import { withWords } from '../../engine/pass/failure.ts'
import type { Finding } from '../../model/definition/finding.ts'
import { pathText } from '../../model/definition/finding.ts'
import { errorCodes } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'

/** What was looked at, in the order in which it is looked at. */
export type CheckArea =
  | 'definition'
  | 'credentials'
  | 'reach'
  | 'capabilities'
  | 'schema'
  | 'quota'
  | 'mapping'

/** One row of the report. No row holds a secret, or a record value. */
export interface CheckRow {
  /** `error`: it can't run like this · `warning`: it can, and somebody should look · `ok`: it was looked at and holds */
  readonly level: 'error' | 'warning' | 'ok'
  readonly area: CheckArea
  /** A place of the definition, a system, or an entity in a system. */
  readonly subject: string
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
  /** Place in the file, from 1. */
  readonly line?: number
  readonly column?: number
}

/** A row from a finding about the definition. */
export function rowOfFinding(area: CheckArea, finding: Finding): CheckRow {
  const { severity, path, message, hint, line, column } = finding
  return {
    level: severity,
    area,
    subject: path.length === 0 ? 'definition' : pathText(path),
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(line === undefined ? {} : { line, column: column ?? 1 }),
  }
}

/** A row from something that failed; the table of error codes says what to do. */
export function rowOfError(area: CheckArea, subject: string, error: unknown): CheckRow {
  if (!isIsthmusError(error)) {
    const message = error instanceof Error ? error.message : 'failed for an unknown reason'
    return { level: 'error', area, subject, message, hint: errorCodes.INTERNAL.fix }
  }
  return {
    level: 'error',
    area,
    subject,
    message: `${error.message} (${error.code})`,
    hint: errorCodes[error.code].fix,
  }
}

/** A row from a call's failure, which names its code as text. */
export function rowOfFailure(
  area: CheckArea,
  subject: string,
  failure: { readonly code: string; readonly message: string; readonly said?: string },
): CheckRow {
  const known = Object.entries(errorCodes).find(([code]) => code === failure.code)
  return {
    level: 'error',
    area,
    subject,
    message: `${withWords(failure.message, failure.said)} (${failure.code})`,
    ...(known === undefined ? {} : { hint: known[1].fix }),
  }
}
