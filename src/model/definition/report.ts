import type { DefinitionPath, Finding } from './finding.ts'

/**
 * Receives the findings of a check. Checks report everything and continue, so that one run shows all errors.
 */
export type Report = (finding: Finding) => void

/** Prefixes the paths of findings with a path. */
export function reportUnder(report: Report, place: DefinitionPath): Report {
  return (finding) => report({ ...finding, path: [...place, ...finding.path] })
}
