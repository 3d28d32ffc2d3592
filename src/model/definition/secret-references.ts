/**
 * References to secrets in a definition: `${env:NAME}`, `${env:NAME:-default}`, `${file:path}`. Resolved by
 * the runtime.
 */
import { type DefinitionPath, type Finding, problem } from './finding.ts'

export type SecretReference =
  | { readonly kind: 'env'; readonly name: string; readonly fallback?: string }
  | { readonly kind: 'file'; readonly file: string }

const referencePattern = /\$\{([^{}]*)\}/g

/** Replaces every reference in a text. Invalid references are left unchanged (they were refused before). */
export function replaceReferences(text: string, resolve: (reference: SecretReference) => string): string {
  return text.replace(referencePattern, (written: string, inner: string) => {
    const reference = parseReference(inner)
    return reference === undefined ? written : resolve(reference)
  })
}

function parseReference(inner: string): SecretReference | undefined {
  const env = /^env:([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/.exec(inner)
  if (env !== null) {
    const [, name = '', fallback] = env
    return { kind: 'env', name, ...(fallback === undefined ? {} : { fallback }) }
  }
  const file = /^file:(\S.*)$/.exec(inner)?.[1]
  return file === undefined ? undefined : { kind: 'file', file: file.trim() }
}

/** Sections whose texts may contain references; anywhere else they would be literal text. */
const sections = ['systems', 'alerts']

/** References that can't be resolved: of an unknown kind, or in a section where none are resolved. */
export function misplacedReferences(definition: unknown): Finding[] {
  const findings: Finding[] = []
  walk(definition, [], findings)
  return findings
}

function walk(value: unknown, path: DefinitionPath, findings: Finding[]): void {
  if (typeof value === 'string') {
    for (const [written, inner = ''] of value.matchAll(referencePattern)) {
      const finding = referenceFinding(written, inner, path)
      if (finding !== undefined) findings.push(finding)
    }
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    walk(inner, [...path, Array.isArray(value) ? Number(key) : key], findings)
  }
}

function referenceFinding(written: string, inner: string, path: DefinitionPath): Finding | undefined {
  const isResolved = sections.includes(String(path[0]))
  if (isResolved && parseReference(inner) === undefined) {
    const hint = `write \${env:NAME}, \${env:NAME:-default} or \${file:path}`
    return problem('value', path, `${written} is not a known reference`, hint)
  }
  if (isResolved || parseReference(inner) === undefined) return undefined
  return problem(
    'value',
    path,
    `${written} would be used literally here`,
    'references are resolved under systems and alerts',
  )
}
