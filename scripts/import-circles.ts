/** Circles of imports: between files, and between folders. */
import path from 'node:path'

/** What imports what, by path. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/** Returns one circle for each place where a walk comes back to where it was: its first item is repeated at the end. */
export function circlesOf(graph: ImportGraph): readonly (readonly string[])[] {
  const circles: string[][] = []
  const finished = new Set<string>()
  const walk = (item: string, trail: readonly string[]): void => {
    if (finished.has(item)) return
    const at = trail.indexOf(item)
    if (at >= 0) {
      circles.push([...trail.slice(at), item])
      return
    }
    for (const next of graph.get(item) ?? []) walk(next, [...trail, item])
    finished.add(item)
  }
  for (const item of graph.keys()) walk(item, [])
  return circles
}

/**
 * The circles that the folders below `root` form. Each folder is looked at from inside: a folder in it counts as one item with everything in it, and so does each of
 * its own files. A file of a folder is therefore above or below the folders beside it, never both.
 */
export function folderCircles(root: string, files: ImportGraph): readonly string[] {
  const folders = new Set<string>()
  for (const file of files.keys())
    for (let folder = path.dirname(file); folder.startsWith(root); folder = path.dirname(folder))
      folders.add(folder)
  return [...folders].sort().flatMap((folder) => circlesIn(folder, root, files))
}

function circlesIn(folder: string, root: string, files: ImportGraph): readonly string[] {
  const graph = new Map<string, string[]>()
  const examples = new Map<string, string>()
  for (const [file, imports] of files) {
    const from = itemOf(folder, file)
    if (from === undefined) continue
    const targets = graph.get(from) ?? []
    graph.set(from, targets)
    for (const target of imports) {
      const to = itemOf(folder, target)
      if (to === undefined || to === from || targets.includes(to)) continue
      targets.push(to)
      examples.set(`${from} ${to}`, `${path.relative(root, file)} imports ${path.relative(root, target)}`)
    }
  }
  return circlesOf(graph)
    .filter((circle) => circle.some((item) => item.endsWith('/')))
    .map((circle) => {
      const why = circle.slice(1).map((to, index) => examples.get(`${circle[index]} ${to}`))
      const where = path.relative(root, folder) || 'the source folder'
      return `${where}: its folders import each other in a circle, ${circle.join(' → ')} (${why.join('; ')}); move what both sides need below both`
    })
}

/** A file of the folder, or the folder directly in it that has the file, with a slash at its end. */
function itemOf(folder: string, file: string): string | undefined {
  const relative = path.relative(folder, file)
  if (relative.startsWith('..')) return undefined
  const [first = '', ...rest] = relative.split(path.sep)
  return rest.length === 0 ? first : `${first}/`
}
