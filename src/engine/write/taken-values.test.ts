import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { WriteResult } from '../../connectors/kit/contract.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  const b = world.system('b')
  // Phones are unique in b.
  b.judge = (body, nativeId) => {
    const holder = [...b.table('customer')].find(
      ([id, { body: other }]) => id !== nativeId && other.phone !== undefined && other.phone === body.phone,
    )
    return holder === undefined ? undefined : taken
  }
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const taken: WriteResult = {
  kind: 'rejected',
  failure: { code: 'HTTP_STATUS_FINAL', message: 'phone already taken', scope: 'record' },
  fields: ['phone'],
}

const refusal = (message: string): Extract<WriteResult, { readonly kind: 'rejected' }> => ({
  kind: 'rejected',
  failure: { code: 'HTTP_STATUS_FINAL', message, scope: 'record' },
})

const messageOf = (answer: WriteResult): string => ('failure' in answer ? answer.failure.message : '')

const failures = async (it: World) => (await it.store.admin.failures({ limit: 10 })).rows

async function pair(it: World, phones: readonly string[] = ['111', '222']): Promise<readonly string[]> {
  const ids: string[] = []
  for (const [index, phone] of phones.entries()) {
    const name = `x${index}`
    ids.push(await it.linked('a', name, { code: String(index), name, phone }))
  }
  return ids
}

const phonesOf = (it: World, system: string, ids: readonly string[]) =>
  ids.map((id) => it.system(system).body(id)?.phone)

