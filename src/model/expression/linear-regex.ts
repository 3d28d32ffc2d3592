import { RE2JS } from 're2js'
import { type Budget, expressionLimits, limitReached } from './budget.ts'

/** A pattern whose matching time is linear in the length of the text, whatever the pattern. */
export interface LinearPattern {
  readonly compiled: RE2JS
}

/**
 * Compiles a regular expression of a definition for an automaton without backtracking, so that no record can
 * make it run for hours. Back references and look-around, which need backtracking, don't compile.
 *
 * @returns undefined when the pattern needs them
 */
export function compileLinear(pattern: RegExp): LinearPattern | undefined {
  const flags = (pattern.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (pattern.multiline ? RE2JS.MULTILINE : 0)
  try {
    return { compiled: RE2JS.compile(RE2JS.translateRegExp(pattern.source), flags) }
  } catch {
    // The library names only its own syntax; the caller reports what is not supported.
    return undefined
  }
}

/**
 * The interface that JSONata requires of a regular expression: `exec` from `lastIndex` on, as a global one.
 */
export function makeRegexEngine(
  patternOf: (pattern: RegExp) => LinearPattern,
  budget: Budget,
): new (
  pattern: RegExp,
) => Pick<RegExp, 'lastIndex' | 'exec'> {
  return class {
    lastIndex = 0
    readonly #pattern: LinearPattern

    constructor(pattern: RegExp) {
      this.#pattern = patternOf(pattern)
    }

    exec(text: string): RegExpExecArray | null {
      if (text.length > expressionLimits.regexInputMax) {
        throw limitReached(`a search in a text of more than ${expressionLimits.regexInputMax} characters`)
      }
      const from = this.lastIndex
      budget.spend(1 + ((text.length - from) >>> 6))
      const matcher = this.#pattern.compiled.matcher(text)
      if (from > text.length || !matcher.find(from)) {
        this.lastIndex = 0
        return null
      }
      this.lastIndex = matcher.end()
      const groups = Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1))
      return toExecArray(
        [matcher.group() ?? '', ...groups.map((group) => group ?? undefined)],
        matcher.start(),
        text,
      )
    }
  }
}

function toExecArray(groups: readonly (string | undefined)[], index: number, input: string): RegExpExecArray {
  // A group that did not participate is `undefined` in a native match too, although its type is text.
  return Object.assign(groups.slice() as [string, ...string[]], { index, input })
}
