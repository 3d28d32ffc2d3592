/**
 * Which element of a list is which: pairs the elements that are to be written with those that a system holds, so that what nobody mapped
 * stays with its element.
 *
 * With a declared key, equal keys are one element and different keys never are. Without one, in this order: equal content; texts and references
 * that tell every element of both lists from the others, where all of them are equal; then, between the neighbours that were recognised so,
 * what is most alike, and the same place.
 */

/** One element as pairing sees it. Values are texts (canonical JSON); parts without a value are left out. */
export interface ElementView {
  /** The whole element. */
  readonly content: string
  readonly parts: ReadonlyMap<string, string>
  /** Its declared key; undefined where none is declared, or a part of it has no value. */
  readonly key?: string
}

/** Comparisons of one list with another; beyond it, elements that nothing recognised are paired by place alone. */
const comparisonsMax = 250_000

export interface PairingRules {
  /** Parts that can tell elements apart: texts and references. Numbers and flags are equal by chance too often. */
  readonly naming: ReadonlySet<string>
  /** False for sets: the place of an element says nothing. */
  readonly ordered: boolean
}

/** For each element to be written, the position of the held one that it is; undefined for a new element. */
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

/** Every element has a value there, and no two have the same. */
function distinguishesAll(views: readonly ElementView[], name: string): boolean {
  const values = new Set(views.map(({ parts }) => parts.get(name)))
  return values.size === views.length && !values.has(undefined)
}

/** Where an element stands between recognised neighbours: the held position of the one before it. */
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

  /** Equal keys, in their order where a key is there more than once; equal content goes first among those. */
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

  /** Pairs elements that share a value which no other of those that are left has, wherever they stand. */
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

  /** Pairs the rest in their order: the cheapest way to make one list of the other by edits, insertions and removals. */
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

/** The held neighbour after which an element stands, on either side. */
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

/** One insertion or one removal. A pair that costs as much as both is no pair. */
const step = 1
const apart = 2 * step

/** What it takes to see two elements as one: nothing for equal ones, less than a removal and an insertion where they are alike or in place. */
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

/** The cheapest pairs of two sequences that keep the order of both. */
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
    // Where it makes no difference the earlier elements are paired: lists grow at their end.
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
