/** Encodes text as part of an address. */
import { UsageError } from '../model/errors.ts'

/**
 * Like `encodeURIComponent`, for arbitrary text. @throws UsageError HTTP_REQUEST_INVALID for half of a surrogate pair, which an address can't contain
 */
export function wellFormedUri(text: string): string {
  if (text.isWellFormed()) return encodeURIComponent(text)
  throw new UsageError(
    'HTTP_REQUEST_INVALID',
    'A value of the address is no text: it has half of a surrogate pair, as cutting a text in two leaves behind.',
  )
}
