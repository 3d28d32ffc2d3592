import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../model/error-codes.ts'
import { createEventLog, levelOf } from './log-events.ts'

function capture(level: 'debug' | 'info' | 'silent') {
  const lines: string[] = []
  return { lines, log: createEventLog(level, { write: (line) => lines.push(line) }) }
}

const settled = {
  type: 'WriteSettled',
  recordId: 'r1',
  entity: 'customer',
  system: 'erp',
  operation: 'update',
  intentId: 'i1',
  outcome: 'ok',
  latencyMs: 12,
} as const

describe('createEventLog', () => {
  test('writes nothing for everyday work at info', () => {
    const { lines, log } = capture('info')
    log(settled)
    expect(lines).toEqual([])
  })

  test('writes a constant message with the facts as fields', () => {
    const { lines, log } = capture('debug')
    log(settled)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'write settled',
      event: 'WriteSettled',
      recordId: 'r1',
      latencyMs: 12,
    })
  })

  test('writes nothing at all when silent', () => {
    const { lines, log } = capture('silent')
    log({ type: 'StoreFailed', operation: 'claim', code: 'STORE_UNAVAILABLE' })
    expect(lines).toEqual([])
  })

  test('warns of a full run that proves nothing about what is missing', () => {
    const run = {
      type: 'RunFinished',
      runId: 'x',
      system: 'crm',
      entity: 'customer',
      seen: 1,
      created: 0,
      changed: 0,
      missing: 0,
    } as const
    expect([levelOf({ ...run, complete: true }), levelOf({ ...run, complete: false })]).toEqual([
      'debug',
      'warn',
    ])
    // Known beforehand, and said by `check` and `status`: no news in any run.
    expect(levelOf({ ...run, complete: false, reasonCode: 'offset-paging' })).toBe('debug')
  })

  test('warns once that a poll fails, with its words, again when the reason changes, and tells when it is over', () => {
    const { lines, log } = capture('info')
    const place = { system: 'crm', entity: 'customer' }
    const network: ErrorCode = 'HTTP_NETWORK'
    const late: ErrorCode = 'HTTP_TIMEOUT'
    const failed = (code: ErrorCode) =>
      ({ type: 'PollFailed', ...place, code, message: `said ${code}` }) as const
    for (const code of [network, network, network, late, late]) log(failed(code))
    log({ type: 'PollFinished', ...place, changed: 0 })
    log({ type: 'PollFinished', ...place, changed: 0 })
    log(failed(network))
    const reported = lines.map((line) => JSON.parse(line))
    expect(reported.map(({ level, event, message }) => [level, event, message])).toEqual([
      [40, 'PollFailed', 'said HTTP_NETWORK'],
      [40, 'PollFailed', 'said HTTP_TIMEOUT'],
      [30, 'PollFinished', undefined],
      [40, 'PollFailed', 'said HTTP_NETWORK'],
    ])
  })

  test('warns once of a failure of a record, for as long as it lasts', () => {
    const { lines, log } = capture('info')
    const lane = { recordId: 'r1', system: 'erp' }
    const kept = {
      type: 'FailureKept',
      ...lane,
      entity: 'customer',
      operation: 'update',
      code: 'HTTP_STATUS_FINAL',
    } as const
    for (let n = 0; n < 3; n += 1) log({ ...kept, type: 'FailureKept', message: 'it said no' })
    log({ type: 'FailureCleared', ...lane })
    log({ type: 'FailureCleared', ...lane })
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['FailureKept', 'FailureCleared'])
  })

  test('tells a mass change once, and once more after a change of that kind has gone through', () => {
    const { lines, log } = capture('info')
    const place = { system: 'erp', entity: 'customer', operation: 'update' }
    const held = (n: number) => ({ type: 'ChangeHeld', ...place, recordId: `r${n}`, kind: 'guard' }) as const
    for (let n = 0; n < 8_613; n += 1) log(held(n))
    expect(lines).toHaveLength(1)
    log({
      type: 'WriteSettled',
      ...place,
      recordId: 'r1',
      intentId: 'i1',
      outcome: 'ok',
      latencyMs: 1,
    })
    log(held(1))
    log(held(2))
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['ChangeHeld', 'WriteSettled', 'ChangeHeld'])
    // Holds of another kind are about one record each.
    for (const recordId of ['r1', 'r2'])
      log({ type: 'ChangeHeld', system: 'erp', entity: 'customer', recordId, kind: 'update-delete' })
    expect(lines).toHaveLength(5)
  })

  test('remembers a bounded number of subjects', () => {
    const { lines, log } = capture('info')
    const failed = (n: number) =>
      ({ type: 'PollFailed', system: `s${n}`, entity: 'e', code: 'HTTP_NETWORK', message: 'no' }) as const
    for (let n = 0; n <= 10_000; n += 1) log(failed(n))
    log(failed(10_000))
    log(failed(0))
    expect(lines).toHaveLength(10_002)
  })
})
