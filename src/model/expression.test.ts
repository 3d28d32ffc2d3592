import fc from 'fast-check'
import { LosslessNumber } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import { toExpressionNative } from './canonical/expression-value.ts'
import { expressionLimits } from './expression/budget.ts'
import { compileExpression } from './expression.ts'

async function failure(source: string, input: Record<string, unknown> = {}): Promise<string> {
  try {
    await compileExpression(source).evaluate(input)
    return 'no failure'
  } catch (error) {
    return error instanceof Error && 'code' in error
      ? `${String(error.code)}: ${error.message}`
      : String(error)
  }
}

describe('what expressions can do', () => {
  test.each<[string, Record<string, unknown>, unknown]>([
    ["$split(Tags__c, ';')", { Tags__c: 'b;a' }, ['b', 'a']],
    ["$join(tags, ';')", { tags: ['a', 'b'] }, 'a;b'],
    ['name & " " & $uppercase(city)', { name: 'Ann', city: 'Bern' }, 'Ann BERN'],
    ['$replace(a, /(\\w+) (\\w+)/, "$2 $1")', { a: 'ann lee' }, 'lee ann'],
    ['$match(a, /(\\w)(\\d)?/)[0].groups', { a: 'ab1' }, ['a', undefined]],
    ['$contains(a, /^Z/i)', { a: 'zed' }, true],
    ['$split(a, /;\\s*/)', { a: 'x; y;z' }, ['x', 'y', 'z']],
    ['$pad("é", -3, "*")', {}, '**é'],
    ['$toMillis("2020-01-01T00:00:00+01:00")', {}, 1577833200000],
    [
      '{"Name": name, "Address": {"City": city}}',
      { name: 'Ann', city: 'Bern' },
      { Name: 'Ann', Address: { City: 'Bern' } },
    ],
    ['missing.deeper', {}, undefined],
  ])('%s', async (source, input, expected) => {
    expect(await compileExpression(source).evaluate(input)).toEqual(expected)
  })

  test('calculates with numbers that are exact and keeps the others as text', async () => {
    const native = toExpressionNative({
      a: new LosslessNumber('0.10'),
      id: new LosslessNumber('9007199254740993'),
    })
    expect(native).toEqual({ a: 0.1, id: '9007199254740993' })
    expect(await failure('id + 1', { id: '9007199254740993' })).toMatch(/^EXPRESSION_FAILED: the left side/)
  })
})

describe('what expressions cannot do', () => {
  test.each([
    ['$now()', /EXPRESSION_INVALID: \$now is not allowed: it reads the clock \(at character 4\)/],
    ['$map([1..3], $random)', /\$random is not allowed/],
    ['($f := $millis; $f())', /\$millis is not allowed/],
    ['a ~> $eval', /\$eval is not allowed/],
    ['$shuffle([1,2])', /\$shuffle is not allowed/],
    ['a[$contains(b, $now())]', /\$now is not allowed/],
    ['{"x": $millis()}', /\$millis is not allowed/],
    ['a ~> |b|{"x": $random()}|', /\$random is not allowed/],
    ['function($x){ $now() }(1)', /\$now is not allowed/],
    ['$toMillis("10:00", "[H01]:[m01]")', /takes no picture/],
    ['/(?=a)/', /EXPRESSION_INVALID: the pattern .* backtracking/],
    ['$match(a, /(a)\\1/)', /backtracking/],
    ['a +', /EXPRESSION_INVALID: .*\(at character 3\)/],
    ['"open', /EXPRESSION_INVALID/],
  ])('%s is refused when compiled', (source, message) => {
    expect(() => compileExpression(source)).toThrow(expect.objectContaining({ code: 'EXPRESSION_INVALID' }))
    const compile = async (): Promise<void> => void compileExpression(source)
    return expect(compile()).rejects.toSatisfy((error: Error) =>
      message.test(`EXPRESSION_INVALID: ${error.message}`),
    )
  })

  test('refuses a source that is too long', () => {
    expect(() => compileExpression('a'.repeat(expressionLimits.sourceMax + 1))).toThrow(/longer than/)
  })

  test.each([
    ['endless recursion', '($f := function($x){ $f($x) }; $f(1))'],
    ['deep recursion', '($f := function($x){ 1 + $f($x) }; $f(1))'],
    ['a doubling text', '$reduce([1..60], function($s, $i){ $s & $s }, "aaaa")'],
    ['a huge padding', '$pad("x", 1000000000)'],
    ['many large texts at once', '$map([1..9000], function($i){ $pad("", 1000000) })'],
    ['a long range', '[1..9999999]'],
    ['nested loops', '$map([1..1000], function($i){ $map([1..1000], function($j){ $i * $j }) })'],
  ])('%s ends at a limit', async (_, source) => {
    expect(await failure(source)).toMatch(/^EXPRESSION_LIMIT/)
  })

  test('stops after the same step every time', async () => {
    const source = '$sum($map([1..4000], function($i){ $i + 1 }))'
    const results = await Promise.all([1, 2, 3].map(() => failure(source)))
    expect(new Set(results).size).toBe(1)
    const longer = source.replace('4000', '9999').replace('$i + 1', '$i + 1 + 1 + 1 + 1')
    expect(await Promise.all([failure(longer), failure(longer)])).toEqual([
      expect.stringMatching(/^EXPRESSION_LIMIT/),
      expect.stringMatching(/^EXPRESSION_LIMIT/),
    ])
  })

  test('runs a pattern designed to be slow in time linear in the text', async () => {
    const source = '$contains(a, /^(a+)+$/)'
    expect(await compileExpression(source).evaluate({ a: `${'a'.repeat(50_000)}!` })).toBe(false)
    expect(await failure(source, { a: 'a'.repeat(expressionLimits.regexInputMax + 1) })).toMatch(
      /^EXPRESSION_LIMIT/,
    )
  })

  test('reaches no prototype', async () => {
    const input = JSON.parse('{"a":{},"__proto__":{"x":1}}') as Record<string, unknown>
    for (const source of ['a.constructor', 'a.__proto__', 'a.toString', '$lookup(a, "hasOwnProperty")']) {
      expect(await compileExpression(source).evaluate(input)).toBeUndefined()
    }
    await compileExpression('{"__proto__": {"polluted": true}}').evaluate(input)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('returns data only', async () => {
    expect(await failure('$uppercase')).toMatch(/^EXPRESSION_FAILED: the expression returned/)
    expect(await failure('{"f": function($x){$x}}')).toMatch(/^EXPRESSION_FAILED/)
  })

  test('never quotes the record in its errors', async () => {
    for (const source of [
      '$number(a)',
      'a + 1',
      '$error(a)',
      '$assert(false, a)',
      'a < 5',
      '$toMillis(a)',
      'a()',
    ]) {
      const message = await failure(source, { a: 'topsecret' })
      expect(message).toMatch(/^EXPRESSION_/)
      expect(message).not.toContain('topsecret')
    }
  })

  test('handles every text with an expression or an error', () => {
    const soup = fc.array(
      fc.constantFrom(
        '$now',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        'a',
        '.',
        '"x"',
        '/a+/',
        '~>',
        '|',
        ':=',
        '$f',
        '?',
        ':',
        '%',
        '@$i',
        '^',
        '1',
        '..',
      ),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          soup.map((parts) => parts.join('')),
        ),
        (source) => {
          try {
            expect(compileExpression(source).source).toBe(source)
          } catch (error) {
            expect(error).toMatchObject({ code: 'EXPRESSION_INVALID' })
          }
        },
      ),
      { numRuns: 3000 },
    )
  })
})
