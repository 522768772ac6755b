import { useState } from 'react'

const KEPT = 200

/** A value with its past and future. A change after an undo ends the future. */
export function useHistory<T>(initial: T) {
  const [{ past, present, future }, set] = useState({ past: [] as T[], present: initial, future: [] as T[] })
  return {
    value: present,
    canUndo: past.length > 0,
    canRedo: future.length > 0,
    change: (next: T) => set({ past: [...past, present].slice(-KEPT), present: next, future: [] }),
    undo: () => {
      const before = past.at(-1)
      if (before !== undefined)
        set({ past: past.slice(0, -1), present: before, future: [present, ...future] })
    },
    redo: () => {
      const [next, ...rest] = future
      if (next !== undefined) set({ past: [...past, present], present: next, future: rest })
    },
    restart: (value: T) => set({ past: [], present: value, future: [] }),
  }
}
