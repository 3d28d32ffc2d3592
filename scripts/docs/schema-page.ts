/** Renders a JSON Schema as a reference page: one section per object, one row per key. */

/** The parts of JSON Schema that zod writes. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: SchemaNode | boolean
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, SchemaNode>>
}

export interface SchemaPage {
  readonly page: string
  /** Keys without a description, by place. */
  readonly undescribed: readonly string[]
}

interface Section {
  readonly heading: string
  readonly node: SchemaNode
}

/** Patterns of small texts that a reader should not have to read as patterns. */
const spellings: readonly { readonly contains: string; readonly words: string }[] = [
  { contains: '(ms|s|m|h|d)$', words: 'length of time, such as `30s`' },
  { contains: '\\s*%$', words: 'share, such as `1 %`' },
]

class Page {
  readonly #defs: Readonly<Record<string, SchemaNode>>
  readonly #queue: Section[] = []
  readonly #known = new Set<string>()
  readonly undescribed: string[] = []

  constructor(root: SchemaNode) {
    this.#defs = root.$defs ?? {}
  }

  render(root: SchemaNode): string[] {
    const lines: string[] = []
    this.#enqueue('Top level', root)
    for (let section = this.#queue.shift(); section !== undefined; section = this.#queue.shift())
      lines.push('', `## ${section.heading}`, ...this.#section(section))
    return lines
  }

  #enqueue(heading: string, node: SchemaNode): void {
    if (this.#known.has(heading)) return
    this.#known.add(heading)
    this.#queue.push({ heading, node })
  }

  #section({ heading, node }: Section): string[] {
    const lines = node.description === undefined ? [] : ['', inMarkdown(node.description)]
    const variants = variantsOf(node)
    if (variants.length === 0) return [...lines, ...this.#table(heading, node)]
    const plain = variants.filter((variant) => variant.properties === undefined)
    if (plain.length > 0) lines.push('', `Short form: ${this.#typeOf(heading, { anyOf: plain })}.`)
    const forms = variants.filter((variant) => variant.properties !== undefined)
    const shared = sharedKeys(forms)
    for (const form of forms)
      lines.push('', titleOf(form, shared), ...this.#table(heading, without(form, shared)))
    const [first] = forms
    if (first !== undefined && shared.size > 0)
      lines.push('', 'In each of these forms:', ...this.#table(heading, only(first, shared)))
    return lines
  }

  #table(heading: string, node: SchemaNode): string[] {
    const rows = Object.entries(node.properties ?? {}).map(([key, value]) => {
      const meaning = this.#meaning(value)
      if (meaning === '' && value.const === undefined && key !== 'type')
        this.undescribed.push(`${heading}: ${key}`)
      const isRequired = node.required?.includes(key) === true && value.default === undefined
      return `| \`${key}\` | ${this.#typeOf(below(heading, key), value)} | ${isRequired ? 'yes' : ''} | ${inMarkdown(meaning)} |`
    })
    if (rows.length === 0) return []
    return ['', '| key | value | required | meaning |', '|---|---|---|---|', ...rows]
  }

  #meaning(node: SchemaNode): string {
    const own = node.description ?? this.#target(node)?.description ?? ''
    const isPlain = ['string', 'number', 'boolean'].includes(typeof node.default) && node.default !== ''
    return isPlain && !own.includes('Default') ? `${own} Default ${String(node.default)}.`.trim() : own
  }

  #target(node: SchemaNode): SchemaNode | undefined {
    return node.$ref === undefined ? undefined : this.#defs[nameOf(node.$ref)]
  }

  #typeOf(place: string, node: SchemaNode): string {
    if (node.$ref !== undefined) {
      const name = nameOf(node.$ref)
      const target = this.#defs[name]
      if (target !== undefined) this.#enqueue(name, target)
      return linkTo(name)
    }
    if (node.const !== undefined) return code(node.const)
    if (node.enum !== undefined) return node.enum.map(code).join(', ')
    if (node.type === 'array') return `list of ${this.#typeOf(place, node.items ?? {})}`
    const variants = variantsOf(node)
    if (variants.length > 0) return this.#unionOf(place, node, variants)
    if (node.type === 'object') return this.#objectOf(place, node)
    return scalar(node)
  }

