/** Text as a part of an address. */
import { UsageError } from '../model/errors.ts'

/** As `encodeURIComponent`, for text that may be anything. @throws UsageError HTTP_REQUEST_INVALID for half of a surrogate pair, which no address can carry */
export function wellFormedUri(text: string): string {
  if (text.isWellFormed()) return encodeURIComponent(text)
  throw new UsageError(
    'HTTP_REQUEST_INVALID',
    'A value of the address is no text: it has half of a surrogate pair, as cutting a text in two leaves behind.',
  )
}
