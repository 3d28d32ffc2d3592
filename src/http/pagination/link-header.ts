/** Reads the `Link` header (RFC 8288) as far as paging needs it: the target of `rel="next"`. */

/** The target of the first link with the relation `next`, as it stands there; undefined when there is none. */
export function nextLink(header: string | undefined): string | undefined {
  for (const link of splitLinks(header ?? '')) {
    const match = /^\s*<([^>]*)>\s*((?:;.*)?)$/s.exec(link)
    if (match === null) continue
    const [, target, parameters = ''] = match
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters)
    const names = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/)
    if (names.includes('next')) return target
  }
  return undefined
}

/** Splits at commas that are neither within `<…>` nor within quotes. */
function splitLinks(header: string): string[] {
  const links: string[] = []
  let current = ''
  let closing: string | undefined
  for (const character of header) {
    if (closing === undefined && character === ',') {
      links.push(current)
      current = ''
      continue
    }
    if (closing === character) closing = undefined
    else if (closing === undefined && character === '<') closing = '>'
    else if (closing === undefined && character === '"') closing = '"'
    current += character
  }
  return [...links, current]
}
