/**
 * Sends If-Match in the form that the server accepts.
 *
 * Some servers accept the tag as they return it even where it is weak; behind a proxy that compresses, the
 * server knows only the plain form. A write that was refused with such a tag is therefore retried once with
 * the plain form, and the accepted form is kept. A refused write has changed nothing, and a tag that a server
 * does not recognise is refused as well.
 */
import { plainTag } from '../../../model/entity-tag.ts'
import type { WriteResult } from '../../kit/contract.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'

/** The form of tags that a resource accepts, as far as known. One for each bound resource. */
export class TagForm {
  #known: 'as-shown' | 'plain' | undefined

  /** Sends a write with `version`, in one form or in both. `attempt` never throws. */
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
