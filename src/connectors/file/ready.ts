/** Whether a file is complete, by the convention that the definition names. */
import type { FileOwner } from './file-owner.ts'
import type { FoundFile } from './folder.ts'

/** Names that programs give to files while writing them. */
const unfinished = /\.(tmp|temp|part|partial|filepart|writing|crdownload|swp|lock)$|~$/i

/** Returns why a file can't be read yet; undefined when it is complete. */
export async function notReady(
  { config, folder, clock }: FileOwner,
  { name, stats }: FoundFile,
): Promise<string | undefined> {
  const { ready } = config
  switch (ready.by) {
    case 'rename':
      return undefined
    case 'stable': {
      // The later of two clocks counts: a file with a future time counts as just written.
      const ageMs = clock.now() - stats.mtimeMs
      return ageMs >= ready.for ? undefined : `${name} was changed less than ${ready.for} ms ago`
    }
    case 'marker': {
      const marker = await folder.stat(name + ready.suffix)
      if (marker === undefined) return `${name}${ready.suffix} does not exist yet`
      return marker.mtimeMs < stats.mtimeMs ? `${name}${ready.suffix} is older than the file` : undefined
    }
  }
}

/** Returns files of a pattern that are neither markers nor, by their names, still being written. */
export async function candidates(owner: FileOwner, pattern: string): Promise<readonly FoundFile[]> {
  const { ready } = owner.config
  const files = await owner.folder.find(pattern)
  return files.filter(
    ({ name }) => !unfinished.test(name) && !(ready.by === 'marker' && name.endsWith(ready.suffix)),
  )
}
