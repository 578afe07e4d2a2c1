/** Errors that say themselves what is wrong and what to do next. */
const SAYS_IT_ALL = new Set(['UsageError', 'InputError', 'ConfigError', 'LaunchError', 'BackupError']);

const FOLDER_CODES = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/** One clear message for the person at the terminal, with the next step; never a stack trace. */
export const problemText = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (/another process is writing/.test(error.message)) {
    return `${error.message}. Stop the other instance, or choose another folder with --data DIR.`;
  }
  if (SAYS_IT_ALL.has(error.name)) return error.message;
  if (error.name === 'PolicyFileError') return `the policy file is not valid.\n${error.message}`;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'ERR_UNKNOWN_BUILTIN_MODULE') {
    return `this needs a newer Node than ${process.version}. Run it with npm or npx, which use the project’s own.`;
  }
  if (code === 'EADDRINUSE') {
    return `${address ?? ''}:${port ?? ''} is in use. Stop what uses it, or choose another port with --port N.`;
  }
  if (code === 'EACCES' && port !== undefined)
    return `port ${port} may not be opened here. Choose one above 1023 with --port N.`;
  if (code !== undefined && FOLDER_CODES.has(code))
    return `${error.message}. Choose a folder you may write to with --data DIR.`;
  return error.message;
};