  #unionOf(place: string, node: SchemaNode, variants: readonly SchemaNode[]): string {
    if (variants.some((variant) => variant.properties !== undefined)) {
      this.#enqueue(place, node)
      return linkTo(place)
    }
    return [...new Set(variants.map((variant) => this.#typeOf(place, variant)))].join(' or ')
  }

  #objectOf(place: string, node: SchemaNode): string {
    if (node.properties !== undefined) {
      this.#enqueue(place, node)
      return linkTo(place)
    }
    const inner = node.additionalProperties
    if (typeof inner !== 'object') return 'mapping'
    return `by name: ${this.#typeOf(`${place}.*`, inner)}`
  }
}

/** Variants of variants are variants. */
function variantsOf(node: SchemaNode): readonly SchemaNode[] {
  return (node.anyOf ?? node.oneOf ?? []).flatMap((variant) => {
    const inner = variantsOf(variant)
    return inner.length > 0 ? inner : [variant]
  })
}

/** Keys that all forms have, with the same meaning: told once. */
function sharedKeys(forms: readonly SchemaNode[]): ReadonlySet<string> {
  const [first, ...others] = forms
  if (first === undefined || others.length === 0) return new Set()
  const keys = Object.entries(first.properties ?? {}).filter(([key, value]) =>
    others.every(
      (other) =>
        JSON.stringify(other.properties?.[key]) === JSON.stringify(value) &&
        other.required?.includes(key) === first.required?.includes(key),
    ),
  )
  return new Set(keys.map(([key]) => key))
}

function without(node: SchemaNode, keys: ReadonlySet<string>): SchemaNode {
  return { ...node, properties: pick(node, (key) => !keys.has(key)) }
}

function only(node: SchemaNode, keys: ReadonlySet<string>): SchemaNode {
  return { ...node, properties: pick(node, (key) => keys.has(key)) }
}

function pick(node: SchemaNode, wanted: (key: string) => boolean): Record<string, SchemaNode> {
  return Object.fromEntries(Object.entries(node.properties ?? {}).filter(([key]) => wanted(key)))
}

/** The key that tells forms apart holds a constant, and says what the form is; else its own keys do. */
function titleOf(form: SchemaNode, shared: ReadonlySet<string>): string {
  for (const [key, value] of Object.entries(form.properties ?? {})) {
    if (value.const !== undefined)
      return `With \`${key}: ${String(value.const)}\`. ${inMarkdown(value.description ?? '')}`.trim()
  }
  const own = Object.keys(form.properties ?? {}).filter((key) => !shared.has(key))
  return `With \`${own.slice(0, 3).join('`, `')}\`:`
}

function scalar(node: SchemaNode): string {
  const known = spellings.find(({ contains }) => node.pattern?.includes(contains) === true)
  if (known !== undefined) return known.words
  const types = typeof node.type === 'string' ? [node.type] : (node.type ?? [])
  const words = types.map(
    (type) => ({ string: 'text', integer: 'whole number', boolean: 'true or false' })[type] ?? type,
  )
  const hasBounds =
    node.minimum !== undefined && node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER
  return `${words.join(' or ') || 'anything'}${hasBounds ? ` ${node.minimum} to ${node.maximum}` : ''}`
}

const code = (value: unknown): string => `\`${String(value)}\``
const nameOf = (reference: string): string => reference.replace('#/$defs/', '')
const below = (heading: string, key: string): string => (heading === 'Top level' ? key : `${heading}.${key}`)
const inMarkdown = (text: string): string =>
  text.replaceAll('|', '\\|').replace(/[<{*]/g, (sign) => (sign === '<' ? '&lt;' : `\\${sign}`))
const linkTo = (heading: string): string => `[${heading.replaceAll('*', '\\*')}](#${anchor(heading)})`

/** The way GitHub makes an anchor of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-')
}

/** Renders a page. */
export function schemaPage(title: string, introduction: readonly string[], schema: SchemaNode): SchemaPage {
  const page = new Page(schema)
  const lines = page.render({ ...schema, description: undefined } as unknown as SchemaNode)
  return { page: [`# ${title}`, '', ...introduction, ...lines, ''].join('\n'), undescribed: page.undescribed }
}
