import { UserError } from '../core/errors.ts';

/** Failures of the file system that the user can mend. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the limit allows',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'a part of the path is no folder',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EIO: 'the disk reports an error',
};

/**
 * What to throw for an error of a file operation: a `UserError` in one line (`can't write runs/a/config.json: no space
 * left on the disk (ENOSPC)`), or the error itself where it is nothing of the file system's.
 */
export function fileError(error: unknown, action: 'read' | 'write' | 'delete', file: string): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  return Object.hasOwn(REASONS, code) ? new UserError(`can't ${action} ${file}: ${REASONS[code]} (${code})`) : error;
}
