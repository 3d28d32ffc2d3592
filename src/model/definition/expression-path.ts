import jsonata from 'jsonata'
import type { NativePath } from '../lens/spec.ts'

/** True when a write expression returns an object of native properties, which needs no path of its own. */
export function makesObject(source: string): boolean {
  const tree: unknown = jsonata(source).ast()
  return isNode(tree) && tree.type === 'unary' && tree.value === '{'
}

/** The top-level names of the input that an expression reads. */
export function rootNamesOf(source: string): string[] {
  const paths = new Map<string, NativePath>()
  collectPaths(jsonata(source).ast(), paths)
  return [...new Set([...paths.values()].map(([name]) => String(name)))]
}

/** The one native path that a read expression uses; undefined when it uses none or several. */
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
