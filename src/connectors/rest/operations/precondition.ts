/**
 * If-Match in the form that the server takes.
 *
 * Some servers accept the tag as they show it even where it is weak; behind a proxy that compresses, the server knows it only in its plain form.
 * So a write that was refused under a tag of that kind is tried once more under the plain one, and the form that was accepted is kept. A write
 * that was refused has changed nothing, and a tag that says nothing to a server is refused as well.
 */
import { plainTag } from '../../../model/entity-tag.ts'
import type { WriteResult } from '../../kit/contract.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'

/** Which form of tags a resource takes, as far as it has shown. One for each bound resource. */
export class TagForm {
  #known: 'as-shown' | 'plain' | undefined

  /** Sends a write under `version`, in one form or in both. `attempt` never throws. */
  async write(
    { version: declared }: ResourceManifest,
    version: string | undefined,
    attempt: (headers: Readonly<Record<string, string>> | undefined) => Promise<WriteResult>,
  ): Promise<WriteResult> {
    if (version === undefined || declared?.ifMatch === undefined) return attempt(undefined)
    const { ifMatch, header } = declared
    const under = (tag: string): Promise<WriteResult> =>
      attempt({ 'if-match': ifMatch.replaceAll('{version}', tag) })
    const plain = header === undefined ? undefined : plainTag(version)
    if (plain === undefined) return under(version)
    if (this.#known !== 'plain') {
      const result = await under(version)
      if (result.kind === 'ok') this.#known = 'as-shown'
      if (result.kind !== 'stale' || this.#known === 'as-shown') return result
    }
    const result = await under(plain)
    if (result.kind === 'ok') this.#known = 'plain'
    return result
  }
}
