import { describe, expect, test } from 'vitest'
import { ago, createOutput, table } from './output.ts'

function sink(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, columns: 40, write: (text: string) => written.push(text), written }
}

describe('createOutput', () => {
  test('prints one JSON value and no talk with --json', () => {
    const out = sink(false)
    const output = createOutput({ json: true, out, err: sink(false), noColour: false, monotonic: () => 0 })
    output.say('hello')
    output.result({ a: 1 }, () => 'drawn')
    expect(out.written.join('')).toBe('{"a":1}\n')
  })

  test('redraws progress in place on a terminal and clears it before a result', () => {
    const err = sink(true)
    const output = createOutput({ json: false, out: sink(true), err, noColour: true, monotonic: () => 0 })
    output.progress('x'.repeat(100))
    output.result(1, () => 'done')
    expect(err.written[0]).toHaveLength(39 + '\r\u001b[2K'.length)
    expect(err.written.at(-1)).toBe('\r\u001b[2K')
  })

  test('prints progress as plain lines, seconds apart, where there is no terminal', () => {
    const err = sink(false)
    let now = 0
    const output = createOutput({ json: false, out: sink(false), err, noColour: true, monotonic: () => now })
    for (; now < 11_000; now += 100) output.progress(`at ${now}`)
    expect(err.written).toEqual(['at 0\n', 'at 5000\n', 'at 10000\n'])
  })

  test('uses colour on a terminal only, and never with NO_COLOR', () => {
    const colourful = createOutput({
      json: false,
      out: sink(true),
      err: sink(true),
      noColour: false,
      monotonic: () => 0,
    })
    const plain = createOutput({
      json: false,
      out: sink(true),
      err: sink(true),
      noColour: true,
      monotonic: () => 0,
    })
    expect(colourful.style.bold('x')).not.toBe('x')
    expect(plain.style.bold('x')).toBe('x')
  })
})

describe('table', () => {
  const columns = [
    { title: 'name', value: (row: { name: string; count: number }) => row.name, widthMax: 8 },
    {
      title: 'count',
      value: (row: { name: string; count: number }) => String(row.count),
      align: 'right' as const,
    },
  ]

  test('aligns numbers to the right and cuts what is too long', () => {
    expect(
      table(
        [
          { name: 'a very long name', count: 7 },
          { name: 'b', count: 1000 },
        ],
        columns,
        'none',
      ),
    ).toBe(['name      count', 'a very …      7', 'b          1000'].join('\n'))
  })

  test('keeps control characters of data away from the terminal', () => {
    expect(table([{ name: 'x\u001b[31m\ny', count: 1 }], columns, 'none')).not.toContain('\u001b')
  })

  test('says so when there is nothing', () => {
    expect(table([], columns, 'no rows')).toBe('no rows')
  })
})

describe('ago', () => {
  test('speaks in the largest unit that tells something', () => {
    const now = 10_000_000_000
    expect([1, 100, 7200, 200_000].map((seconds) => ago(now - seconds * 1000, now))).toEqual([
      '1 s ago',
      '2 min ago',
      '2 h ago',
      '2 d ago',
    ])
  })
})
