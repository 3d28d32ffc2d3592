/**
 * A system of the connector `rest`: the section of the definition, and the manifest that it contains, names
 * or points to.
 */
import { z } from 'zod'
import { connectionShape } from '../kit/connection.ts'
import * as manifests from '../kit/manifest/load-manifest.ts'
import { builtInManifests } from './manifests/built-in.ts'
import { type Manifest, manifestSchema } from './manifests/manifest.ts'

/** Keys of the system's section. The manifest is checked after it is found. */
export const restConfig = z.strictObject({
  ...connectionShape,
  /** Inline, the name of a built-in one, or a path to a YAML or JSON file. */
  manifest: manifests.manifestSourceSchema,
  webhooks: manifests.webhookSecretsSchema,
})

/** A checked section. */
export type RestConfig = z.output<typeof restConfig>

/**
 * Finds and checks the manifest of a system.
 *
 * @throws UsageError CONNECTOR_MANIFEST_MISSING · CONNECTOR_CONFIG_INVALID
 */
export function loadManifest(
  source: RestConfig['manifest'],
  name: string,
  baseDirectory: string | undefined,
): Manifest {
  return manifests.loadManifest(source, {
    schema: manifestSchema,
    builtIn: builtInManifests,
    name,
    baseDirectory,
  })
}
