/**
 * Pairs the elements of a list to be written with those that a system holds, so that unmapped properties stay
 * with their element.
 *
 * With a declared key, equal keys are one element and different keys never are. Without one, in this order:
 * equal content; texts and references that are unique within both lists, where all of them are equal; then,
 * between the elements paired so far, the greatest similarity, and the same position.
 */

/**
 * One element in the form used for pairing. Values are texts (canonical JSON); parts without a value are left
 * out.
 */
export interface ElementView {
  /** The whole element. */
  readonly content: string
  readonly parts: ReadonlyMap<string, string>
  /** Its declared key; undefined where none is declared, or a part of it has no value. */
  readonly key?: string
}

/**
 * Maximum number of comparisons of two lists; beyond it, unrecognised elements are paired by position alone.
 */
const comparisonsMax = 250_000

export interface PairingRules {
  /**
   * Parts that can identify elements: texts and references. Numbers and flags are equal by chance too often.
   */
  readonly naming: ReadonlySet<string>
  /** False for sets: the position of an element is meaningless. */
  readonly ordered: boolean
}

/**
 * Returns, for each element to be written, the position of the existing one that it is paired with; undefined
 * for a new element.
 */
export function pairElements(
  held: readonly ElementView[],
  wanted: readonly ElementView[],
  { naming, ordered }: PairingRules,
): readonly (number | undefined)[] {
  const pairing = new Pairing(held, wanted)
  pairing.byKey()
  pairing.byUnique(({ content }) => content)
  const telling = [...naming].filter((name) => distinguishesAll(held, name) && distinguishesAll(wanted, name))
  if (telling.length > 0)
    pairing.byUnique(({ parts }) => JSON.stringify(telling.map((name) => parts.get(name))))
  pairing.byAlignment(ordered)
  return pairing.result
}

/** True when every element has a value there, and no two have the same. */
function distinguishesAll(views: readonly ElementView[], name: string): boolean {
  const values = new Set(views.map(({ parts }) => parts.get(name)))
  return values.size === views.length && !values.has(undefined)
}

/** Position of an element between paired neighbours: the existing position of the one before it. */
const beginning = -1

class Pairing {
  readonly #held: readonly ElementView[]
  readonly #wanted: readonly ElementView[]
  readonly #partner: (number | undefined)[]
  readonly #taken = new Set<number>()

  constructor(held: readonly ElementView[], wanted: readonly ElementView[]) {
    this.#held = held
    this.#wanted = wanted
    this.#partner = wanted.map(() => undefined)
  }

  get result(): readonly (number | undefined)[] {
    return this.#partner
  }

