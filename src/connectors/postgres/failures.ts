/**
 * Interprets a failed statement. The server's SQLSTATE decides; its message is never passed on, since it
 * quotes values.
 *
 * Every write is one statement committed on its own, so an error that the server returns with severity ERROR
 * means: rolled back, nothing took effect. The remaining question is who has to act on it.
 *
 * | SQLSTATE | outcome of a write | concerns |
 * | --- | --- | --- |
 * | no connection was obtained, 28, 3D, 53300, 57P03 before sending | not-sent | the system |
 * | 22, 23, 44, P0, 21, 428C9, 55000: the values, or a rule of the database | rejected | the record |
 * | 40001, 40P01, 55P03: lost to another transaction, rolled back | not-sent | the record |
 * | 57014: cancelled by the server's time limit, rolled back | not-sent | the record |
 * | 53, 25006: out of resources, or the server is a standby | not-sent | the system |
 * | 42: a table, column or permission is missing | not-sent | the record |
 * | severity FATAL or PANIC, 08, 40003, 57P, no response, anything else | unknown | by cause |
 */

import pg from 'pg'
import type { ErrorCode } from '../../model/error-codes.ts'
import type { CallFailure, WriteResult } from '../kit/contract.ts'

/** A failure to connect: nothing was sent. */
export class NotConnected {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}

/** The call was abandoned; the statement may still be running on the server. */
export class GivenUp {
  readonly reason: 'time-out' | 'stopped'
  constructor(reason: 'time-out' | 'stopped') {
    this.reason = reason
  }
}

/** The start deadline had passed before anything was sent. */
export class TooLate {}

/**
 * The statement failed on a value (SQLSTATE class 22, data exception): a key that its type can't hold, or an
 * expression of a view.
 */
export function isDataError(problem: unknown): boolean {
  return sqlState(problem)?.startsWith('22') === true
}

/** The SQLSTATE of a server's error; undefined for everything else. */
export function sqlState(problem: unknown): string | undefined {
  return problem instanceof pg.DatabaseError ? problem.code : undefined
}

const words: readonly (readonly [RegExp, string])[] = [
  [/^22001$/, 'a text is too long'],
  [/^22003$/, 'a number is out of range'],
  [/^22012$/, 'an expression of the view, or a generated column, divides by zero'],
  [/^22/, 'a value has the wrong form'],
  [/^23502$/, 'a required column has no value'],
  [/^23503$/, 'a row that it refers to is not there, or one still refers to it'],
  [/^23505$/, 'another row has the same unique value'],
  [/^23/, 'a constraint is violated'],
  [/^28/, 'the login was refused'],
  [/^3D000$/, 'there is no such database'],
  [/^(40001|40P01)$/, 'it lost against another transaction'],
  [/^42501$/, 'the role has no right to do that'],
  [/^42P01$/, 'there is no such table'],
  [/^42703$/, 'there is no such column'],
  [/^42P10$/, 'no unique index fits the key or marker'],
  [/^25006$/, 'the server only allows reading'],
  [/^53300$/, 'the server has no connection left'],
  [/^53/, 'the server has no resources left'],
  [/^55P03$/, 'the row is locked'],
  [/^57014$/, 'it took longer than the time limit'],
  [/^57P/, 'the server is shutting down or starting'],
  [/^P0/, 'a trigger or function of the database refused it'],
]

const systemStates = /^(08|25006|28|3D|53|57P)/

