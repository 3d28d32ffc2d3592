/** The manifests that come with the package, by name. */
import type { ManifestSource } from '../manifest.ts'
import { jsonplaceholder } from './jsonplaceholder.ts'

export const builtInManifests: Readonly<Record<string, ManifestSource>> = { jsonplaceholder }
