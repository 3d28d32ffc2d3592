import { describe, expect, test } from 'vitest'
import { readYaml } from './read-yaml.ts'

describe('reading YAML', () => {
  test('accepts references to secrets without quotes, even inside braces, and preserves columns', () => {
    const { value, findings, locate } = readYaml(`auth: { id: \${env:ID}, key: \${file:a/b.key}, last: 1 }\n`)
    expect(findings).toEqual([])
    expect(value).toEqual({ auth: { id: `\${env:ID}`, key: `\${file:a/b.key}`, last: 1 } })
    expect(locate(['auth', 'last'], 'key')).toEqual({ line: 1, column: 46 })
  })

  test('finds keys, values, list items and the nearest parent of a missing one', () => {
    const { locate } = readYaml('a:\n  b:\n    - x\n    - c: 1\n')
    expect(locate(['a', 'b'], 'key')).toEqual({ line: 2, column: 3 })
    expect(locate(['a', 'b', 1, 'c'], 'value')).toEqual({ line: 4, column: 10 })
    expect(locate(['a', 'b', 1, 'gone', 'deeper'], 'value')).toEqual({ line: 4, column: 7 })
    expect(locate([], 'value')).toEqual({ line: 1, column: 1 })
  })

  test('resolves anchors', () => {
    const { value, locate } = readYaml('one: &one { deep: 1 }\ntwo: *one\n')
    expect(value).toEqual({ one: { deep: 1 }, two: { deep: 1 } })
    expect(locate(['two', 'deep'], 'key')).toEqual({ line: 1, column: 13 })
  })

  test('refuses aliases that multiply exponentially', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 0; level < 8; level += 1) {
      const [name, inner] = [String.fromCharCode(98 + level), String.fromCharCode(97 + level)]
      bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${inner}`).join(', ')}]`)
    }
    const { value, findings } = readYaml(bomb.join('\n'))
    expect(value).toBeUndefined()
    expect(findings).toHaveLength(1)
  })

  test('refuses a text beyond its limit', () => {
    expect(readYaml('a'.repeat(2_000_001)).findings).toHaveLength(1)
  })
})
