/** `$filter` of V2 and V4: comparisons, and/or/not, brackets, text functions, literals of both versions. */
import { type FakeSet, Refusal, type Stored, type StoredRecord } from './model.ts'

export type Predicate = (record: StoredRecord) => boolean

type Value = (record: StoredRecord) => Stored

interface Token {
  readonly kind: 'text' | 'word' | 'bracket'
  readonly text: string
}

/** Typed literals of V2; `text` is the part within the quotes. */
const typed = /^(datetimeoffset|datetime|time|guid|duration|binary|X)'/

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < filter.length) {
    const rest = filter.slice(at)
    const space = /^\s+/.exec(rest)
    const prefix = typed.exec(rest)
    const quote = /^'((?:[^']|'')*)'/.exec(prefix === null ? rest : rest.slice(prefix[1]?.length))
    const word = /^[\w./:+$-]+/.exec(rest)
    if (space !== null) at += space[0].length
    else if (quote !== null) {
      tokens.push({ kind: 'text', text: literal(prefix?.[1], (quote[1] ?? '').replaceAll("''", "'")) })
      at += quote[0].length + (prefix?.[1]?.length ?? 0)
    } else if ('(),'.includes(rest[0] ?? '')) {
      tokens.push({ kind: 'bracket', text: rest[0] ?? '' })
      at += 1
    } else if (word !== null) {
      tokens.push({ kind: 'word', text: word[0] })
      at += word[0].length
    } else throw invalid(`Invalid token detected at position ${at}`)
  }
  return tokens
}

/** A literal in the stored form of values. */
function literal(prefix: string | undefined, text: string): string {
  if (prefix === 'datetime') return text.slice(0, 10)
  if (prefix === 'datetimeoffset') return instantText(text)
  if (prefix !== 'time') return prefix === 'guid' ? text.toLowerCase() : text
  const [, h = '0', m = '0', s = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?$/.exec(text) ?? []
  return [h, m, s].map((part) => part.padStart(2, '0')).join(':')
}

/** Converts any format of an instant to seven fraction digits in UTC. */
export function instantText(text: string): string {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  const withoutFraction = text.replace(/\.\d+/, '')
  const hasZone = /(Z|[+-]\d{2}:\d{2})$/i.test(withoutFraction)
  const ms = Date.parse(hasZone ? withoutFraction : `${withoutFraction}Z`)
  if (Number.isNaN(ms)) throw invalid('Invalid date')
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction.padEnd(7, '0').slice(0, 7)}Z`
}

export function parseFilter(filter: string, set: FakeSet): Predicate {
  const parser = new FilterParser(tokensOf(filter), set)
  return parser.whole()
}

class FilterParser {
  readonly #tokens: readonly Token[]
  readonly #set: FakeSet
  #at = 0

  constructor(tokens: readonly Token[], set: FakeSet) {
    this.#tokens = tokens
    this.#set = set
  }

  whole(): Predicate {
    const predicate = this.#or()
    if (this.#at < this.#tokens.length) throw invalid('Invalid expression')
    return predicate
  }

  #or(): Predicate {
    let left = this.#and()
    while (this.#takes('word', 'or')) {
      const [a, b] = [left, this.#and()]
      left = (record) => a(record) || b(record)
    }
    return left
  }

  #and(): Predicate {
    let left = this.#not()
    while (this.#takes('word', 'and')) {
      const [a, b] = [left, this.#not()]
      left = (record) => a(record) && b(record)
    }
    return left
  }

  #not(): Predicate {
    if (this.#takes('word', 'not')) {
      const inner = this.#not()
      return (record) => !inner(record)
    }
    if (this.#takes('bracket', '(')) {
      const inner = this.#or()
      this.#expect(')')
      return inner
    }
    return this.#comparison()
  }

  #comparison(): Predicate {
    const left = this.#value()
    const operator = this.#peek()?.kind === 'word' ? this.#peek()?.text : undefined
    const compare = operator === undefined ? undefined : comparisons[operator]
    if (compare === undefined) return (record) => left.value(record) === true
    this.#at += 1
    const right = this.#value()
    const type = left.type ?? right.type
    const [a, b] = [coerced(left, type), coerced(right, type)]
    return (record) => compare(a(record), b(record))
  }

  #value(): { readonly value: Value; readonly type: string | undefined } {
    const token = this.#tokens[this.#at]
    if (token === undefined) throw invalid('Invalid expression')
    this.#at += 1
    if (token.kind === 'text') return { value: () => token.text, type: undefined }
    const call = functions[token.text]
    if (call !== undefined && this.#takes('bracket', '(')) {
      const given = [this.#value()]
      while (this.#takes('bracket', ',')) given.push(this.#value())
      this.#expect(')')
      return { value: (record) => call(given.map((one) => String(one.value(record) ?? ''))), type: undefined }
    }
    if (token.text === 'null') return { value: () => null, type: undefined }
    if (token.text === 'true' || token.text === 'false')
      return { value: () => token.text === 'true', type: undefined }
    const property = this.#set.properties.find(({ name }) => name === token.text)
    if (property === undefined && /^[-\d]|^[0-9a-f]{8}-/.test(token.text)) {
      return { value: () => token.text.replace(/^(-?[\d.]+)[MmLlDdFf]$/, '$1'), type: undefined }
    }
    if (property === undefined) throw invalid(`Property ${token.text} not found in type ${this.#set.type}`)
    if (property.filterable === false) throw invalid(`Filter on property ${property.name} is not supported`)
    return { value: (record) => record[property.name] ?? null, type: property.type }
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #takes(kind: Token['kind'], text: string): boolean {
    const token = this.#peek()
    if (token?.kind !== kind || token.text !== text) return false
    this.#at += 1
    return true
  }

  #expect(text: string): void {
    if (!this.#takes('bracket', text)) throw invalid(`Invalid expression: "${text}" expected`)
  }
}

const functions: Readonly<Record<string, (given: readonly string[]) => Stored>> = {
  substringof: ([part = '', whole = '']) => whole.includes(part),
  contains: ([whole = '', part = '']) => whole.includes(part),
  startswith: ([whole = '', part = '']) => whole.startsWith(part),
  endswith: ([whole = '', part = '']) => whole.endsWith(part),
  tolower: ([text = '']) => text.toLowerCase(),
  toupper: ([text = '']) => text.toUpperCase(),
  length: ([text = '']) => text.length,
  trim: ([text = '']) => text.trim(),
}

/** Values in comparable form: numbers by size, instants in one format, days without a time. */
function coerced(
  given: { readonly value: Value; readonly type: string | undefined },
  type: string | undefined,
): Value {
  const { value } = given
  if (type === 'Edm.DateTimeOffset') {
    return (record) => {
      const one = value(record)
      return typeof one === 'string' && one.length !== 28 ? instantText(one) : one
    }
  }
  if (type !== 'Edm.Decimal' && type !== 'Edm.Int32') return value
  return (record) => {
    const one = value(record)
    return one === null ? null : Number(one)
  }
}

type Compare = (a: Stored, b: Stored) => boolean

/** A comparison with null is false, except for equality with null. */
const ordered = (decide: (order: number) => boolean): Compare => {
  return (a, b) => a !== null && b !== null && decide(a < b ? -1 : a > b ? 1 : 0)
}

const comparisons: Readonly<Record<string, Compare>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  gt: ordered((order) => order > 0),
  ge: ordered((order) => order >= 0),
  lt: ordered((order) => order < 0),
  le: ordered((order) => order <= 0),
}

function invalid(message: string): Refusal {
  return new Refusal(400, '/IWBEP/CM_MGW_RT/022', message)
}
