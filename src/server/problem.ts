/** The response while the database is unavailable (RFC 9457). */
import { errorCodes } from '../model/error-codes.ts'
import { isIsthmusError } from '../model/errors.ts'

/** Without the database nothing is known; in particular, agreement must not be reported. */
export function problemOf(error: unknown): Readonly<Record<string, unknown>> {
  const known = isIsthmusError(error) ? error : undefined
  const code = known?.code ?? 'STORE_UNAVAILABLE'
  return {
    type: 'about:blank',
    status: 503,
    title: 'The state is unknown',
    detail: known?.message ?? 'the database does not respond',
    code,
    fix: errorCodes[code].fix,
  }
}
