/**
 * The table of error codes: the only place where codes are declared, one file per area.
 *
 * The reference page of error codes is generated from it and a test compares both, in both directions. Keep
 * rows sorted.
 */
import { connectorsCodes } from './error-codes/connectors.ts'
import { definitionCodes } from './error-codes/definition.ts'
import { engineCodes } from './error-codes/engine.ts'
import { httpCodes } from './error-codes/http.ts'
import { mappingCodes } from './error-codes/mapping.ts'
import { storeCodes } from './error-codes/store.ts'
import { surfaceCodes } from './error-codes/surface.ts'

/** Every code, with its meaning and what an operator should do. */
export const errorCodes = {
  ...httpCodes,
  ...definitionCodes,
  ...mappingCodes,
  ...storeCodes,
  ...connectorsCodes,
  ...engineCodes,
  ...surfaceCodes,
} as const

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes

/** Codes that earlier versions used. Rows of a store may still carry them. */
const formerCodes: ReadonlyMap<string, ErrorCode> = new Map([
  ['TIMEOUT', 'ENGINE_CALL_LATE'],
  ['UNEXPECTED', 'ENGINE_CALL_FAILED'],
  ['UNSUPPORTED', 'ENGINE_UNSUPPORTED'],
])

/**
 * Returns the current code for one named by a store, a log or another version; undefined for a text that
 * never was a code.
 */
export function currentCode(code: string): ErrorCode | undefined {
  return isErrorCode(code) ? code : formerCodes.get(code)
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code)
}
