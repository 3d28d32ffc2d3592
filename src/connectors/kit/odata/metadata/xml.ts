/**
 * Parses XML into plain elements. A document type is refused, so no entity can be declared, fetched or
 * expanded.
 */
import { XMLParser } from 'fast-xml-parser'

/** One element: its attributes, and its children by name, without namespaces. */
export interface XmlElement {
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Readonly<Record<string, readonly XmlElement[]>>
}

/** Why a text was rejected. */
export type XmlRefusal = 'not-xml' | 'has-document-type'

/** The root's children by name, or why there is none. */
export type XmlResult =
  | { readonly ok: true; readonly root: XmlElement }
  | { readonly ok: false; readonly refusal: XmlRefusal }

const attributePrefix = '@'

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: attributePrefix,
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  processEntities: false,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
})

/** Parses a document. */
export function parseXml(text: string): XmlResult {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return { ok: false, refusal: 'has-document-type' }
  try {
    const parsed: unknown = parser.parse(text, true)
    return { ok: true, root: elementOf(parsed) }
  } catch {
    // The parser's message may quote the document.
    return { ok: false, refusal: 'not-xml' }
  }
}

function elementOf(value: unknown): XmlElement {
  const attributes: Record<string, string> = Object.create(null)
  const children: Record<string, readonly XmlElement[]> = Object.create(null)
  if (typeof value !== 'object' || value === null) return { attributes, children }
  for (const [name, inner] of Object.entries(value)) {
    if (name.startsWith(attributePrefix)) attributes[name.slice(1)] = plain(String(inner))
    else if (Array.isArray(inner)) children[name] = inner.map(elementOf)
  }
  return { attributes, children }
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The five predefined XML entities, and character references; no others exist without a document type. */
function plain(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
