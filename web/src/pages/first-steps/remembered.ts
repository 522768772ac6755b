import { useSyncExternalStore } from 'react'

/** Why the first steps are not shown in this browser any more. */
type End = 'dismissed' | 'released'

const KEY = 'fairway.first-steps'
const listeners = new Set<() => void>()

const isOver = (): boolean => localStorage.getItem(KEY) !== null

/** Ends the first steps in this browser. */
export function endFirstSteps(end: End): void {
  if (isOver()) return
  localStorage.setItem(KEY, end)
  for (const listener of listeners) listener()
}

/** Whether they were put away, or a release was seen to have succeeded. */
export const useFirstStepsAreOver = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, isOver)
