/** The change feed of a resource: records changed at or after a time, based on the kit's cursor. */
import { createHash } from 'node:crypto'
import { writeJson } from '../../../http/json.ts'
import {
  byTime,
  type FeedItem,
  type FeedPage,
  type FeedQuery,
  readFeed,
  type UntimedItem,
} from '../../kit/change-cursor.ts'
import type { CallContext, ChangesResult, ListedRecord } from '../../kit/contract.ts'
import { textAt } from '../../kit/native.ts'
import { callFailure } from '../../kit/outcome.ts'
import { formatTime, timeAt } from '../../kit/times.ts'
import { unusable } from '../../kit/unusable.ts'
import type { GraphqlResponse } from '../client.ts'
import { type GraphqlDocument, scalarFor } from '../documents.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import { LoopCheck, nextCursor, recordsOf } from './list.ts'
import { isTombstone } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

type ChangesManifest = NonNullable<ResourceManifest['changes']>

/**
 * How a document gets past records with the same time: a filter by id, the pages of its connection, or not at
 * all.
 */
export function tieBreakOf(document: GraphqlDocument): 'id' | 'page' | 'none' {
  if (document.variables.has('afterId')) return 'id'
  return document.connection !== undefined && document.variables.has('after') ? 'page' : 'none'
}

/**
 * Where reading stopped within a run of records with the same time, so that the next page does not start
 * over.
 */
interface Reached {
  readonly since: string | undefined
  /** Number of pages read. */
  readonly pages: number
  readonly after: string
}

/**
 * The feed of one resource. Keeps the position within one run of equal times; everything else is in the
 * cursor.
 */
export class ChangeFeed {
  readonly #owner: ResourceContext
  readonly #feed: ChangesManifest
  readonly #document: GraphqlDocument
  #reached: Reached | undefined

  constructor(owner: ResourceContext, feed: ChangesManifest, document: GraphqlDocument) {
    this.#owner = owner
    this.#feed = feed
    this.#document = document
  }

  /** Returns the changes after the cursor. Never throws: a failure is no information. */
  async after(cursor: string | undefined, context: CallContext): Promise<ChangesResult> {
    const { commitLag, overlap } = this.#feed
    const rules = {
      tieBreak: tieBreakOf(this.#document),
      commitLagMs: commitLag,
      overlapMs: overlap,
      formatPosition: (ms: number) => formatTime(ms, this.#feed),
    }
    try {
      return await readFeed(cursor, rules, (query) => this.#page(query, context))
    } catch (error) {
      return { kind: 'unknown', failure: callFailure(error) }
    }
  }

  /** Reads one page; the pages before it are read again when the position where they ended is not known. */
  async #page(query: FeedQuery, context: CallContext): Promise<FeedPage> {
    const known = this.#reached
    const usable = known !== undefined && known.since === query.since && known.pages <= query.page
    let pages = usable ? known.pages : 0
    let after = usable ? known.after : undefined
    const loop = new LoopCheck()
    for (;;) {
      const { page, next } = await this.#fetch(query, after, context)
      if (pages === query.page || next === undefined) {
        this.#reached = next === undefined ? undefined : { since: query.since, pages: pages + 1, after: next }
        return { ...page, more: page.more && pages === query.page }
      }
      loop.step(next)
      pages += 1
      after = next
    }
  }

  async #fetch(
    { since, afterId }: FeedQuery,
    after: string | undefined,
    context: CallContext,
  ): Promise<{ readonly page: FeedPage; readonly next: string | undefined }> {
    const { resource, client } = this.#owner
    const document = this.#document
    const variables = {
      first: this.#feed.size,
      ...(since === undefined ? {} : { since: this.#spelt(since) }),
      ...(afterId === undefined ? {} : { afterId: scalarFor(document.variables.get('afterId'), afterId) }),
      ...(after === undefined ? {} : { after }),
    }
    const response: GraphqlResponse = await client.send({
      document,
      variables,
      rules: resource.errors,
      context,
    })
    const { records, unreadable, count } = recordsOf(this.#owner, document, response)
    const timed = byTime(records.map((record) => this.#item(record)))
    const next = document.connection === undefined ? undefined : nextCursor(document, response)
    const more = document.connection === undefined ? count >= this.#feed.size : next !== undefined
    const { serverNowMs } = response
    return {
      page: { ...timed, unreadable, more, ...(serverNowMs === undefined ? {} : { serverNowMs }) },
      next,
    }
  }

  /**
   * The only place where a value becomes part of a text, for searches with a query language of their own:
   * only a time is inserted.
   */
  #spelt(since: string): unknown {
    const { since: pattern } = this.#feed
    if (pattern === '{since}') return scalarFor(this.#document.variables.get('since'), since)
    if (!/^[\dTZ:.+ -]{1,40}$/.test(since)) throw unusable('a change has a time with unexpected characters')
    return pattern.replaceAll('{since}', since)
  }

  #item({ nativeId, native, version }: ListedRecord): FeedItem | UntimedItem {
    const { position: path } = this.#feed
    const position = textAt(native, path)
    const positionMs = timeAt(native, path, this.#feed)
    const change = {
      nativeId,
      ...(version === undefined ? {} : { version }),
      ...(isTombstone(this.#owner.resource, native) ? { deleted: true } : {}),
    }
    const content = version ?? createHash('sha256').update(writeJson(native)).digest('base64url')
    if (position === undefined || positionMs === undefined) return { change, content }
    return { change, position, positionMs, content }
  }
}
