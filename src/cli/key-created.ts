/** Returns what a person has to know when a first start creates the master key of the embedded database. */
export function keyCreatedText(file: string): string {
  return `Created the master key ${file}. Keep a copy of it apart from backups of the data: without it nobody can read them.`
}
