/**
 * Reads the `Link` header field (RFC 8288, appendix B.2), as leniently as the RFC requires: broken parts are
 * ignored, the rest is used.
 */

/** One link of the field. */
export interface Link {
  /** As written in the field: often relative to the response's address. */
  readonly target: string
  /** Relation types in lower case: `next`, `prev`, … */
  readonly relations: readonly string[]
  /** All parameters, with lower-case names; of repeated ones the first. */
  readonly parameters: Readonly<Record<string, string>>
}

const linksMax = 100

/** Returns all links of the field, in order, at most 100. */
export function parseLinkHeader(field: string | undefined): readonly Link[] {
  const text = new Cursor(field ?? '')
  const links: Link[] = []
  while (links.length < linksMax) {
    text.skip(/[\s,]/)
    if (!text.take('<')) break
    const target = text.until('>')
    if (target === undefined) break
    const parameters = readParameters(text)
    const relations = (parameters.rel ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter((name) => name !== '')
    links.push({ target: target.trim(), relations, parameters })
    // Anything up to the next comma is not part of a parameter.
    text.skip(/[^,]/)
  }
  return links
}

/**
 * Returns the target of the first link from this response to its next page, as written; undefined when there
 * is none.
 */
export function nextLink(field: string | undefined): string | undefined {
  // A link with an anchor refers to another document than this response.
  return parseLinkHeader(field).find(
    ({ relations, parameters }) => relations.includes('next') && parameters.anchor === undefined,
  )?.target
}

function readParameters(text: Cursor): Record<string, string> {
  const parameters: Record<string, string> = Object.create(null)
  while (true) {
    text.skip(/\s/)
    if (!text.take(';')) return parameters
    text.skip(/\s/)
    const name = text.while(/[^\s=;,"]/).toLowerCase()
    text.skip(/\s/)
    const value = text.take('=') ? readValue(text) : ''
    if (name !== '' && !(name in parameters)) parameters[name] = value
  }
}

function readValue(text: Cursor): string {
  text.skip(/\s/)
  return text.take('"') ? text.quoted() : text.while(/[^\s;,]/)
}

/** A position in a text. */
class Cursor {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  while(pattern: RegExp): string {
    const from = this.#at
    this.skip(pattern)
    return this.#text.slice(from, this.#at)
  }

  skip(pattern: RegExp): void {
    while (this.#at < this.#text.length && pattern.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  /** Returns the text up to the character, which is skipped; undefined when it does not occur. */
  until(character: string): string | undefined {
    const end = this.#text.indexOf(character, this.#at)
    if (end === -1) return undefined
    const found = this.#text.slice(this.#at, end)
    this.#at = end + 1
    return found
  }

  /**
   * Returns the rest of a quoted text whose opening quote has been read; without a closing quote it extends
   * to the end.
   */
  quoted(): string {
    let value = ''
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? ''
      this.#at += 1
      if (character === '"') break
      if (character === '\\') {
        value += this.#text[this.#at] ?? ''
        this.#at += 1
      } else value += character
    }
    return value
  }
}
