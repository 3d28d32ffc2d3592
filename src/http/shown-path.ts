/**
 * The path of a base URL as messages, logs and spans show it.
 *
 * Some APIs expect a token as part of the address (`/bot123:abc/`, `/services/T0/B0/secret`). Segments that
 * are known to be harmless are shown: words, versions, short numbers; everything else is hidden, as for
 * headers.
 */

/** Replaces hidden segments. */
const hidden = '{hidden}'

const harmless = [
  // v2 · v59.0 · 2024-10 · 20241001
  /^v?\d{1,4}(?:[.-]\d{1,3}){0,2}$/i,
  /^20\d{6}$/,
  // users · odata4 · API_BUSINESS_PARTNER · crm-v3 · customObjects
  /^(?=.{1,40}$)[a-z]{1,24}(?:[-_.][a-z]{1,24}){0,4}(?:[-_.]?v?\d{1,2})?$/i,
]

/** Returns the path with its secret-looking segments hidden; all of them when the whole path is a secret. */
export function shownPath(path: string, isSecret: boolean): string {
  if (path === '') return path
  return path
    .split('/')
    .map((segment) => (segment === '' || (!isSecret && isHarmless(segment)) ? segment : hidden))
    .join('/')
}

function isHarmless(segment: string): boolean {
  return harmless.some((form) => form.test(segment)) && !isMixed(segment)
}

/** Letters of random case, as in a token: words change case only occasionally. */
function isMixed(segment: string): boolean {
  const letters = segment.replace(/[^a-z]/gi, '')
  const changes = [...letters].filter(
    (letter, at) => at > 0 && isUpper(letter) !== isUpper(letters[at - 1] ?? letter),
  )
  return letters.length >= 6 && changes.length > letters.length / 3
}

function isUpper(letter: string): boolean {
  return letter >= 'A' && letter <= 'Z'
}
