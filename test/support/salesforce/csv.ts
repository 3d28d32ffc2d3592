/** A CSV reader for uploads, independent of the product's own. */

/** Rows of cells; empty lines are left out. */
export function parse(text: string): readonly (readonly string[])[] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  const endRow = (): void => {
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      at += 1
      for (;;) {
        const close = text.indexOf('"', at)
        if (close === -1) throw new Error('a quote is never closed')
        cell += text.slice(at, close)
        at = close + 1
        if (text[at] !== '"') break
        cell += '"'
        at += 1
      }
    } else {
      const end = text.slice(at).search(/[,\r\n]/)
      cell = end === -1 ? text.slice(at) : text.slice(at, at + end)
      at += cell.length
    }
    row.push(cell)
    if (text[at] === ',') {
      at += 1
      if (at === text.length) row.push('')
      continue
    }
    if (text[at] === '\r') at += 1
    if (text[at] === '\n') at += 1
    endRow()
  }
  if (row.length > 0) endRow()
  return rows
}
