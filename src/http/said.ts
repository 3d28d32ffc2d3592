/**
 * Reads the message of a refusal from the places where APIs put it. It may quote the request, so it is a
 * detail of the error and not part of its message: it may be shown only where no record was sent.
 */

/** Maximum length of the text. */
const textMax = 200

/** Places of the message, most specific first. */
const places: readonly (readonly (string | number)[])[] = [
  ['error', 'message', 'value'],
  ['error', 'message'],
  ['error_description'],
  ['errors', 0, 'message'],
  ['message'],
  ['detail'],
  [0, 'message'],
  ['error', 'description'],
  ['error'],
  ['title'],
]

/** Returns the API's own message in the decoded body of an error, in one line; undefined when it has none. */
export function saidIn(body: unknown): string | undefined {
  for (const place of places) {
    const found = place.reduce<unknown>(
      (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
      body,
    )
    if (typeof found === 'string' && found.trim() !== '') return tidy(found)
  }
  return undefined
}

function tidy(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= textMax ? line : `${line.slice(0, textMax - 1)}…`
}
