import jsonata from 'jsonata'
import type { NativePath } from '../lens/spec.ts'

/** Whether a write expression makes an object of native properties, which needs no path of its own. */
export function makesObject(source: string): boolean {
  const tree: unknown = jsonata(source).ast()
  return isNode(tree) && tree.type === 'unary' && tree.value === '{'
}

/** The names at the top of the input that an expression looks at. */
export function rootNamesOf(source: string): string[] {
  const paths = new Map<string, NativePath>()
  collectPaths(jsonata(source).ast(), paths)
  return [...new Set([...paths.values()].map(([name]) => String(name)))]
}

/** The one native path a read expression looks at; undefined when it looks at none or at several. */
export function onlyPathOf(source: string): NativePath | undefined {
  const paths = new Map<string, NativePath>()
  collectPaths(jsonata(source).ast(), paths)
  const [path] = paths.values()
  return paths.size === 1 ? path : undefined
}

interface SyntaxNode {
  readonly type: string
  readonly value?: unknown
  readonly steps?: readonly SyntaxNode[]
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function collectPaths(node: unknown, paths: Map<string, NativePath>): void {
  if (Array.isArray(node)) {
    for (const inner of node) collectPaths(inner, paths)
    return
  }
  if (typeof node !== 'object' || node === null) return
  if (isNode(node) && node.type === 'path' && node.steps?.[0]?.type === 'name') {
    const names = leadingNames(node.steps)
    paths.set(names.join('\0'), names)
    return
  }
  for (const inner of Object.values(node)) collectPaths(inner, paths)
}

function leadingNames(steps: readonly SyntaxNode[]): string[] {
  const end = steps.findIndex((step) => step.type !== 'name')
  return steps.slice(0, end === -1 ? steps.length : end).map((step) => String(step.value))
}
