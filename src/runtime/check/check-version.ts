/**
 * Reads one record twice and judges its version as a precondition of writes. A version that changes with each
 * response, a weak tag or the tag of a compressed response is refused by many servers, so that every write
 * would end with 412.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CallContext, ListedRecord, ReadResult, Resource } from '../../connectors/kit/contract.ts'
import type { CheckRow } from './check-row.ts'

export interface VersionTrial {
  /** Entity and system as text. */
  readonly subject: string
  readonly resource: Resource
  readonly record: Pick<ListedRecord, 'nativeId'>
  readonly context: CallContext
}

const weak = /^W\//
const compressed = /[-;:](?:gzip|br|deflate|zstd)"?$/i

/**
 * Returns no rows where writes carry no precondition, or where a read shows nothing; other steps report
 * failed reads. Never throws.
 */
export async function checkVersion({
  subject,
  resource,
  record,
  context,
}: VersionTrial): Promise<CheckRow[]> {
  if (!resource.capabilities.conditionalWrites) return []
  try {
    const first = await resource.read(record.nativeId, context)
    const second = await resource.read(record.nativeId, context)
    const problem = problemOf(first, second)
    if (problem === undefined) return []
    return [{ level: 'warning', area: 'capabilities', subject, ...problem }]
  } catch {
    return []
  }
}

function problemOf(first: ReadResult, second: ReadResult): Pick<CheckRow, 'message' | 'hint'> | undefined {
  if (first.kind !== 'live' || second.kind !== 'live') return undefined
  const { version } = second
  if (first.version === undefined || version === undefined) return undefined
  if (first.version !== version && isDeepStrictEqual(first.native, second.native))
    return {
      message: 'the version of a record changes from one read to the next although nothing else does',
      hint: 'name another version in the manifest, or leave out ifMatch: every write would be refused as out of date',
    }
  if (weak.test(version))
    return {
      message: 'versions are weak tags (W/"…"), which If-Match never matches by RFC 9110, 13.1.1',
      hint: 'writes try the tag without W/ as well; test with `isthmus certify --write` whether the system accepts it, or leave out ifMatch',
    }
  if (compressed.test(version))
    return {
      message: 'versions are tags of compressed responses ("…-gzip"), which the system itself may not know',
      hint: 'writes try the tag without the suffix as well; test with `isthmus certify --write` whether the system accepts it',
    }
  return undefined
}
