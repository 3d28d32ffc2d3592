import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FeedItem, type FeedPage, type FeedQuery, type FeedRules, readFeed } from './change-cursor.ts'

interface Row {
  readonly nativeId: string
  readonly at: number
  readonly version: number
  /** When the row becomes visible; later than `at` when its transaction was long. */
  readonly visibleAt: number
}

/** A feed over rows that responds like an API with the given way past ties. */
class FakeFeed {
  rows: Row[] = []
  now = 1_000_000
  readonly pageSize: number
  readonly tieBreak: FeedRules['tieBreak']
  requests = 0

  constructor(pageSize: number, tieBreak: FeedRules['tieBreak']) {
    this.pageSize = pageSize
    this.tieBreak = tieBreak
  }

  put(nativeId: string, at: number, visibleAt = at): void {
    const version = (this.rows.find((row) => row.nativeId === nativeId)?.version ?? 0) + 1
    this.rows = [
      ...this.rows.filter((row) => row.nativeId !== nativeId),
      { nativeId, at, version, visibleAt },
    ]
  }

  fetch = async ({ since, afterId, page }: FeedQuery): Promise<FeedPage> => {
    this.requests += 1
    const from = since === undefined ? Number.NEGATIVE_INFINITY : Number(since)
    const found = this.rows
      .filter(({ at, nativeId, visibleAt }) => {
        if (visibleAt > this.now) return false
        return at > from || (at === from && (afterId === undefined || nativeId > afterId))
      })
      .sort((a, b) => a.at - b.at || (a.nativeId < b.nativeId ? -1 : 1))
    const start = page * this.pageSize
    const items = found.slice(start, start + this.pageSize).map(
      ({ nativeId, at, version }): FeedItem => ({
        change: { nativeId, version: String(version) },
        position: String(at),
        positionMs: at,
        content: String(version),
      }),
    )
    return { items, more: found.length > start + this.pageSize, serverNowMs: this.now }
  }
}

function rulesOf(feed: FakeFeed, lags: Partial<FeedRules> = {}): FeedRules {
  return { tieBreak: feed.tieBreak, commitLagMs: 0, overlapMs: 0, formatPosition: String, ...lags }
}

/** Polls until the sweep ends; returns the reported changes and the cursor. */
async function sweep(
  feed: FakeFeed,
  rules: FeedRules,
  cursor?: string,
): Promise<{ changed: string[]; cursor: string | undefined }> {
  const changed: string[] = []
  let at = cursor
  for (let page = 0; page < 5_000; page += 1) {
    const result = await readFeed(at, rules, feed.fetch)
    if (result.kind !== 'page') return expect.fail(JSON.stringify(result))
    changed.push(...result.changed.map(({ nativeId, version }) => `${nativeId}@${version}`))
    at = result.cursor
    if (!result.more) return { changed, cursor: at }
  }
  return expect.fail('the sweep does not end')
}

test.each(['id', 'page'] as const)(
  'H21: 1,000 records with one time on pages of 7 are each reported once (%s)',
  async (tieBreak) => {
    const feed = new FakeFeed(7, tieBreak)
    for (let n = 0; n < 1_000; n += 1) feed.put(`r${n}`, 500)
    const rules = rulesOf(feed)
    const first = await sweep(feed, rules)
    expect(new Set(first.changed).size).toBe(1_000)
    expect(first.changed).toHaveLength(1_000)
    const second = await sweep(feed, rules, first.cursor)
    expect(second.changed).toEqual([])
  },
)

test('H21: without a way past a page full of ties it says so instead of skipping them', async () => {
  const feed = new FakeFeed(7, 'none')
  for (let n = 0; n < 20; n += 1) feed.put(`r${n}`, 500)
  const first = await readFeed(undefined, rulesOf(feed), feed.fetch)
  const next = first.kind === 'page' ? await readFeed(first.cursor, rulesOf(feed), feed.fetch) : first
  expect(next).toMatchObject({ kind: 'unknown', failure: { code: 'CONNECTOR_FEED_UNUSABLE' } })
})

test('H21: a record that leaves a run of ties while it is paged does not hide another one', async () => {
  const feed = new FakeFeed(5, 'page')
  for (let n = 0; n < 40; n += 1) feed.put(`r${String(n).padStart(2, '0')}`, 500)
  const rules = rulesOf(feed)
  const changed: string[] = []
  let cursor: string | undefined
  for (let page = 0; page < 100; page += 1) {
    const result = await readFeed(cursor, rules, feed.fetch)
    if (result.kind !== 'page') return expect.fail(result.kind)
    changed.push(...result.changed.map(({ nativeId }) => nativeId))
    cursor = result.cursor
    if (page === 3) feed.put('r00', 600)
    if (!result.more) break
  }
  const again = await sweep(feed, rules, cursor)
  const nativeIds = new Set([...changed, ...again.changed.map((entry) => entry.split('@')[0])])
  expect(nativeIds.size).toBe(40)
})

