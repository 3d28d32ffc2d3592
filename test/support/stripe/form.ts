/** Parameters as Stripe reads them: names with brackets become objects and lists, all values are texts. */

/** A parsed parameter. */
export type Param = string | readonly Param[] | Params
export interface Params {
  readonly [name: string]: Param
}

interface Node {
  value?: string
  readonly parts: Map<string, Node>
}

/** Parses a query or a form body. `a[]=1&a[]=2` and `a[0]=1&a[1]=2` are the same list. */
export function parseParams(text: string): Params {
  const root: Node = { parts: new Map() }
  for (const [name, value] of new URLSearchParams(text)) {
    let node = root
    for (const step of stepsOf(name)) {
      const key = step === '' ? String(node.parts.size) : step
      const next = node.parts.get(key) ?? { parts: new Map() }
      node.parts.set(key, next)
      node = next
    }
    node.value = value
  }
  return partsOf(root)
}

function stepsOf(name: string): readonly string[] {
  const bracket = name.indexOf('[')
  if (bracket < 0) return [name]
  const rest = [...name.slice(bracket).matchAll(/\[([^\]]*)\]/g)].map(([, step = '']) => step)
  return [name.slice(0, bracket), ...rest]
}

function partsOf({ parts }: Node): Params {
  return Object.fromEntries([...parts].map(([key, node]) => [key, paramOf(node)]))
}

function paramOf(node: Node): Param {
  if (node.parts.size === 0) return node.value ?? ''
  const keys = [...node.parts.keys()]
  return keys.every((key, index) => key === String(index))
    ? [...node.parts.values()].map(paramOf)
    : partsOf(node)
}

export function isParams(value: Param | undefined): value is Params {
  return typeof value === 'object' && !Array.isArray(value)
}
