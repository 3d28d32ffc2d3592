/** Creates the cache that a client's options specify. */

import { assertWithin } from './bounds.ts'
import { cacheKeyOf, partitionOf } from './cache/cache-key.ts'
import { MemoryCacheStore } from './cache/memory-cache-store.ts'
import type { ApiClientOptions, CacheOptions } from './options.ts'
import type { CacheParts } from './policies/cache.ts'

/** Undefined when the cache is disabled. */
export function cacheFrom({ cache, auth }: ApiClientOptions): CacheParts | undefined {
  if (cache === undefined || cache === false) return undefined
  const { store, partition, impersonalHeaders, heuristic = 0 }: CacheOptions = cache === true ? {} : cache
  assertWithin('cache.heuristic', heuristic, 0, 1)
  const keyOf = cacheKeyOf(partitionOf(auth, partition), impersonalHeaders)
  return { store: store ?? new MemoryCacheStore(), keyOf, heuristic }
}
