/**
 * A system of the connector `graphql`: the section of the definition, and the manifest that it contains,
 * names or points to.
 */
import { z } from 'zod'
import { connectionShape } from '../kit/connection.ts'
import * as manifests from '../kit/manifest/load-manifest.ts'
import { type Manifest, manifestSchema } from './manifests/manifest.ts'

/** Keys of the system's section. The manifest is checked after it is found. */
export const graphqlConfig = z.strictObject({
  ...connectionShape,
  /** Inline, or a path to a YAML or JSON file. */
  manifest: manifests.manifestSourceSchema,
  webhooks: manifests.webhookSecretsSchema,
})

/** A checked section. */
export type GraphqlConfig = z.output<typeof graphqlConfig>

/**
 * Finds and checks the manifest of a system.
 *
 * @throws UsageError CONNECTOR_MANIFEST_MISSING · CONNECTOR_CONFIG_INVALID
 */
export function loadManifest(
  source: GraphqlConfig['manifest'],
  name: string,
  baseDirectory: string | undefined,
): Manifest {
  return manifests.loadManifest(source, { schema: manifestSchema, builtIn: {}, name, baseDirectory })
}
