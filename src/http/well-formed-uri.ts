/** Encodes text as part of an address. */
import { UsageError } from '../model/errors.ts'

/**
 * Like `encodeURIComponent`, for arbitrary text. @throws UsageError HTTP_REQUEST_INVALID for half of a
 * surrogate pair, which an address can't contain
 */
export function wellFormedUri(text: string): string {
  if (text.isWellFormed()) return encodeURIComponent(text)
  throw new UsageError(
    'HTTP_REQUEST_INVALID',
    'A value of the address contains half of a surrogate pair, as splitting a text leaves behind.',
  )
}
