/**
 * Compares the CSV reader with csv-parse, the most common one for Node: both return the same rows for any
 * text, or both refuse it. Of a quote within an unquoted cell, csv-parse has to be told that it is a
 * character; it then also takes text after a closing quote, which is refused here.
 */
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCsvRows, toCsv } from './csv.ts'

async function ours(text: string): Promise<readonly (readonly string[])[] | 'refused'> {
  const rows: (readonly string[])[] = []
  try {
    for await (const row of readCsvRows([Buffer.from(text)])) rows.push(row)
  } catch {
    return 'refused'
  }
  return rows
}

function theirs(text: string, relaxed = false): readonly (readonly string[])[] | 'refused' {
  try {
    return parse(text, {
      bom: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: relaxed,
      skip_empty_lines: true,
    })
  } catch {
    return 'refused'
  }
}

const cell = fc.string({
  unit: fc.constantFrom('a', 'é', '🚲', ' ', ',', ';', '"', '\n', '\r'),
  maxLength: 6,
})

test('what is written, csv-parse reads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
      async (rows) => {
        const chunks: Uint8Array[] = []
        for await (const chunk of toCsv(rows)) chunks.push(chunk)
        expect(theirs(Buffer.concat(chunks).toString('utf8'))).toEqual(rows)
      },
    ),
  )
})

test('of any text, both read the same rows or refuse it', async () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'é', ' ', ',', '"', '"', '\n', '\r\n', '\r'),
    maxLength: 16,
  })
  await fc.assert(
    fc.asyncProperty(text, async (written) => {
      const read = await ours(written)
      const strictly = theirs(written)
      if (read !== 'refused' && strictly === 'refused') expect(read).toEqual(theirs(written, true))
      else expect(read).toEqual(strictly)
    }),
    { numRuns: 2_000 },
  )
})
