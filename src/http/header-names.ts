/** Headers as a caller gives them, made ready to send. */
import { UsageError } from '../model/errors.ts'

/** The same headers under lower-case names. @throws UsageError HTTP_REQUEST_INVALID for a name or value that HTTP refuses */
export function lowerNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  const lower: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    // A name that is none may be a value in the wrong place: it is not quoted.
    const isName = /^[\w!#$%&'*+.^`|~-]+$/.test(name)
    if (!isName || /[\r\n\0]/.test(value)) {
      throw new UsageError(
        'HTTP_REQUEST_INVALID',
        isName
          ? `The value of the header ${name} has a line break.`
          : 'A header has a name that HTTP refuses.',
      )
    }
    lower[name.toLowerCase()] = value
  }
  return lower
}

/** Repeated fields are joined by commas, which `set-cookie` may contain itself: its lines are joined by line breaks, which no field has. */
export function joinedField(name: string, values: readonly string[]): string {
  return values.join(name === 'set-cookie' ? '\n' : ', ')
}

/** Each `set-cookie` of a response. */
export function setCookieLines(headers: Readonly<Record<string, string>> | undefined): readonly string[] {
  const joined = headers?.['set-cookie']
  return joined === undefined ? [] : joined.split('\n')
}

/** A response's headers in the shape that `Response` takes. */
export function headerPairs(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    name === 'set-cookie' ? setCookieLines(headers).map((line) => [name, line]) : [[name, value]],
  )
}

/** What follows from a set of headers, found out once: a client's calls mostly share one frozen object. */
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
