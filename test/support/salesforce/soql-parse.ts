/** A SOQL parser: SELECT, WHERE with AND, OR, NOT and brackets, comparisons, IN, LIKE, null, ORDER BY, LIMIT, OFFSET, COUNT(). */
import { SalesforceError } from './errors.ts'

/** A value in a condition. */
export type Literal =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'date' | 'datetime'; readonly value: string }
  | { readonly kind: 'null' }

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'like' | 'in' | 'not in'

/** A condition. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | {
      readonly kind: 'compare'
      readonly field: string
      readonly by: Comparator
      readonly values: readonly Literal[]
    }

/** One parsed query. */
export interface Soql {
  readonly object: string
  /** `count` for COUNT(). */
  readonly fields: readonly string[] | 'count'
  readonly where?: Condition
  readonly orderBy: readonly {
    readonly field: string
    readonly descending: boolean
    readonly nullsLast: boolean
  }[]
  readonly limit?: number
  readonly offset: number
}

const tokenPattern =
  /\s*(?:('(?:[^'\\]|\\.)*')|(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))|(\d{4}-\d{2}-\d{2})|([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][\w.]*)|(<=|>=|!=|<>|[=<>(),]))/y

interface Token {
  readonly kind: 'text' | 'datetime' | 'date' | 'number' | 'word' | 'sign'
  readonly text: string
}

/** @throws SalesforceError MALFORMED_QUERY */
export function parseSoql(text: string): Soql {
  return new Reader(tokensOf(text)).query()
}

function malformed(message: string): SalesforceError {
  return new SalesforceError(400, 'MALFORMED_QUERY', message)
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.length) {
    const start = tokenPattern.lastIndex
    const match = tokenPattern.exec(text)
    if (match === null) {
      if (text.slice(start).trim() === '') break
      throw malformed(`unexpected token: '${text.slice(start, start + 20)}'`)
    }
    const kinds = ['text', 'datetime', 'date', 'number', 'word', 'sign'] as const
    const index = match.slice(1).findIndex((group) => group !== undefined)
    tokens.push({ kind: kinds[index] ?? 'sign', text: match[index + 1] ?? '' })
  }
  return tokens
}

class Reader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  query(): Soql {
    this.#expect('select')
    const fields = this.#fields()
    this.#expect('from')
    const object = this.#word()
    const where = this.#take('where') ? this.#or() : undefined
    const orderBy = this.#orderBy()
    const limit = this.#take('limit') ? Number(this.#next('number').text) : undefined
    const offset = this.#take('offset') ? Number(this.#next('number').text) : 0
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw malformed(`unexpected token: '${rest.text}'`)
    return {
      object,
      fields,
      orderBy,
      offset,
      ...(where === undefined ? {} : { where }),
      ...(limit === undefined ? {} : { limit }),
    }
  }

  #fields(): Soql['fields'] {
    const fields: string[] = []
    do {
      const name = this.#word()
      if (!this.#take('(')) {
        fields.push(name)
        continue
      }
      const inner = this.#take(')') ? '' : this.#word()
      if (inner !== '') this.#expect(')')
      if (name.toLowerCase() === 'count' && inner === '') return 'count'
      fields.push(`${name.toUpperCase()}(${inner.toUpperCase()})`)
    } while (this.#take(','))
    return fields
  }

  #orderBy(): Soql['orderBy'] {
    if (!this.#take('order')) return []
    this.#expect('by')
    const keys: { field: string; descending: boolean; nullsLast: boolean }[] = []
    do {
      const field = this.#word()
      const descending = this.#take('desc')
      if (!descending) this.#take('asc')
      let nullsLast = false
      if (this.#take('nulls')) {
        nullsLast = this.#take('last')
        if (!nullsLast) this.#expect('first')
      }
      keys.push({ field, descending, nullsLast })
    } while (this.#take(','))
    return keys
  }

  #or(): Condition {
    const parts = [this.#and()]
    while (this.#take('or')) parts.push(this.#and())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts }
  }

  #and(): Condition {
    const parts = [this.#single()]
    while (this.#take('and')) parts.push(this.#single())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts }
  }

  #single(): Condition {
    if (this.#take('not')) return { kind: 'not', part: this.#single() }
    if (this.#take('(')) {
      const inner = this.#or()
      this.#expect(')')
      return inner
    }
    const field = this.#word()
    if (this.#take('not')) {
      this.#expect('in')
      return { kind: 'compare', field, by: 'not in', values: this.#list() }
    }
    if (this.#take('in')) return { kind: 'compare', field, by: 'in', values: this.#list() }
    if (this.#take('like')) return { kind: 'compare', field, by: 'like', values: [this.#literal()] }
    const sign = this.#next('sign').text
    const by = sign === '<>' ? '!=' : sign
    if (by !== '=' && by !== '!=' && by !== '<' && by !== '<=' && by !== '>' && by !== '>=') {
      throw malformed(`unexpected token: '${sign}'`)
    }
    return { kind: 'compare', field, by, values: [this.#literal()] }
  }

  #list(): readonly Literal[] {
    this.#expect('(')
    const values = [this.#literal()]
    while (this.#take(',')) values.push(this.#literal())
    this.#expect(')')
    return values
  }

  #literal(): Literal {
    const token = this.#tokens[this.#at]
    this.#at += 1
    switch (token?.kind) {
      case 'text':
        return { kind: 'text', value: withoutEscapes(token.text.slice(1, -1)) }
      case 'number':
        return { kind: 'number', value: token.text }
      case 'date':
      case 'datetime':
        return { kind: token.kind, value: token.text }
      case 'word': {
        const word = token.text.toLowerCase()
        if (word === 'null') return { kind: 'null' }
        if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' }
      }
    }
    throw malformed(`unexpected token: '${token?.text ?? 'end of query'}'`)
  }

  #take(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word' && token?.kind !== 'sign') return false
    if (token.text.toLowerCase() !== text) return false
    this.#at += 1
    return true
  }

  #expect(text: string): void {
    if (this.#take(text)) return
    throw malformed(`expecting '${text}', found '${this.#tokens[this.#at]?.text ?? 'end of query'}'`)
  }

  #word(): string {
    return this.#next('word').text
  }

  #next(kind: Token['kind']): Token {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind) throw malformed(`unexpected token: '${token?.text ?? 'end of query'}'`)
    this.#at += 1
    return token
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

function withoutEscapes(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (whole, code: string | undefined, one: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    if (Object.hasOwn(escapes, one)) return escapes[one] ?? whole
    if (/['"\\_%]/.test(one)) return one === '_' || one === '%' ? whole : one
    throw malformed(`Illegal string literal: Invalid string literal '${whole}'`)
  })
}
