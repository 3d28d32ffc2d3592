import { expect, test } from 'vitest'
import type { ListEnd } from './contract.ts'
import { judgedList, type ListPage } from './list.ts'

const record = (nativeId: string) => ({ nativeId, native: { id: nativeId } })

async function endOf(pages: readonly ListPage[]): Promise<ListEnd> {
  const list = judgedList(
    (async function* () {
      yield* pages
    })(),
    { paging: 'keyset' },
  )
  for (;;) {
    const next = await list.next()
    if (next.done === true) return next.value
  }
}

test('a list is complete when what was withheld makes up for what the system counts, and says how many were handed on', async () => {
  const pages = [
    { records: [record('1')], withheld: 1, expected: 4 },
    { records: [record('3')], withheld: 1 },
  ]
  expect(await endOf(pages)).toEqual({ complete: true, expected: 2 })
})

test('a list with fewer records than the system counts is not complete', async () => {
  expect(await endOf([{ records: [record('1')], withheld: 1, expected: 3 }])).toMatchObject({
    complete: false,
    reason: '2 records came, the system says it has 3',
    expected: 2,
  })
})
