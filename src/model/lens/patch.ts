import { exactDigits } from '../canonical/exact-number.ts'
import { limits } from '../canonical/limits.ts'
import { isPlainObject } from '../canonical/object.ts'
import { refuse, type ValueProblem } from '../canonical/value-result.ts'
import type { NativeRecord } from '../values.ts'
import type { NestedPatch } from './contract.ts'
import { formatPath, nativeAt } from './native-path.ts'
import type { NativePath } from './spec.ts'

type Container = { [key: string]: unknown } | unknown[]

/**
 * A native patch being built: the set values, plus the properties that a system which replaces whole objects
 * would otherwise lose.
 *
 * Objects have no prototype, so that any name is a plain property.
 */
export class Patch {
  readonly #root: { [key: string]: unknown } = Object.create(null)
  readonly #base: NativeRecord | undefined
  readonly #nested: NestedPatch

  constructor(base: NativeRecord | undefined, nested: NestedPatch) {
    this.#base = base
    this.#nested = nested
  }

  /**
   * A patch that begins as a copy of an object: named properties are changed in the copy, and all others
   * stay.
   */
  static over(base: NativeRecord | undefined): Patch {
    const patch = new Patch(base, 'replace')
    for (const [name, value] of Object.entries(base ?? {})) patch.#root[name] = cloneNative(value, 0)
    return patch
  }

  get result(): NativeRecord {
    return this.#root
  }

  /** Returns the base record's value at a path. */
  baseAt(path: NativePath): unknown {
    return nativeAt(this.#base, path)
  }

  /** True when the base record has a value at the path that would stay there if the path were left out. */
  hasBase(path: NativePath): boolean {
    const value = this.baseAt(path)
    return value !== undefined && value !== null
  }

  /**
   * Sets one value. Objects are set part by part, so that their unmapped properties stay; one without parts
   * is set where there is no value yet.
   *
   * @returns a problem when the path leads through a list element that does not exist
   */
  set(path: NativePath, value: unknown): ValueProblem | undefined {
    if (isPlainObject(value) && path.length < limits.depthMax) {
      if (Object.keys(value).length === 0 && !this.hasBase(path))
        return this.#place(path, Object.create(null))
      for (const [name, part] of Object.entries(value)) {
        const problem = this.set([...path, name], part)
        if (problem !== undefined) return problem
      }
      return undefined
    }
    return this.#place(path, value)
  }

  #place(path: NativePath, value: unknown): ValueProblem | undefined {
    let target: Container = this.#root
    for (const [index, step] of path.entries()) {
      if (Array.isArray(target) && (typeof step !== 'number' || step > target.length)) {
        return refuse('MAPPING_FAILED', `${formatPath(path)} leads to a list element that is not there`)
          .problem
      }
      if (index === path.length - 1) {
        Reflect.set(target, step, value)
        return undefined
      }
      target = this.#descend(target, path.slice(0, index + 1), typeof path[index + 1] === 'number')
    }
    return undefined
  }

  /** Returns the container at a path, created or completed from the base where it is not in the patch yet. */
  #descend(parent: Container, path: NativePath, wantsList: boolean): Container {
    const step = path.at(-1) ?? ''
    const present: unknown = Object.hasOwn(parent, step) ? Reflect.get(parent, step) : undefined
    if (isContainer(present)) return present
    const made = this.#begin(nativeAt(this.#base, path), wantsList)
    Reflect.set(parent, step, made)
    return made
  }

  /** A list is always sent as a whole; an object is, where the system replaces objects. */
  #begin(base: unknown, wantsList: boolean): Container {
    if (wantsList) return Array.isArray(base) ? base.map((element) => cloneNative(element, 0)) : []
    const made: { [key: string]: unknown } = Object.create(null)
    if (this.#nested === 'merge' || !isPlainObject(base)) return made
    for (const [name, value] of Object.entries(base)) made[name] = cloneNative(value, 0)
    return made
  }
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && exactDigits(value) === undefined
}

/** A copy that shares only immutable numbers with the base. */
function cloneNative(value: unknown, depth: number): unknown {
  if (depth >= limits.depthMax) return value
  if (Array.isArray(value)) return value.map((element) => cloneNative(element, depth + 1))
  if (!isPlainObject(value)) return value
  const copy: { [key: string]: unknown } = Object.create(null)
  for (const [name, part] of Object.entries(value)) copy[name] = cloneNative(part, depth + 1)
  return copy
}
