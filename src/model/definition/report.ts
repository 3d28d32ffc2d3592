import type { DefinitionPath, Finding } from './finding.ts'

/** Takes what a check found. Checks report everything and go on, so that one run shows all mistakes. */
export type Report = (finding: Finding) => void

/** Reports under a place: findings' paths are relative to it. */
export function reportUnder(report: Report, place: DefinitionPath): Report {
  return (finding) => report({ ...finding, path: [...place, ...finding.path] })
}
