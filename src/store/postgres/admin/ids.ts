const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** User input need not be an id; querying the database with it would cause an error instead of "unknown". */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}
