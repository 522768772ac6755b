const KEY = 'fairway.loaded-again'
const PAUSE_MS = 10_000

/** Whether a part of the application itself could not be loaded: the network changed, or the server has a newer one. */
export const isLoadFailure = (error: unknown): boolean =>
  error instanceof Error &&
  /dynamically imported module|importing a module script|preload CSS/i.test(error.message)

/** Loads the page again, which mostly mends that. False: it was tried a moment ago, in vain. */
export function loadAgainOnce(): boolean {
  const last = Number(sessionStorage.getItem(KEY) ?? 0)
  if (Date.now() - last < PAUSE_MS) return false
  sessionStorage.setItem(KEY, String(Date.now()))
  window.location.reload()
  return true
}
