import { IsthmusError } from '../errors.ts'

/**
 * Bounds of one evaluation. Work is counted, not timed: the same expression on the same record fails or
 * passes on every machine, whatever its load.
 */
export const expressionLimits = Object.freeze({
  /** Characters of the source. */
  sourceMax: 10_000,
  /** Evaluated nodes, plus one for every 512 characters of text made or searched. */
  stepsMax: 50_000,
  depthMax: 100,
  /** Elements of one list. */
  elementsMax: 10_000,
  /** Characters of one text, and of all texts of the result together. */
  textMax: 1_048_576,
  /** Characters that a regular expression is run on. */
  regexInputMax: 100_000,
})

/** Counts the work of one evaluation. */
export class Budget {
  #steps = 0

  /** @throws EXPRESSION_LIMIT when the evaluation has exceeded its budget */
  spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > expressionLimits.stepsMax) {
      throw limitReached(`more than ${expressionLimits.stepsMax} steps`)
    }
  }

  /** Charges for a text, so that repeatedly doubling one ends early. */
  spendText(length: number): void {
    if (length > expressionLimits.textMax) {
      throw limitReached(`a text of more than ${expressionLimits.textMax} characters`)
    }
    if (length >= 512) this.spend(length >>> 9)
  }
}

export function limitReached(what: string): IsthmusError {
  return new IsthmusError('EXPRESSION_LIMIT', `the expression made ${what}`)
}
