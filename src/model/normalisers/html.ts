/** The five characters that systems escape in texts, and only these: other entities are content. */

const byEntity: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['#60', '<'],
  ['#62', '>'],
  ['#34', '"'],
  ['#39', "'"],
  ['#x3c', '<'],
  ['#x3e', '>'],
  ['#x22', '"'],
  ['#x27', "'"],
])

const ampersands: ReadonlySet<string> = new Set(['amp', '#38', '#x26'])

/** `Smith &amp; Sons` → `Smith & Sons`, also when escaped more than once. Idempotent. */
export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text
  // Ampersands first, all levels in one pass: a loop per level would be quadratic on a hostile text.
  const single = text.replace(/&(?:amp;|#0*38;|#x0*26;)+/gi, '&')
  return single.replace(/&(#0*\d{2}|#x0*[0-9a-f]{2}|[a-z]{2,4});/gi, (entity, name: string) => {
    return byEntity.get(name.toLowerCase().replace(/^(#x?)0+/, '$1')) ?? entity
  })
}

const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** `Smith & Sons` → `Smith &amp; Sons`; existing escapes are kept. Idempotent. */
export function escapeHtml(text: string): string {
  return text
    .replace(/&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});)/gi, '&amp;')
    .replace(/[<>"']/g, (character) => replacements[character] ?? character)
}

/** The value stored by a system that escapes every text: `&amp;` becomes `&amp;amp;`. */
export function escapeOnce(text: string): string {
  return text.replace(/[&<>"']/g, (character) => replacements[character] ?? character)
}

/** Reverses one level of escaping, never more. */
export function unescapeOnce(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#0*\d{2}|#x0*[0-9a-f]{2}|[a-z]{2,4});/gi, (entity, name: string) => {
    const plain = name.toLowerCase().replace(/^(#x?)0+/, '$1')
    return ampersands.has(plain) ? '&' : (byEntity.get(plain) ?? entity)
  })
}
