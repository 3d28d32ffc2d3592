/** Prepares a caller's headers for sending. */
import { UsageError } from '../model/errors.ts'

/**
 * Returns the headers with lower-case names. @throws UsageError HTTP_REQUEST_INVALID for a name or value that
 * is not valid in HTTP
 */
export function lowerNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  const lower: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    // An invalid name may be a misplaced value: it is not quoted.
    const isName = /^[\w!#$%&'*+.^`|~-]+$/.test(name)
    if (!isName || /[\r\n\0]/.test(value)) {
      throw new UsageError(
        'HTTP_REQUEST_INVALID',
        isName ? `The value of the header ${name} has a line break.` : 'A header name is not valid in HTTP.',
      )
    }
    lower[name.toLowerCase()] = value
  }
  return lower
}

/**
 * Repeated fields are joined by commas, which `set-cookie` may contain itself: its lines are joined by line
 * breaks, which no field contains.
 */
export function joinedField(name: string, values: readonly string[]): string {
  return values.join(name === 'set-cookie' ? '\n' : ', ')
}

/** Returns each `set-cookie` of a response. */
export function setCookieLines(headers: Readonly<Record<string, string>> | undefined): readonly string[] {
  const joined = headers?.['set-cookie']
  return joined === undefined ? [] : joined.split('\n')
}

/** Returns a response's headers in the form that `Response` accepts. */
export function headerPairs(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    name === 'set-cookie' ? setCookieLines(headers).map((line) => [name, line]) : [[name, value]],
  )
}

/** Values derived from a set of headers, computed once: a client's calls mostly share one frozen object. */
export function rememberByHeaders<Value>(
  find: (headers: Readonly<Record<string, string>>) => Value,
): (headers: Readonly<Record<string, string>>) => Value {
  const known = new WeakMap<object, Value>()
  return (headers) => {
    let value = known.get(headers)
    if (value === undefined) {
      value = find(headers)
      known.set(headers, value)
    }
    return value
  }
}
