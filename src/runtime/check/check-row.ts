/** The report of `isthmus check`: one row per checked item. */

import { withWords } from '../../engine/pass/failure.ts'
import type { Finding } from '../../model/definition/finding.ts'
import { pathText } from '../../model/definition/finding.ts'
import { errorCodes } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'

/** The areas of the check, in order. */
export type CheckArea =
  | 'definition'
  | 'credentials'
  | 'reach'
  | 'capabilities'
  | 'schema'
  | 'quota'
  | 'mapping'

/** One row of the report. Rows contain no secrets and no record values. */
export interface CheckRow {
  /**
   * `error`: the integration can't run · `warning`: it can run, but needs a review · `ok`: checked without a
   * problem
   */
  readonly level: 'error' | 'warning' | 'ok'
  readonly area: CheckArea
  /** A place of the definition, a system, or an entity in a system. */
  readonly subject: string
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
  /** Position in the file, from 1. */
  readonly line?: number
  readonly column?: number
}

/** Creates a row from a finding about the definition. */
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

/** Creates a row from an error; the action comes from the table of error codes. */
export function rowOfError(area: CheckArea, subject: string, error: unknown): CheckRow {
  if (!isIsthmusError(error)) {
    const message = error instanceof Error ? error.message : 'failed without a reason'
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

/** Creates a row from the failure of a call, which has its code as text. */
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
