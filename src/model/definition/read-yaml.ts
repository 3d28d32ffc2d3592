import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml'
import { type DefinitionPath, type Finding, problem } from './finding.ts'

/** Maximum length of a definition, in characters: a wrong path to a dump must not exhaust the memory. */
const textLengthMax = 2_000_000

/** A YAML text as plain data, with a function that maps paths to lines and columns. */
export interface YamlReading {
  /** Undefined when the syntax is invalid. */
  readonly value: unknown
  readonly findings: readonly Finding[]
  readonly locate: Locate
}

/** Line and column of a path, or of its nearest parent in the text. */
export type Locate = (
  path: DefinitionPath,
  at: 'key' | 'value',
) => { line: number; column: number } | undefined

/**
 * Reads the text of `isthmus.yaml`. Duplicate keys, invalid syntax and unknown anchors are returned as
 * findings with their position.
 *
 * References to secrets (`${env:NAME}`) need no quotes, not even inside `{ }`, where YAML itself would
 * interpret the brace.
 */
export function readYaml(text: string): YamlReading {
  const nowhere = () => undefined
  if (text.length > textLengthMax) {
    const message = `the definition is longer than ${textLengthMax} characters`
    return { value: undefined, findings: [problem('syntax', [], message)], locate: nowhere }
  }
  const lines = new LineCounter()
  const document = parseDocument(hideBraces(text), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  })
  restoreNames(document)
  const findings = primaryErrors(document.errors).map((error): Finding => {
    const { line, col } = lines.linePos(error.pos[0])
    const duplicate = error.code === 'DUPLICATE_KEY'
    return {
      ...problem(duplicate ? 'duplicate-key' : 'syntax', [], syntaxMessage(error, text)),
      ...(duplicate ? { hint: 'keep one of them' } : syntaxHint(error.code)),
      line,
      column: col,
    }
  })
  findings.push(...unknownAnchors(document, lines))
  if (findings.length > 0) return { value: undefined, findings, locate: nowhere }
  return { ...plainData(document), locate: (path, at) => locate(document, lines, path, at) }
}

/** All duplicate keys, and the first syntax error: later ones mostly result from it. */
function primaryErrors(errors: readonly YAMLParseError[]): YAMLParseError[] {
  const first =
    errors.find((error) => error.code === 'TAB_AS_INDENT') ??
    errors.find((error) => error.code !== 'DUPLICATE_KEY')
  return errors.filter((error) => error === first || error.code === 'DUPLICATE_KEY')
}

function unknownAnchors(document: Document.Parsed, lines: LineCounter): Finding[] {
  const findings: Finding[] = []
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return
      const { line, col } = lines.linePos(node.range?.[0] ?? 0)
      const hint = 'a text that starts with * must be quoted'
      const finding = problem('syntax', [], `there is no anchor &${node.source} above`, hint)
      findings.push({ ...finding, line, column: col })
    },
  })
  return findings
}

function plainData(document: Document.Parsed): { value: unknown; findings: readonly Finding[] } {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), findings: [] }
  } catch (error) {
    // The library refuses unknown or exponentially multiplying aliases only here.
    const message = error instanceof Error ? error.message : 'its aliases cannot be resolved'
    return { value: undefined, findings: [problem('syntax', [], message)] }
  }
}

// Private characters of the same length preserve every position of the text.
const openBrace = '\uE000'
const closeBrace = '\uE001'
const reference = /\$\{((?:env|file):[^{}\n]*)\}/g
const hiddenReference = new RegExp(`\\$${openBrace}([^${closeBrace}]*)${closeBrace}`, 'g')

function hideBraces(text: string): string {
  return text.replace(reference, `$$${openBrace}$1${closeBrace}`)
}

/** Reverses {@link hideBraces}, and YAML's conversion of a key named null. */
function restoreNames(document: Document.Parsed): void {
  visit(document, {
    Pair(_, { key }) {
      // A key written null is the name null, as in spells: { null: empty }.
      if (isScalar(key) && key.value === null && key.source === 'null') key.value = 'null'
    },
    Scalar(_, node) {
      if (typeof node.value === 'string') node.value = node.value.replace(hiddenReference, `$\{$1}`)
    },
  })
}

function syntaxMessage({ code, message, pos }: YAMLParseError, text: string): string {
  if (code === 'DUPLICATE_KEY') {
    const key = /^["']?([^"':\n]{1,63})/.exec(text.slice(pos[0], pos[0] + 70))?.[1]
    return `the key ${key ?? ''} is already used above`
  }
  if (code === 'TAB_AS_INDENT') return 'a tab is used for indentation'
  return message.replace(/\s+/g, ' ').trim()
}

const syntaxHints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with blanks',
  BAD_INDENT: 'line it up with the keys above',
  UNEXPECTED_TOKEN: 'a quote is missing, or a text with : # [ { or a comma in it needs quotes',
  MISSING_CHAR: 'a quote, bracket or brace is not closed, or a comma is missing',
  BLOCK_AS_IMPLICIT_KEY: 'a value with ": " in it needs quotes',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing, or the line above is not indented like this one',
}

function syntaxHint(code: string): { hint?: string } {
  const hint = syntaxHints[code]
  return hint === undefined ? {} : { hint }
}

function locate(document: Document.Parsed, lines: LineCounter, path: DefinitionPath, at: 'key' | 'value') {
  let node: unknown = document.contents
  let start = offsetOf(node)
  for (const [index, part] of path.entries()) {
    const step = child(document, node, part)
    if (step === undefined) break
    const isLast = index === path.length - 1
    const place = isLast && at === 'value' ? (offsetOf(step.value) ?? offsetOf(step.key)) : offsetOf(step.key)
    start = place ?? start
    node = step.value
  }
  if (start === undefined) return undefined
  const { line, col } = lines.linePos(start)
  return { line, column: col }
}

function child(document: Document.Parsed, node: unknown, part: string | number) {
  const parent = isAlias(node) ? node.resolve(document) : node
  if (isSeq(parent) && typeof part === 'number') {
    const value = parent.items[part]
    return value === undefined ? undefined : { key: value, value }
  }
  if (!isMap(parent)) return undefined
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
  return pair === undefined ? undefined : { key: pair.key, value: pair.value }
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}