describe('a value that is unique', () => {
  test('goes to the next record as soon as the one that held it has given it up', async () => {
    const it = start()
    const ids = await pair(it)
    // The one who takes it comes first; who gives it up is held up for a minute.
    await it.edit('a', 'x1', { phone: '111' })
    await it.advance(50_000)
    expect(phonesOf(it, 'b', ids)).toEqual(['111', '222'])
    expect(await failures(it)).toMatchObject([{ system: 'b', message: 'phone: phone already taken' }])
    await it.edit('a', 'x0', { phone: '333' })
    await it.advance(500)
    expect(phonesOf(it, 'b', ids)).toEqual(['333', '111'])
    expect(await failures(it)).toEqual([])
    expect(await it.member('a', 'x1', 'b')).toMatchObject({ lane: { state: 'open' } })
  })

  test('is written once more by itself, for a holder that is no record here', async () => {
    const it = start()
    const ids = await pair(it)
    it.system('b').edit('stranger', { code: 's', phone: '777' })
    await it.edit('a', 'x1', { phone: '777' })
    await it.advance(3_000)
    expect(phonesOf(it, 'b', ids)).toEqual(['111', '222'])
    it.system('b').table('customer').delete('stranger')
    await it.advance(40_000)
    expect(phonesOf(it, 'b', ids)).toEqual(['111', '777'])
    expect(await failures(it)).toEqual([])
  })

  test('is not written for ever while it stays taken', async () => {
    const it = start()
    await pair(it)
    it.system('b').edit('stranger', { code: 's', phone: '777' })
    await it.edit('a', 'x1', { phone: '777' })
    await it.advance(3_600_000)
    expect(it.system('b').count('update')).toBe(5)
    expect(await failures(it)).toHaveLength(1)
    // Whoever lists the system asks for another attempt.
    it.system('b').table('customer').delete('stranger')
    await it.store.endValueWaits('b', 'customer')
    it.engine.wake()
    await it.advance(1_000)
    expect(await failures(it)).toEqual([])
  })

  test('a refusal that may have another reason is a failure at once, and nothing is sent again by itself', async () => {
    const it = start()
    const ids = await pair(it)
    const refusals: Readonly<Record<string, WriteResult>> = {
      conflict: { ...refusal('The system refuses it (409).'), taken: true },
      words: refusal('The order already has a credit note, which exists in another period.'),
      'words about a field': { ...refusal('status: it is already shipped'), fields: ['name'] },
    }
    const updates = () => it.system('b').count('update')
    for (const [name, answer] of Object.entries(refusals)) {
      it.system('b').judge = () => answer
      const before = updates()
      await it.edit('a', 'x1', { name })
      await it.advance(500)
      expect(await failures(it)).toMatchObject([
        { system: 'b', message: expect.stringContaining(messageOf(answer)) },
      ])
      await it.advance(3_600_000)
      expect(updates() - before).toBe(1)
    }
    it.system('b').judge = () => undefined
    await it.edit('a', 'x1', { name: 'fine' })
    await it.advance(1_000)
    expect(it.system('b').body(ids[1] ?? '')).toMatchObject({ name: 'fine' })
    expect(await failures(it)).toEqual([])
  })

  test('a create that is refused as existing is a failure at once, and is not sent again by itself', async () => {
    const it = start()
    it.system('b').judge = () => ({ ...refusal('A record with this code already exists.'), taken: true })
    await it.edit('a', 'new', { code: 'n', name: 'new', phone: '111' })
    await it.advance(2_000)
    expect(await failures(it)).toMatchObject([
      { system: 'b', operation: 'create', message: 'A record with this code already exists.' },
    ])
    await it.advance(3_600_000)
    expect(it.system('b').count('create')).toBe(1)
  })

  test.each([2, 3])(
    'is handed on and exchanged between %i records also if the refusal names no field',
    async (count) => {
      const it = start()
      const unique = it.system('b').judge
      it.system('b').judge = (body, nativeId) =>
        unique?.(body, nativeId) === undefined ? undefined : { ...refusal('Conflict (409).'), taken: true }
      const phones = Array.from({ length: count }, (_, index) => `${index}${index}${index}`)
      const ids = await pair(it, phones)
      await it.edit('a', 'x1', { phone: '000' })
      await it.advance(50_000)
      await it.edit('a', 'x0', { phone: '999' })
      await it.advance(500)
      expect(phonesOf(it, 'b', ids).slice(0, 2)).toEqual(['999', '000'])
      const now = ['999', '000', ...phones.slice(2)]
      const turned = [...now.slice(1), ...now.slice(0, 1)]
      for (const [index, phone] of turned.entries()) it.system('a').edit(`x${index}`, { phone })
      for (const index of turned.keys()) await it.mark('a', `x${index}`)
      await it.advance(60_000)
      expect(phonesOf(it, 'b', ids)).toEqual(turned)
      expect(await failures(it)).toEqual([])
    },
  )

  test('comes to a record that was created without it', async () => {
    const it = start()
    const [first = ''] = await pair(it)
    await it.edit('a', 'new', { code: 'n', name: 'new', phone: '111' })
    await it.advance(60_000)
    expect(it.system('b').bodies()).toHaveLength(3)
    await it.edit('a', 'x0', { phone: '9' })
    await it.advance(500)
    expect(it.system('b').body(first)).toMatchObject({ phone: '9' })
    expect(it.system('b').bodies()).toContainEqual(expect.objectContaining({ code: 'n', phone: '111' }))
    expect(await failures(it)).toEqual([])
  })

  test.each([2, 3, 5])('is exchanged between %i records by way of a temporary value', async (count) => {
    const it = start()
    const phones = Array.from({ length: count }, (_, index) => `${index}${index}${index}`)
    const ids = await pair(it, phones)
    const turned = [...phones.slice(1), ...phones.slice(0, 1)]
    for (const [index, phone] of turned.entries()) it.system('a').edit(`x${index}`, { phone })
    for (const index of turned.keys()) await it.mark('a', `x${index}`)
    await it.advance(60_000)
    expect(phonesOf(it, 'b', ids)).toEqual(turned)
    expect(await failures(it)).toEqual([])
    // The temporary value went nowhere else, and nothing of it is left.
    expect(
      phonesOf(
        it,
        'a',
        turned.map((_, index) => `x${index}`),
      ),
    ).toEqual(turned)
    const updates = it.system('b').count('update')
    for (const id of ids) await it.mark('b', id)
    await it.advance(600_000)
    expect(it.system('b').count('update')).toBe(updates)
    expect((await it.store.admin.conflicts({ limit: 5 })).rows).toEqual([])
  })

  test.each([
    ['x0', 'x1'],
    ['x1', 'x0'],
  ])('is exchanged at once although the next attempt of %s is minutes away', async (early, late) => {
    const it = start()
    const ids = await pair(it)
    const wanted: Readonly<Record<string, string>> = { x0: '222', x1: '111' }
    await it.edit('a', early, { phone: wanted[early] })
    await it.advance(100_000)
    await it.edit('a', late, { phone: wanted[late] })
    await it.advance(5_000)
    expect(phonesOf(it, 'b', ids)).toEqual(['222', '111'])
    expect(await failures(it)).toEqual([])
  })

  test('stays refused in the words of the system where it takes no temporary value', async () => {
    const it = start()
    const unique = it.system('b').judge
    it.system('b').judge = (body, nativeId) =>
      String(body.phone).includes('-')
        ? { ...taken, failure: { ...taken.failure, message: 'phone has letters' } }
        : unique(body, nativeId)
    const ids = await pair(it)
    it.system('a').edit('x0', { phone: '222' })
    it.system('a').edit('x1', { phone: '111' })
    await it.mark('a', 'x0')
    await it.mark('a', 'x1')
    await it.advance(3_600_000)
    expect(phonesOf(it, 'b', ids)).toEqual(['111', '222'])
    expect(phonesOf(it, 'a', ['x0', 'x1'])).toEqual(['222', '111'])
    expect((await failures(it)).map(({ message }) => message).toSorted()).toEqual([
      'phone: phone already taken',
      'phone: phone has letters',
    ])
    expect(it.system('b').count('update')).toBeLessThan(12)
  })

  test('a temporary value that stays, since another record of the exchange is refused, is reported in the failure', async () => {
    const it = start()
    const ids = await pair(it)
    const unique = it.system('b').judge
    let isBlocked = true
    it.system('b').judge = (body, nativeId) => {
      const holder = [...it.system('b').table('customer')].find(
        ([, { body: other }]) => other.phone === '111',
      )
      // Once the value is free, the one who wants it is refused for a reason of its own.
      if (isBlocked && holder === undefined && body.phone === '111')
        return refusal('phone: the line is barred')
      return unique(body, nativeId)
    }
    it.system('a').edit('x0', { phone: '222' })
    it.system('a').edit('x1', { phone: '111' })
    await it.mark('a', 'x0')
    await it.mark('a', 'x1')
    await it.advance(3_600_000)
    const [first = '', second = ''] = ids
    const holder = String(it.system('b').body(first)?.phone).includes('-') ? first : second
    expect(String(it.system('b').body(holder)?.phone)).toContain('-')
    const reported = (await failures(it)).map(({ message }) => message).toSorted()
    expect(reported).toEqual([
      expect.stringMatching(
        /^phone: phone already taken\. Record .* has a temporary value in phone until then/,
      ),
      expect.stringContaining('the line is barred'),
    ])
    expect(reported[0]).toContain(`Record ${holder} of b`)
    isBlocked = false
    await it.store.admin.retryFailures({}, 'ann')
    it.engine.wake()
    await it.advance(600_000)
    expect(phonesOf(it, 'b', ids)).toEqual(['222', '111'])
    expect(await failures(it)).toEqual([])
  })

  test('an exchange survives a process that dies between the temporary value and the last one', async () => {
    const it = start()
    const ids = await pair(it)
    const b = it.system('b')
    let lost = 0
    const unique = b.judge
    b.judge = (body, nativeId) => {
      const answer = unique(body, nativeId)
      if (answer === undefined && String(body.phone).includes('-') && lost === 0) {
        lost += 1
        // It is stored, and nobody hears of it.
        b.faults.push({ on: 'update', fault: { kind: 'silence', appliesAfterMs: 0 } })
      }
      return answer
    }
    it.system('a').edit('x0', { phone: '222' })
    it.system('a').edit('x1', { phone: '111' })
    await it.mark('a', 'x0')
    await it.mark('a', 'x1')
    await it.advance(600_000)
    expect(phonesOf(it, 'b', ids)).toEqual(['222', '111'])
    expect(phonesOf(it, 'a', ['x0', 'x1'])).toEqual(['222', '111'])
    expect(await failures(it)).toEqual([])
    expect((await it.store.admin.conflicts({ limit: 5 })).rows).toEqual([])
  })

  test('an edit that is made over the temporary value is an edit', async () => {
    const it = start()
    const [first = '', second = ''] = await pair(it)
    const b = it.system('b')
    const unique = b.judge
    let held = true
    b.judge = (body, nativeId) => {
      // The second record can't go on until somebody has edited the first.
      if (held && nativeId === second && body.phone === '111') return taken
      return unique(body, nativeId)
    }
    it.system('a').edit('x0', { phone: '222' })
    it.system('a').edit('x1', { phone: '111' })
    await it.mark('a', 'x0')
    await it.mark('a', 'x1')
    await it.advance(4_000)
    expect(String(b.body(first)?.phone)).toContain('-')
    held = false
    await it.edit('b', first, { phone: '555' })
    await it.advance(600_000)
    // Both sides gave the field a value meanwhile: the policy decides, and what lost is kept.
    expect(phonesOf(it, 'b', [first, second])).toEqual(['222', '111'])
    const [conflict] = (await it.store.admin.conflicts({ limit: 5 })).rows
    expect(JSON.stringify(conflict)).toContain('555')
  })
})
