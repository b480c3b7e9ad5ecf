import { SdctlError, type ErrorCode } from '../../errors.js';

const CODES: Readonly<
  Record<string, { readonly code: ErrorCode; readonly why: string; readonly hint: string }>
> = {
  EACCES: {
    code: 'E_FORBIDDEN',
    why: 'permission denied',
    hint: 'check who owns the directory, or choose another one with --dir',
  },
  EPERM: {
    code: 'E_FORBIDDEN',
    why: 'operation not permitted',
    hint: 'check who owns the directory, or choose another one with --dir',
  },
  EROFS: {
    code: 'E_FORBIDDEN',
    why: 'the file system is read-only',
    hint: 'choose a writable directory with --dir',
  },
  ENOSPC: {
    code: 'E_NO_SPACE',
    why: 'no space left on the device',
    hint: 'free some space, or choose another directory with --dir',
  },
  EDQUOT: {
    code: 'E_NO_SPACE',
    why: 'the disk quota is used up',
    hint: 'free some space, or choose another directory with --dir',
  },
  ENOTDIR: {
    code: 'E_FILE',
    why: 'a part of the path is a file, not a directory',
    hint: 'choose another directory with --dir',
  },
  EEXIST: {
    code: 'E_FILE',
    why: 'a part of the path is a file, not a directory',
    hint: 'choose another directory with --dir',
  },
  EISDIR: {
    code: 'E_FILE',
    why: 'a directory is in the place of a file',
    hint: 'choose another directory with --dir',
  },
  ELOOP: { code: 'E_FILE', why: 'too many symbolic links', hint: 'choose another directory with --dir' },
  ENAMETOOLONG: { code: 'E_FILE', why: 'the path is too long', hint: 'choose another directory with --dir' },
  EMFILE: { code: 'E_FAILED', why: 'too many open files', hint: 'raise the limit: ulimit -n 4096' },
  ENFILE: {
    code: 'E_FAILED',
    why: 'too many open files on this machine',
    hint: 'close some programs and try again',
  },
};

/** The error code of a failed call to the file system, else null. */
export function fileErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Whether the failure only says that nothing is there. */
export function isMissing(error: unknown): boolean {
  return fileErrorCode(error) === 'ENOENT';
}

/** Whether the failure says that the disk, or one's share of it, is full. */
export function isNoSpace(error: unknown): boolean {
  const code = fileErrorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The reason of a failed call to the file system in plain words. */
export function fileErrorReason(error: unknown): string {
  const code = fileErrorCode(error);
  if (code === null) return String(error);
  return CODES[code]?.why ?? (code === 'ENOENT' ? 'no such file or directory' : code);
}

/**
 * A failure of the file system as the operator sees it.
 *
 * @param action what was tried, as in `cannot read`
 * @returns `error` itself when it is an SdctlError already
 */
export function toFileError(error: unknown, action: string, path: string): unknown {
  if (error instanceof SdctlError) return error;
  const code = fileErrorCode(error);
  if (code === null) return error;
  const known = CODES[code];
  return new SdctlError(known?.code ?? 'E_FAILED', `${action} the registry directory ${path}`, {
    why: fileErrorReason(error),
    cause: error,
    details: { directory: path, cause: code },
    ...(known === undefined ? {} : { hint: known.hint }),
  });
}
