const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What people type need not be an id; asking the database with it would be an error instead of "unknown". */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}
