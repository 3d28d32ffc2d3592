/**
 * The check before every runtime is created, by `isthmus start` or by an embedding program: the systems must
 * support what a definition requires, and the definition must accept every way in which an edit can be lost.
 * It can't be bypassed; exceptions are declared in the definition (`acceptRaceWindow`, `match: never`,
 * `operations`), where every reader sees them.
 */
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import { checkAgainstCapabilities } from '../../model/definition/check-capabilities.ts'
import { type Finding, problem, refusedDefinition } from '../../model/definition/finding.ts'
import { replaceReferences } from '../../model/definition/secret-references.ts'
import { IsthmusError, isIsthmusError } from '../../model/errors.ts'
import type { Integration } from '../../model/integration.ts'
import type { LoadedDefinition } from '../load-definition.ts'

/**
 * Compares the definition with the declared capabilities. Sends no calls.
 *
 * @throws DEFINITION_INVALID (all findings by `findingsOf`) · CONFIG_SECRET_MISSING when it was loaded
 *   without secrets
 */
export function requireRunnable(
  { source, integration, findings }: LoadedDefinition,
  systems: ReadonlyMap<string, ConnectedSystem>,
): void {
  requireSecrets(integration)
  const found = [...findings]
  const capabilities = new Map<string, RemoteCapabilities | undefined>()
  for (const entity of integration.entities.values())
    for (const { system, resource } of entity.systems.values()) {
      const at = ['entities', entity.name, 'systems', system, 'resource']
      capabilities.set(`${system}\n${resource}`, capabilitiesOf(systems.get(system), resource, at, found))
    }
  found.push(
    ...checkAgainstCapabilities(integration, (system, resource) =>
      capabilities.get(`${system}\n${resource}`),
    ),
  )
  if (found.some(({ severity }) => severity === 'error')) throw refusedDefinition(source, found)
}

function capabilitiesOf(
  system: ConnectedSystem | undefined,
  resource: string,
  at: readonly string[],
  found: Finding[],
): RemoteCapabilities | undefined {
  try {
    return system?.resource(resource).capabilities
  } catch (error) {
    if (!isIsthmusError(error)) throw error
    found.push(problem('capability', at, `${error.message} (${error.code})`))
    return undefined
  }
}

/**
 * `loadDefinition({ secrets: 'keep' })` is only for checks: at run time, the text of the reference would be
 * sent as the secret.
 */
function requireSecrets({ systems }: Integration): void {
  const kept: string[] = []
  for (const { name, config } of systems.values())
    replaceReferences(JSON.stringify(config), (reference) => {
      kept.push(`${reference.kind === 'env' ? reference.name : reference.file} (systems.${name})`)
      return ''
    })
  if (kept.length === 0) return
  const message = `the definition was loaded without its secrets: ${[...new Set(kept)].join(', ')}; load it with secrets: 'resolve' to run it`
  throw new IsthmusError('CONFIG_SECRET_MISSING', message, { details: { problems: kept } })
}
