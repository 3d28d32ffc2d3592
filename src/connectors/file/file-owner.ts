/** The context of all operations on one resource, and the reporting of their failures. */
import { IsthmusError, isIsthmusError } from '../../model/errors.ts'
import type { CallFailure } from '../kit/contract.ts'
import { callFailure } from '../kit/outcome.ts'
import type { FileConfig, FileResourceConfig } from './config.ts'
import type { Dialect } from './dialect.ts'
import type { Folder } from './folder.ts'

/** One resource of one bound folder. */
export interface FileOwner {
  readonly resource: string
  readonly config: FileResourceConfig
  readonly system: Pick<FileConfig, 'pageSize' | 'rowBytesMax' | 'recordsMax'>
  readonly folder: Folder
  readonly dialect: Dialect
  readonly clock: { now(): number; monotonic(): number }
}

/** Converts a failure. Codes of the file system are sufficient; its messages contain paths of the machine. */
export function fileFailure(problem: unknown, doing: string): CallFailure {
  if (isIsthmusError(problem)) {
    const concernsAll = problem.code === 'FILE_FOLDER_MISSING' || problem.code === 'FILE_NOT_READY'
    return { ...callFailure(problem), scope: concernsAll ? 'system' : 'record' }
  }
  return { code: 'FILE_FAILED', message: `${doing}: ${systemCode(problem)}.`, scope: 'system' }
}

/** The failure as an error, for listings. */
export function fileError(problem: unknown, doing: string): IsthmusError {
  if (isIsthmusError(problem)) return problem
  return new IsthmusError('FILE_FAILED', `${doing}: ${systemCode(problem)}.`, { cause: problem })
}

function systemCode(problem: unknown): string {
  const code = problem instanceof Error && 'code' in problem ? problem.code : undefined
  return typeof code === 'string' && /^[A-Z_0-9]{3,40}$/.test(code) ? code : 'an unexpected failure'
}
