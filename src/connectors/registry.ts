/** All connectors, by the name that a definition uses. */
import { suggestion } from '../model/definition/nearest.ts'
import { UsageError } from '../model/errors.ts'
import type { SystemSettings } from '../model/integration.ts'
import { file } from './file/index.ts'
import { googleMaps } from './google-maps/index.ts'
import { graphql } from './graphql/index.ts'
import type { ConnectedSystem } from './kit/contract.ts'
import type { Connector, ConnectorDependencies } from './kit/define-connector.ts'
import { memory } from './memory/index.ts'
import { odata } from './odata/index.ts'
import { postgres } from './postgres/index.ts'
import { rest } from './rest/index.ts'
import { salesforce } from './salesforce/index.ts'
import { sapS4 } from './sap-s4/index.ts'
import { stripe } from './stripe/index.ts'

/** The connectors that come with the package. */
export const builtInConnectors: readonly Connector[] = [
  rest,
  graphql,
  memory,
  postgres,
  file,
  stripe,
  salesforce,
  odata,
  sapS4,
  googleMaps,
]

/**
 * Binds one system of a definition.
 *
 * @param more additional connectors, which take precedence over built-in ones of the same name
 * @throws UsageError CONNECTOR_UNKNOWN · CONNECTOR_CONFIG_INVALID · CONNECTOR_MANIFEST_MISSING ·
 *   HTTP_OPTIONS_INVALID
 */
export function connectSystem(
  settings: SystemSettings,
  dependencies: ConnectorDependencies,
  more: readonly Connector[] = [],
): ConnectedSystem {
  const connectors = [...more, ...builtInConnectors]
  const connector = connectors.find(({ name }) => name === settings.connector)
  if (connector !== undefined) return connector.connect(settings, dependencies)
  const hint = suggestion(
    settings.connector,
    connectors.map(({ name }) => name),
  )
  throw new UsageError(
    'CONNECTOR_UNKNOWN',
    `systems.${settings.name}: there is no connector "${settings.connector}"${hint === undefined ? '' : ` (${hint})`}.`,
  )
}