/** Describes a failure without quoting values. */
export function databaseFailure(problem: unknown, what: string): CallFailure {
  if (problem instanceof NotConnected) {
    const { message } = databaseFailure(problem.cause, what)
    return { code: 'POSTGRES_UNAVAILABLE', message, scope: 'system', kind: 'unreachable' }
  }
  if (problem instanceof TooLate) {
    return {
      code: 'POSTGRES_TOO_LATE',
      message: `${what}: its latest start time had passed.`,
      scope: 'record',
    }
  }
  if (problem instanceof GivenUp) {
    const message = problem.reason === 'stopped' ? `${what}: stopped.` : `${what}: no response in time.`
    return { code: 'POSTGRES_TIMEOUT', message, scope: problem.reason === 'stopped' ? 'record' : 'system' }
  }
  const state = sqlState(problem)
  if (state === undefined) {
    const detail = systemCode(problem)
    const message = `${what}: the connection failed${detail === undefined ? '' : ` (${detail})`}.`
    return { code: 'POSTGRES_UNAVAILABLE', message, scope: 'system', kind: 'unreachable' }
  }
  const reason = words.find(([pattern]) => pattern.test(state))?.[1] ?? 'the database refused it'
  const constraint = problem instanceof pg.DatabaseError ? problem.constraint : undefined
  const where = constraint === undefined ? '' : `, constraint ${constraint}`
  return {
    code: codeFor(state),
    message: `${what}: ${reason} (${state}${where}).`,
    scope: systemStates.test(state) ? 'system' : 'record',
    ...kindOf(state),
  }
}

function kindOf(state: string): Pick<CallFailure, 'kind'> {
  if (state.startsWith('28')) return { kind: 'credential' }
  return /^(08|57P)/.test(state) ? { kind: 'unreachable' } : {}
}

/** `ECONNREFUSED` and similar; messages of sockets and certificates may contain secrets. */
function systemCode(problem: unknown): string | undefined {
  if (!(problem instanceof Error) || !('code' in problem)) return undefined
  return typeof problem.code === 'string' && /^[A-Z_0-9]{3,40}$/.test(problem.code) ? problem.code : undefined
}

function codeFor(state: string): ErrorCode {
  if (isRejection(state)) return 'POSTGRES_REJECTED'
  if (isContention(state)) return 'POSTGRES_CONTENTION'
  if (state === '57014') return 'POSTGRES_TIMEOUT'
  return systemStates.test(state) ? 'POSTGRES_UNAVAILABLE' : 'POSTGRES_REFUSED'
}

function isRejection(state: string): boolean {
  return /^(21|22|23|44|P0|428C9|55000|54)/.test(state)
}

function isContention(state: string): boolean {
  return state === '40001' || state === '40P01' || state === '55P03'
}

/**
 * Returns true when the server reported that the statement failed, which also rolled it back: a batch may be
 * repeated row by row.
 */
export function isRolledBack(problem: unknown): boolean {
  if (!(problem instanceof pg.DatabaseError) || problem.code === undefined) return false
  const isEnd = problem.severity === 'FATAL' || problem.severity === 'PANIC'
  // 40003 comes from a proxy or a cluster: it is unknown whether the statement completed.
  return !isEnd && !/^(08|40003|57P|58|XX)/.test(problem.code)
}

/**
 * Returns true when the cause is a value of the statement: of several rows, the others may still be valid.
 */
export function isRowsFault(problem: unknown): boolean {
  return isRolledBack(problem) && isRejection(sqlState(problem) ?? '')
}

/** Result of a write that failed. */
export function writeFailure(problem: unknown, what: string): WriteResult {
  const failure = databaseFailure(problem, what)
  if (problem instanceof NotConnected || problem instanceof TooLate) return { kind: 'not-sent', failure }
  if (!isRolledBack(problem)) return { kind: 'unknown', failure }
  if (!isRejection(sqlState(problem) ?? '')) return { kind: 'not-sent', failure }
  const fields = refusedColumns(problem)
  return { kind: 'rejected', failure, ...(fields.length === 0 ? {} : { fields }) }
}

/**
 * Columns that the server names. Its detail has the form `Key (email)=(…) already exists`, in any language;
 * only the names are used.
 */
function refusedColumns(problem: unknown): readonly string[] {
  if (!(problem instanceof pg.DatabaseError)) return []
  if (problem.column !== undefined) return [problem.column]
  const names = /\(([^()]+)\)=\(/.exec(problem.detail ?? '')?.[1]
  return names === undefined ? [] : names.split(',').map((name) => name.trim().replaceAll('"', ''))
}
