import { describe, expect, it } from 'vitest'
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
  it('writes nothing for everyday work at info', () => {
    const { lines, log } = capture('info')
    log(settled)
    expect(lines).toEqual([])
  })

  it('writes a constant message with the facts as fields', () => {
    const { lines, log } = capture('debug')
    log(settled)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'write settled',
      event: 'WriteSettled',
      recordId: 'r1',
      latencyMs: 12,
    })
  })

  it('writes nothing at all when silent', () => {
    const { lines, log } = capture('silent')
    log({ type: 'StoreFailed', operation: 'claim', code: 'STORE_UNAVAILABLE' })
    expect(lines).toEqual([])
  })

  it('warns of a full run that proves nothing about what is missing', () => {
    const run = { type: 'RunFinished', runId: 'x', seen: 1, created: 0, changed: 0, missing: 0 } as const
    expect([levelOf({ ...run, complete: true }), levelOf({ ...run, complete: false })]).toEqual([
      'debug',
      'warn',
    ])
  })
})
