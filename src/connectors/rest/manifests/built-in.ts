/** The manifests that come with the package, by name. */

import { jsonplaceholder } from './jsonplaceholder.ts'
import type { ManifestSource } from './manifest.ts'

/** What `manifest: name` and `extends: name` can name. */
export const builtInManifests: Readonly<Record<string, ManifestSource>> = { jsonplaceholder }
