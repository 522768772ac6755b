const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
}

/** What a shell's status says: 128 + n after signal n. NaN: lost with the shim, which only SIGKILL ends. */
export function exitOf(status: number): { exitCode?: number; signal?: string } {
  if (Number.isNaN(status)) return { signal: 'SIGKILL' }
  const signal = status > 128 ? SIGNALS[status - 128] : undefined
  return signal === undefined ? { exitCode: status } : { exitCode: status, signal }
}
