/** Whether a file is whole, by the convention that the definition names. */
import type { FileOwner } from './file-owner.ts'
import type { FoundFile } from './folder.ts'

/** Names that programs give to what they are still writing. */
const unfinished = /\.(tmp|temp|part|partial|filepart|writing|crdownload|swp|lock)$|~$/i

/** Why a file is not to be read yet; undefined when it is whole. */
export async function notReady(
  { config, folder, clock }: FileOwner,
  { name, stats }: FoundFile,
): Promise<string | undefined> {
  const { ready } = config
  switch (ready.by) {
    case 'rename':
      return undefined
    case 'stable': {
      // Of two clocks the later one counts: a file from the future is as fresh as can be.
      const ageMs = clock.now() - stats.mtimeMs
      return ageMs >= ready.for ? undefined : `${name} was changed less than ${ready.for} ms ago`
    }
    case 'marker': {
      const marker = await folder.stat(name + ready.suffix)
      if (marker === undefined) return `${name}${ready.suffix} is not there yet`
      return marker.mtimeMs < stats.mtimeMs ? `${name}${ready.suffix} is older than the file` : undefined
    }
  }
}

/** Files of a pattern that are no marker and not under way by their names. */
export async function candidates(owner: FileOwner, pattern: string): Promise<readonly FoundFile[]> {
  const { ready } = owner.config
  const files = await owner.folder.find(pattern)
  return files.filter(
    ({ name }) => !unfinished.test(name) && !(ready.by === 'marker' && name.endsWith(ready.suffix)),
  )
}