  /**
   * Pairs equal keys, in order where a key occurs more than once; equal content takes precedence among those.
   */
  byKey(): void {
    const groups = groupBy(this.#heldLeft(true), (index) => this.#held[index]?.key)
    for (const [key, wanted] of groupBy(this.#wantedLeft(true), (index) => this.#wanted[index]?.key)) {
      const held = groups.get(key) ?? []
      for (const index of wanted) {
        const content = this.#wanted[index]?.content
        const same = held.find((at) => !this.#taken.has(at) && this.#held[at]?.content === content)
        if (same !== undefined) this.#pair(index, same)
      }
      const rest = held.filter((at) => !this.#taken.has(at))
      const open = wanted.filter((index) => this.#partner[index] === undefined)
      for (const [order, index] of open.entries()) {
        const at = rest[order]
        if (at !== undefined) this.#pair(index, at)
      }
    }
  }

  /** Pairs elements that share a value which no other remaining element has, wherever they are. */
  byUnique(tell: (view: ElementView) => string | undefined): void {
    const valueIn = (views: readonly ElementView[], index: number): string | undefined => {
      const view = views[index]
      return view === undefined ? undefined : tell(view)
    }
    const held = groupBy(this.#heldLeft(false), (index) => valueIn(this.#held, index))
    const wanted = groupBy(this.#wantedLeft(false), (index) => valueIn(this.#wanted, index))
    for (const [value, [index, ...more]] of wanted) {
      const [at, ...others] = held.get(value) ?? []
      if (index === undefined || at === undefined || more.length + others.length > 0) continue
      this.#pair(index, at)
    }
  }

  /**
   * Pairs the rest in order: the cheapest way to turn one list into the other by edits, insertions and
   * removals.
   */
  byAlignment(ordered: boolean): void {
    const held = this.#heldLeft(false)
    const wanted = this.#wantedLeft(false)
    if (held.length === 0 || wanted.length === 0) return
    const places = this.#places()
    const costOf = (index: number, at: number): number => {
      const [before, after] = [this.#held[at], this.#wanted[index]]
      if (before === undefined || after === undefined) return apart
      return cost(before, after, ordered && places.held(at) === places.wanted(index))
    }
    if (held.length * wanted.length > comparisonsMax) {
      if (ordered) this.#inPlace(held, wanted, places)
    } else for (const [index, at] of align(wanted, held, costOf)) this.#pair(index, at)
  }

  #inPlace(held: readonly number[], wanted: readonly number[], places: Places): void {
    const byPlace = groupBy(held, (at) => String(places.held(at)))
    for (const index of wanted) {
      const at = byPlace.get(String(places.wanted(index)))?.shift()
      if (at !== undefined) this.#pair(index, at)
    }
  }

  #places(): Places {
    const held: number[] = []
    let last = beginning
    for (const index of this.#held.keys()) {
      held.push(last)
      if (this.#taken.has(index)) last = index
    }
    const wanted: number[] = []
    last = beginning
    for (const partner of this.#partner) {
      wanted.push(last)
      if (partner !== undefined) last = partner
    }
    return { held: (index) => held[index] ?? beginning, wanted: (index) => wanted[index] ?? beginning }
  }

  #pair(index: number, at: number): void {
    this.#partner[index] = at
    this.#taken.add(at)
  }

  #heldLeft(keyed: boolean): readonly number[] {
    return left(this.#held, keyed, (index) => this.#taken.has(index))
  }

  #wantedLeft(keyed: boolean): readonly number[] {
    return left(this.#wanted, keyed, (index) => this.#partner[index] !== undefined)
  }
}

/** The existing neighbour after which an element is placed, on either side. */
interface Places {
  readonly held: (index: number) => number
  readonly wanted: (index: number) => number
}

function left(
  views: readonly ElementView[],
  keyed: boolean,
  isPaired: (index: number) => boolean,
): readonly number[] {
  return [...views.keys()].filter((index) => !isPaired(index) && (views[index]?.key !== undefined) === keyed)
}

function groupBy(
  indexes: readonly number[],
  tell: (index: number) => string | undefined,
): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  for (const index of indexes) {
    const value = tell(index)
    if (value === undefined) continue
    const group = groups.get(value)
    if (group === undefined) groups.set(value, [index])
    else group.push(index)
  }
  return groups
}

/** Cost of one insertion or removal. A pair that costs as much as both is not paired. */
const step = 1
const apart = 2 * step

/**
 * Cost of pairing two elements: zero for equal ones, less than a removal and an insertion where they are
 * similar or in the same position.
 */
function cost(before: ElementView, after: ElementView, samePlace: boolean): number {
  if (before.content === after.content) return 0
  const likeness = likenessOf(before, after)
  if (samePlace) return 1.5 - likeness
  return likeness > 0.5 ? 1.75 - likeness : apart
}

/** The share of their parts that are equal. */
function likenessOf(before: ElementView, after: ElementView): number {
  const names = new Set([...before.parts.keys(), ...after.parts.keys()])
  if (names.size === 0) return 0
  let equal = 0
  for (const name of names) if (before.parts.get(name) === after.parts.get(name)) equal += 1
  return equal / names.size
}

/** The cheapest pairs of two sequences that preserve the order of both. */
function align(
  wanted: readonly number[],
  held: readonly number[],
  costOf: (index: number, at: number) => number,
): readonly (readonly [number, number])[] {
  const width = held.length + 1
  const total = new Float64Array((wanted.length + 1) * width)
  const pairCost = (row: number, column: number): number =>
    costOf(wanted[row - 1] ?? 0, held[column - 1] ?? 0)
  for (let column = 0; column < width; column += 1) total[column] = column * step
  for (let row = 1; row <= wanted.length; row += 1) {
    total[row * width] = row * step
    for (let column = 1; column < width; column += 1) {
      const here = row * width + column
      const pair = pairCost(row, column)
      const paired = pair >= apart ? Number.POSITIVE_INFINITY : at(total, here - width - 1) + pair
      total[here] = Math.min(paired, at(total, here - width) + step, at(total, here - 1) + step)
    }
  }
  const pairs: (readonly [number, number])[] = []
  let [row, column] = [wanted.length, held.length]
  while (row > 0 && column > 0) {
    const here = row * width + column
    // With equal costs the earlier elements are paired, since lists grow at their end.
    if (at(total, here) === at(total, here - width) + step) row -= 1
    else if (at(total, here) === at(total, here - 1) + step) column -= 1
    else {
      row -= 1
      column -= 1
      pairs.push([wanted[row] ?? 0, held[column] ?? 0])
    }
  }
  return pairs.reverse()
}

function at(numbers: Float64Array, index: number): number {
  return numbers[index] ?? 0
}