test('H22: a change that becomes visible late, within the declared lag, is not missed', async () => {
  const feed = new FakeFeed(10, 'id')
  const rules = rulesOf(feed, { commitLagMs: 60_000 })
  feed.put('early', feed.now - 1)
  feed.put('late', feed.now - 50_000, feed.now + 5_000)
  const first = await sweep(feed, rules)
  expect(first.changed).toEqual(['early@1'])
  feed.now += 10_000
  expect((await sweep(feed, rules, first.cursor)).changed).toEqual(['late@1'])
})

test('a second change at the same time is reported although the first was', async () => {
  const feed = new FakeFeed(10, 'id')
  feed.put('a', feed.now)
  const first = await sweep(feed, rulesOf(feed))
  feed.put('a', feed.now)
  expect((await sweep(feed, rulesOf(feed), first.cursor)).changed).toEqual(['a@2'])
})

test('a record dated in the future does not hide what comes before it', async () => {
  const feed = new FakeFeed(10, 'id')
  feed.put('future', feed.now + 86_400_000, feed.now)
  const first = await sweep(feed, rulesOf(feed))
  feed.now += 1_000
  feed.put('a', feed.now)
  expect((await sweep(feed, rulesOf(feed), first.cursor)).changed).toEqual(['a@1'])
})

test('a quiet feed stops reading an old burst again', async () => {
  const feed = new FakeFeed(10, 'id')
  const rules = rulesOf(feed, { commitLagMs: 1_000 })
  for (let n = 0; n < 500; n += 1) feed.put(`r${n}`, feed.now)
  let { cursor } = await sweep(feed, rules)
  feed.now += 10_000
  ;({ cursor } = await sweep(feed, rules, cursor))
  feed.requests = 0
  await sweep(feed, rules, cursor)
  expect(feed.requests).toBe(1)
})

test('H23: a cursor that can not be read is expired, never a start at now', async () => {
  const feed = new FakeFeed(10, 'id')
  for (const cursor of ['', 'nonsense', '{"v":2}', '{"v":1,"seen":7}']) {
    expect(await readFeed(cursor, rulesOf(feed), feed.fetch)).toEqual({ kind: 'expired' })
  }
})

test('a feed sorted the wrong way is refused, since its backlog would be lost', async () => {
  const feed = new FakeFeed(10, 'id')
  const descending = async (query: FeedQuery): Promise<FeedPage> => {
    const page = await feed.fetch(query)
    return { ...page, items: page.items.toReversed() }
  }
  feed.put('a', 1)
  feed.put('b', 2)
  expect(await readFeed(undefined, rulesOf(feed), descending)).toMatchObject({ kind: 'unknown' })
})

test('what is remembered is bounded, and forgetting only tells again', async () => {
  const feed = new FakeFeed(50, 'id')
  const rules = rulesOf(feed, { commitLagMs: 1_000_000, seenMax: 20 })
  for (let n = 0; n < 200; n += 1) feed.put(`r${n}`, feed.now - n)
  const first = await sweep(feed, rules)
  expect((first.cursor ?? '').length).toBeLessThan(2_000)
  feed.put('new', feed.now)
  expect((await sweep(feed, rules, first.cursor)).changed).toContain('new@1')
})

test('every change is reported, whatever changed when and read in pages of any size', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('put' as const),
      nativeId: fc.integer({ min: 0, max: 12 }),
      lag: fc.integer({ min: 0, max: 20 }),
    }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 0, max: 8 }) }),
    fc.record({ kind: fc.constant('page' as const) }),
  )
  const run = fc.record({
    steps: fc.array(step, { maxLength: 80 }),
    pageSize: fc.integer({ min: 2, max: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(run, async ({ steps, pageSize }) => {
      const feed = new FakeFeed(pageSize, 'id')
      const rules = rulesOf(feed, { commitLagMs: 20 })
      const changed = new Set<string>()
      let cursor: string | undefined
      const page = async (): Promise<boolean> => {
        const result = await readFeed(cursor, rules, feed.fetch)
        if (result.kind !== 'page') return expect.fail(result.kind)
        for (const { nativeId, version } of result.changed) changed.add(`${nativeId}@${version}`)
        cursor = result.cursor
        return result.more
      }
      for (const one of steps) {
        if (one.kind === 'put') feed.put(`r${one.nativeId}`, feed.now, feed.now + one.lag)
        else if (one.kind === 'time') feed.now += one.ms
        else await page()
      }
      feed.now += 100
      for (let sweeps = 0; sweeps < 2; sweeps += 1) while (await page());
      for (const { nativeId, version } of feed.rows) expect(changed).toContain(`${nativeId}@${version}`)
    }),
    { numRuns: 1_000 },
  )
})
