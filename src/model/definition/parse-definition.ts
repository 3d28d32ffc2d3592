import { type Compilation, type CompileOptions, checkDefinition } from './compile-integration.ts'
import { type Finding, problem } from './finding.ts'
import { type Locate, readYaml } from './read-yaml.ts'

/**
 * Reads, checks and compiles the text of `isthmus.yaml`. Every finding carries its line and column, in the
 * order of the file.
 */
export function parseDefinition(text: string, options: CompileOptions): Compilation {
  const reading = readYaml(text)
  if (reading.findings.length > 0) return { findings: reading.findings }
  if (reading.value === undefined || reading.value === null) {
    return {
      findings: [problem('missing', [], 'the file contains no definition', 'start with integration: <id>')],
    }
  }
  const compilation = checkDefinition(reading.value, options)
  return { ...compilation, findings: located(compilation.findings, reading.locate) }
}

/** Adds positions in the text to findings; those without one come first. */
export function located(findings: readonly Finding[], locate: Locate): Finding[] {
  return findings
    .map((finding) => ({ ...finding, ...locate(finding.path, finding.at ?? 'value') }))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}
