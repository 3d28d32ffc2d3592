/** The manifests that come with the package, by name. */

import { jsonplaceholder } from './jsonplaceholder.ts'
import type { ManifestSource } from './manifest.ts'

/** The manifests that `manifest: name` and `extends: name` can refer to. */
export const builtInManifests: Readonly<Record<string, ManifestSource>> = { jsonplaceholder }
