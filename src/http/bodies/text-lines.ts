/** Decodes text from byte chunks; a chunk may end within a character. */
import { ResponseValidationError } from '../errors.ts'
import type { ByteSource } from '../stream-body.ts'

/** Decodes UTF-8; a byte order mark is dropped. @throws ResponseValidationError HTTP_RESPONSE_DAMAGED */
export async function* decodeText(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of source) yield decoded(() => decoder.decode(chunk, { stream: true }))
  yield decoded(() => decoder.decode())
}

function decoded(decode: () => string): string {
  try {
    return decode()
  } catch {
    throw new ResponseValidationError('HTTP_RESPONSE_DAMAGED', 'A streamed response is not UTF-8 text.', {
      outcome: 'answered',
      status: 200,
    })
  }
}
