/** Refuses to run a definition that asks of its systems what they can't do. */
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import { checkAgainstCapabilities } from '../../model/definition/check-capabilities.ts'
import { DefinitionError } from '../../model/definition/finding.ts'
import type { Integration } from '../../model/integration.ts'

/**
 * Compares the definition with the declared capabilities. No call leaves.
 *
 * @throws DEFINITION_INVALID (a `DefinitionError` with all findings) · CONNECTOR_RESOURCE_UNKNOWN
 */
export function requireCapabilities(
  source: string,
  integration: Integration,
  systems: ReadonlyMap<string, ConnectedSystem>,
): void {
  const findings = checkAgainstCapabilities(
    integration,
    (system, resource) => systems.get(system)?.resource(resource).capabilities,
  )
  if (findings.some((finding) => finding.severity === 'error')) throw new DefinitionError(source, findings)
}
