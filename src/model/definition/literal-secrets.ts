import { type DefinitionPath, type Finding, problem } from './finding.ts'

/** Names whose values are secrets, by how they end. */
const secretName =
  /(password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|signing[-_]?key|routing[-_]?key|credentials?|pagerduty|slack)$/i
/** Names with the same endings that hold no secret: positions in pages. */
const harmlessName = /(page|next|cursor|continuation|csrf|sync|delta)[-_]?token$/i
/** Shapes that only secrets have. */
const secretShapes = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(sk|rk|pk)_(live|test)_[A-Za-z0-9]{8,}/,
  /\bwhsec_[A-Za-z0-9+/=]{8,}/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/,
  /\bxox[abposr]-[A-Za-z0-9-]{10,}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\./,
  /^(Bearer|Basic)\s+(?!\$\{)\S{4,}/i,
  /:\/\/[^/\s:@${}]+:(?!\$\{)[^/\s@]+@/,
  /hooks\.slack\.com\/services\/\S+/,
]
const wholeReference = /^(?:(?:Bearer|Basic)\s+)?\$\{(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^{}]+)\}$/i
const hint = `write \${env:NAME} or \${file:path}`

/** Secrets written into a definition. The messages never repeat them. */
export function literalSecrets(definition: unknown): Finding[] {
  const findings: Finding[] = []
  if (typeof definition !== 'object' || definition === null) return findings
  const { systems, alerts } = definition as { systems?: unknown; alerts?: unknown }
  walk(systems, ['systems'], findings)
  walk(alerts, ['alerts'], findings)
  return findings
}

function walk(value: unknown, path: DefinitionPath, findings: Finding[]): void {
  if (typeof value === 'string' || typeof value === 'number') {
    if (isSecret(String(value), path)) findings.push(problem('literal-secret', path, message(path), hint))
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    walk(inner, [...path, Array.isArray(value) ? Number(key) : key], findings)
  }
}

function message(path: DefinitionPath): string {
  return `${String(path.at(-1))} contains what looks like a secret; definitions are kept in version control`
}

function isSecret(text: string, path: DefinitionPath): boolean {
  if (text === '') return false
  const name = String(path.findLast((part) => typeof part === 'string') ?? '')
  const isNamedSo = secretName.test(name) && !harmlessName.test(name)
  if (isNamedSo) return !wholeReference.test(text)
  return secretShapes.some((shape) => shape.test(text))
}
